#!/usr/bin/env python3
"""What a step costs in Python beside the same step in C++ (bench/, same rows): python/bench/step.py [--rounds N].

Both run in turn, on one thread; the ratio is that of the least times. Exit code 1 where a bound is missed.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import fovea

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.path.join(ROOT, "build/release/bench/fovea_bench")


def small_graph():
    x, w, b = (fovea.randn((16,), requires_grad=True) for _ in range(3))
    upstream = fovea.randn((16,))

    def step():
        x.grad = w.grad = b.grad = None
        y = x
        for _ in range(25):
            y = (y * w + b).tanh().sigmoid()
        y.backward(upstream)

    return step


def ntm_copy(batch):
    bits, length = 8, 20
    model = fovea.NeuralTuringMachine(bits + 1, bits)
    target = fovea.bernoulli(fovea.full((batch, length, bits), 0.5))
    x = fovea.zeros((batch, 2 * length + 1, bits + 1))
    x[:, :length, :bits] = target
    x[:, length, bits] = 1
    optimizer = fovea.RMSprop(model, lr=1e-4, alpha=0.95, momentum=0.9)

    def step():
        optimizer.zero_grad()
        with fovea.shared_weights():
            fovea.binary_cross_entropy_with_logits(model(x, length), target).backward()
        optimizer.step()

    return step


ROWS = {"small_graph_100ops_fwdbwd": (small_graph, 1.5), "ntm_copy_B1_L20": (lambda: ntm_copy(1), 1.05),
        "ntm_copy_B16_L20": (lambda: ntm_copy(16), 1.05)}


def least(step, seconds=0.3):
    """The least mean of several batches of runs, in milliseconds."""
    step()
    began = time.perf_counter()
    step()
    each = time.perf_counter() - began
    runs, means = max(1, int(0.02 / each)), []
    while sum(means) * runs < seconds:
        began = time.perf_counter()
        for _ in range(runs):
            step()
        means.append((time.perf_counter() - began) / runs)
    return min(means) * 1e3


def in_cpp(name, seconds=0.3):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run([BENCH, "--filter", f"^{name}$", "--threads", "1", "--seconds", str(seconds), "--json", out.name],
                       check=True, stdout=subprocess.DEVNULL)
        with open(out.name) as file:
            rows = json.load(file)
    return rows["rows"][name]["min_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    fovea.set_num_threads(1)
    missed = 0
    print(f"{'step':<30}{'Python ms':>11}{'C++ ms':>11}{'ratio':>8}{'bound':>7}")
    for name, (make, bound) in ROWS.items():
        step = make()
        python, cpp = zip(*((least(step), in_cpp(name)) for _ in range(rounds)))
        ratio = min(python) / min(cpp)
        missed += ratio > bound
        print(f"{name:<30}{min(python):>11.4g}{min(cpp):>11.4g}{ratio:>8.3f}{bound:>7}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
