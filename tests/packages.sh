#!/usr/bin/env bash
# packages.sh FOLDER: what the Debian packages in FOLDER promise, on a clean Debian 12 in a folder of its own.
#   the names, the SONAME and the versions that they ask for follow docs/packages.md; lintian finds no error
#   they install by apt; programs, demo, Python and a stranger's project, by CMake and by pkg-config, work for a plain user
#   purged again, they leave nothing
# Needs root and debootstrap. FOLDER/root.tar keeps the clean system, FOLDER/archives what the packages depend on.
set -euo pipefail
folder=$(cd "$1" && pwd)
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
fail() { echo "packages: $*" >&2; exit 1; }
say() { echo "packages: $* (${SECONDS} s)"; }
[ "$(id -u)" -eq 0 ] || fail "a clean root needs the rights of root; run ./dev package --test as root"
for tool in debootstrap lintian readelf qemu-x86_64; do command -v $tool >/dev/null || fail "$tool is missing"; done

debs=("$folder"/*.deb)
packages=()
for deb in "${debs[@]}"; do packages+=("$(dpkg-deb -f "$deb" Package)"); done
version=$(dpkg-deb -f "${debs[0]}" Version)
abi=${version%.*} # the SONAME has major and minor version before 1.0, then the major alone
[ "${version%%.*}" -eq 0 ] || abi=${version%%.*}
[ "$(printf '%s\n' "${packages[@]}" | sort | paste -sd ' ')" = "fovea libfovea-dev libfovea$abi python3-fovea" ] ||
  fail "packages are ${packages[*]}"

# What is in them.
inside=$(mktemp -d "$folder/inside.XXXXXX")
root=$(mktemp -d "$folder/root.XXXXXX")
trap 'rm -rf "$inside" "$root"' EXIT
for deb in "${debs[@]}"; do
  package=$(dpkg-deb -f "$deb" Package)
  [ "$(dpkg-deb -f "$deb" Version)" = "$version" ] || fail "$package has another version"
  dpkg-deb -x "$deb" "$inside/$package"
  ! (cd "$inside/$package" && find . -mindepth 1 -maxdepth 1 ! -name usr | grep .) || fail "$package has files outside of usr"
  for file in copyright changelog.gz; do
    [ -s "$inside/$package/usr/share/doc/$package/$file" ] || fail "$package has no $file"
  done
  [ "$package" = "libfovea$abi" ] || dpkg-deb -f "$deb" Depends | grep -qF "libfovea$abi (= $version)" ||
    fail "$package does not ask for its own version of the library: $(dpkg-deb -f "$deb" Depends)"
done
library=$(find "$inside" -name "libfovea.so.$version")
dynamic() { readelf -d "$1" | sed -n "s/.*($2).*\[\(.*\)\]/\1/p"; }
[ "$(dynamic "$library" SONAME)" = "libfovea.so.$abi" ] || fail "the SONAME is $(dynamic "$library" SONAME), not libfovea.so.$abi"
while read -r file; do
  [ -z "$(dynamic "$file" 'R[A-Z]*PATH')" ] || fail "$file has a path of its own to libraries"
  case $file in */tools/fovea_report | *_fovea*.so | */libexec/fovea/copy)
    dynamic "$file" NEEDED | grep -qx "libfovea.so.$abi" || fail "$file does not use the shared library" ;;
  esac
done < <(find "$inside" -type f \( -name '*.so*' -o -path '*/libexec/fovea/*' \) -exec sh -c 'readelf -h "$1" >/dev/null 2>&1' _ {} \; -print)
grep -q '%zmm' <(objdump -d --no-show-raw-insn "$library") || fail "the library has no kernels for AVX-512"
exported=$(nm -D --defined-only "$library")
[[ $exported != *.avx2* && $exported != *fovea_kernel* ]] || fail "the library shows what chooses among its kernels"
say "names, SONAME and contents are right"
lintian --fail-on error --suppress-tags bad-distribution-in-changes-file "${debs[@]}" >"$folder/lintian.txt" 2>&1 || { cat "$folder/lintian.txt"; fail "lintian"; }
say "lintian finds no error, $(grep -c '^W:' "$folder/lintian.txt" || :) warnings (lintian.txt)"

# A clean Debian 12 with what a stranger has who compiles. It is made once.
inside_root() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
  ${http_proxy+http_proxy="$http_proxy"} "$@"; }
