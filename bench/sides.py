"""The programs that compare.py measures: fovea_bench and its peers."""
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, "build", "compare", "venv", "bin", "python")
FOLDER = os.path.join(ROOT, "bench", "peers")
PYTORCH = os.path.join(FOLDER, "pytorch", "main.py")

# Name: what the Python must have, the program and its flags. With a virtual environment of ./dev compare its packages
# are taken, otherwise those of this Python or Debian's; torch-system passes over the environment.
PEERS = {
    "torch": ("torch", [PYTORCH]),
    "torch-compile": ("torch", [PYTORCH, "--compile"]),
    "torch-system": ("torch", [PYTORCH]),
    "jax": ("jax", [os.path.join(FOLDER, "jax", "main.py")]),
    "onednn": (None, [os.path.join(ROOT, "build", "release", "bench", "fovea_bench_onednn")]),
}
MISSING = {
    "torch": "pip install torch, or ./dev setup --all (Debian: python3-torch)",
    "torch-compile": "pip install torch; version 2 or later",
    "torch-system": "./dev setup --all (Debian: python3-torch)",
    "jax": "pip install jax",
    "onednn": "Debian's libdnnl-dev, then build fovea_bench_onednn; ./dev compare does it",
}


def has(python, module):
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    try:
        return subprocess.run([python, "-c", code], stderr=subprocess.DEVNULL, cwd="/").returncode == 0
    except OSError:
        return False


def python_with(module, venv=True):
    """The first Python that has the module, else Debian's."""
    for python in [VENV] * venv + [sys.executable]:
        if has(python, module):
            return python
    return "/usr/bin/python3"


def peer_command(peer):
    """How to start a peer: one of PEERS by its name, or a program's path, by a Python with PyTorch if it needs one."""
    if peer in PEERS:
        module, command = PEERS[peer]
        return ([python_with(module, peer != "torch-system")] if module else []) + command
    path = os.path.abspath(peer)
    return [python_with("torch", False), path] if path.endswith(".py") else [path]


def run(command, environment):
    """The JSON that a side writes."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        done = subprocess.run(command + ["--json", file.name], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"compare: {' '.join(command)} failed:\n{done.stdout}")
        with open(file.name) as results:
            return json.load(results)


def names(command, environment):
    """The workloads of a program, in its order; none where it or what it needs is not installed."""
    try:
        done = subprocess.run(command + ["--list"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True)
    except OSError:
        return []
    return [line.split(":")[0].strip() for line in done.stdout.splitlines() if line.strip() and done.returncode == 0]


@contextlib.contextmanager
def running(command, environment):
    """The command runs until the end of the block, which begins when it has printed a line."""
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            if not process.stdout.readline():
                sys.exit(f"compare: {' '.join(command)} ended before it began")
            yield
        finally:
            process.kill()


BUSY = [sys.executable, "-c", "print(flush=True)\nwhile True: pass"]


class Side:
    """A program, its workloads that were chosen, their medians of each round, what it says about itself, and why rows
    are left out."""

    def __init__(self, name, command, environment):
        self.name, self.command, self.environment = name, command, environment
        self.names = names(command, environment)
        self.chosen, self.medians, self.about, self.left_out = [], {}, {}, {}

    def at(self, names, threads, seconds):
        """How to run these workloads."""
        pattern = "^(" + "|".join(names) + ")$"
        return self.command + ["--filter", pattern, "--threads", str(threads), "--seconds", str(seconds)]

    def run(self, threads, seconds, beside):
        for names in [[name] for name in self.chosen] if beside else [self.chosen]:
            other = self.at(names, threads, 1e6) if beside == "itself" else BUSY
            with running(other, {**self.environment, "PEER_SECOND_COPY": "1"}) if beside else contextlib.nullcontext():
                results = run(self.at(names, threads, seconds), self.environment)
            self.about = results.get("about", {})
            self.left_out.update(results.get("left_out", {}))
            for name, row in results["rows"].items():
                self.medians.setdefault(name, []).append(row["median_ms"])
        self.chosen = [name for name in self.chosen if name not in self.left_out]

    def median(self, name):
        return statistics.median(self.medians[name])
