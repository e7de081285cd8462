# What building and testing fovea needs, on Debian 12; the source is mounted: docker run -v "$PWD":/fovea fovea ./dev demo
FROM debian:12
COPY dev /setup/dev
COPY docs/systems.md /setup/docs/systems.md
RUN bash /setup/dev setup && apt-get install -y --no-install-recommends python3 git && rm -rf /var/lib/apt/lists/*
WORKDIR /fovea
CMD ["./dev", "test"]