quietly() { "$@" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "$* failed"; }; }
if [ ! -f "$folder/root.tar" ]; then
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 || :)
  quietly debootstrap --variant=minbase bookworm "$root" "${mirror:-http://deb.debian.org/debian}"
  cp -L /etc/resolv.conf "$root/etc/"
  for file in /etc/apt/apt.conf.d/*; do
    grep -qi '^ *Acquire' "$file" && cp "$file" "$root/etc/apt/apt.conf.d/"
  done || :
  quietly inside_root apt-get update
  quietly inside_root apt-get install -y --no-install-recommends g++ cmake make pkg-config
  inside_root useradd --uid 1000 --create-home --home-dir /student student
  tar -C "$root" -cf "$folder/root.tar.part" --one-file-system .
  mv "$folder/root.tar.part" "$folder/root.tar"
  say "made a clean root, $(du -h "$folder/root.tar" | cut -f 1)"
else
  tar -C "$root" -xf "$folder/root.tar"
fi
chmod 755 "$root"

listing() { # what there is, but for the books of apt and dpkg
  (cd "$root" && find . -mindepth 1 \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./student -o -path ./var/lib/apt -o -path ./var/lib/dpkg \
    -o -path ./var/cache/apt -o -path ./var/cache/debconf -o -path ./var/log \) -prune -o -print | LC_ALL=C sort)
}
listing >"$inside/before"
mkdir "$root/packages"
cp "${debs[@]}" "$root/packages/"
mkdir -p "$folder/archives"
cp "$folder"/archives/*.deb "$root/var/cache/apt/archives/" 2>/dev/null || :
apt_install() { # PACKAGE...
  local files=() package
  for package in "$@"; do files+=("/packages/$(cd "$root/packages" && echo "${package}"_*.deb)"); done
  quietly inside_root apt-get -o APT::Keep-Downloaded-Packages=true install -y --no-install-recommends "${files[@]}"
  cp "$root"/var/cache/apt/archives/*.deb "$folder/archives/" 2>/dev/null || :
}
apt_install fovea "libfovea$abi"
[ ! -e "$root/usr/include/fovea" ] || fail "programs bring headers"
say "installed the programs"

# As a plain user, in a folder of theirs.
user() { chroot --userspec=1000:1000 "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/student LC_ALL=C.UTF-8 sh -c "cd /student && $1"; }
works() { user "$1" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "$1 failed"; }; }
[ "$(user "fovea --list")" = "$(cd "$sources/examples" && printf '%s\n' */main.cpp | sed 's,/.*,,')" ] || fail "fovea --list: $(user "fovea --list")"
for program in $(user "fovea --list"); do works "fovea $program --help"; done
code=0
user "fovea cpoy" >/dev/null 2>"$folder/log" || code=$?
[ $code -eq 2 ] && grep -q "did you mean copy?" "$folder/log" || fail "fovea cpoy ended with $code"
works "fovea copy --steps 50 --quiet --test-size 20 --out run"
rm "$root/student/run/report.html"
works "fovea report run"
[ -s "$root/student/run/report.html" ] || fail "no page of a run"
# On a CPU that knows no AVX, and on one without AVX-512.
for cpu in Nehalem Haswell; do
  qemu-x86_64 -cpu $cpu -L "$root" "$root/usr/libexec/fovea/copy" --steps 3 --quiet --test-size 2 --test-lengths 5 --threads 1 \
    --out "$folder/$cpu" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "copy does not run on a $cpu"; }
  rm -rf "${folder:?}/$cpu"
done
works "fovea sweep reverse --seeds 1-2 --length 4 --steps 5 --test-size 20"
works "fovea data --list"
works "fovea demo --quiet"
for file in report.html summary.json best.safetensors heads.png; do
  [ -s "$root/student/runs/demo/$file" ] || fail "the demo leaves no $file"
done
say "programs and the demo work"

apt_install python3-fovea
[ -n "$(find "$root/usr/lib/python3/dist-packages/fovea" -name '*.pyc')" ] || fail "Python's files are not compiled"
cat >"$root/student/gradient.py" <<'PYTHON'
import importlib.metadata
import numpy
import fovea
assert fovea.__version__ == importlib.metadata.version("fovea")
x = fovea.from_numpy(numpy.full(3, 2.0)).requires_grad_()
x.tanh().sum().backward()
assert abs(x.grad.numpy()[0] - (1 - numpy.tanh(2.0) ** 2)) < 1e-12
model = fovea.TransformerLanguageModel(20, embed_dim=16, heads=2, feed_forward=32, layers=1)
fovea.cross_entropy(model(fovea.randint((2, 5), 0, 20)), fovea.randint((2, 5), 0, 20)).backward()
try:
    fovea.ones((2, 3)) @ fovea.ones((2, 3))
except fovea.ShapeError as error:
    print(error)
else:
    raise SystemExit("no ShapeError")
PYTHON
works "python3 gradient.py"
say "Python works"

apt_install libfovea-dev
cp -r "$sources/tests/consumer" "$root/student/consumer"
chown -R 1000:1000 "$root/student/consumer"
works "cmake -S consumer -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build -j $(nproc) && build/consumer"
works "build/train runs/70 70 && build/train runs/30 30 && build/train runs/30 70 && cmp runs/70/last.safetensors runs/30/last.safetensors"
# shellcheck disable=SC2016
works 'g++ -std=c++20 -O1 consumer/main.cpp -o by-pkg-config $(pkg-config --cflags --libs fovea) && ./by-pkg-config'
[ "$(user "pkg-config --modversion fovea")" = "$version" ] || fail "pkg-config has another version"
say "projects build and run"

# Away again, those first that need others.
owned=()
for package in libfovea-dev python3-fovea fovea "libfovea$abi"; do
  mapfile -t owned < <(inside_root dpkg -L "$package")
  quietly inside_root apt-get purge -y "$package"
  for file in "${owned[@]}"; do
    [ -d "$root$file" ] || [ ! -e "$root$file" ] || fail "$package leaves $file"
  done
done
quietly inside_root apt-get autoremove --purge -y
rm -r "$root/packages"
listing >"$inside/after"
! LC_ALL=C comm -13 "$inside/before" "$inside/after" | grep . || fail "these files are left"
! LC_ALL=C comm -23 "$inside/before" "$inside/after" | grep . || fail "these files are gone that were there before"
! grep -l fovea -r "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/status" "$root/etc" || fail "these still know fovea"
say "purged, and nothing is left"
echo "packages: all promises kept"
