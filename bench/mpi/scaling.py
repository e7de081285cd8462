#!/usr/bin/env python3
"""scaling.py --out DIR [--repeats N]: strong and weak scaling from one rank to two, and the bits of 1, 2 and 4 ranks.
scaling.py --out DIR --costs: what fovea_bench_mpi says, in one machine and across network namespaces (root).

Milliseconds a step are (t(S + n) - t(S)) / n of seconds.txt, so that loading and the first step do not count; of each
pair of numbers of ranks the runs alternate, and medians are told. One thread a rank. Writes DIR/summary.json.
"""
import argparse
import filecmp
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("FOVEA_BUILD", os.path.join(ROOT, "build", "release"))
QUIET = ["--quiet", "--no-record", "--save-every", "1000"]
TRANSLATE = ["translate", "--model", "transformer", "--limit", "20000", "--validation-size", "1", "--test-size", "1"]
COPY = ["copy", "--test-lengths", "1", "--test-size", "1"]


def train(ranks, words, steps, out):
    program = os.path.join(BUILD, "examples", words[0])
    mpirun = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)] if ranks else []
    subprocess.run(mpirun + [program] + words[1:] + QUIET + ["--steps", str(steps), "--out", out], check=True, cwd=ROOT,
                   env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def milliseconds(ranks, words, first, more):
    seconds = []
    for steps in (first, first + more):
        with tempfile.TemporaryDirectory() as folder:
            train(ranks, words + ["--validate-every", "1000000"], steps, folder + "/run")
            with open(folder + "/run/seconds.txt", encoding="utf-8") as file:
                seconds.append(float(file.read()))
    return (seconds[1] - seconds[0]) / more * 1000


def scaling(words, batch, steps, repeats):
    def of(rows, parts):
        return words + ["--batch", str(rows), "--micro-batches", str(parts)]
    cases = {"one": (1, of(batch, 2)), "two": (2, of(batch, 2)), "whole": (0, of(batch, 1)), "twice": (2, of(2 * batch, 2))}
    taken = {name: [] for name in cases}
    for _ in range(repeats):
        for name, (ranks, flags) in cases.items():
            taken[name].append(milliseconds(ranks, flags, steps // 3, steps))
    found = {name: statistics.median(values) for name, values in taken.items()}
    return {**found, "strong": found["one"] / found["two"], "weak": 2 * found["whole"] / found["twice"]}


def unlike_files(words, steps, folder):
    """How many files of runs of `steps` steps on 2 and on 4 ranks are not those of one process."""
    for ranks in (0, 2, 4):
        train(ranks, words + ["--batch", "16", "--micro-batches", "4", "--validate-every", "100"], steps, f"{folder}/{ranks}")
    files = ("last.safetensors", "best.safetensors", "metrics.csv")
    found = sum(not filecmp.cmp(f"{folder}/0/{file}", f"{folder}/{n}/{file}", False) for n in (2, 4) for file in files)
    shutil.rmtree(folder)
    return found


def costs(command):
    """Latency, bandwidth and steps as fovea_bench_mpi prints them."""
    told = subprocess.run(command + [os.path.join(BUILD, "bench", "fovea_bench_mpi")], check=True, cwd=ROOT, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE).stdout
    print(told, flush=True)
    swaps = {int(size): (float(us), float(rate)) for size, us, rate in
             re.findall(r"swap of +(\d+) bytes +([\d.]+) us +([\d.]+) MB/s", told)}
    steps = {rows: {"alone": float(alone), "after": float(after), "hidden": float(hidden)} for rows, alone, after, hidden in
             re.findall(r"(\d+) rows.*: ([\d.]+) ms alone, ([\d.]+) ms with the sum after, ([\d.]+) ms hidden", told)}
    return {"microseconds": swaps[8][0], "megabytes": swaps[2097152][1], **steps}


def measure_costs():
    across = ["bash", os.path.join(ROOT, "tests", "examples", "mpi_namespaces.sh"), "--run"]
    return {"memory": costs(["mpirun", "--allow-run-as-root", "--bind-to", "core", "-n", "2"]),
            "veth": costs(across + ["full", "2"]),
            "gigabit": costs(across + ["1gbit", "2"])}


def measure_scaling(options):
    metrics = {}
    for name, words in (("copy", COPY + ["--length", "10"]), ("translate", TRANSLATE)):
        metrics[f"{name}-unlike"] = unlike_files(words, 200, os.path.join(options.out, "bits"))
    for name, words, batch, steps in (("translate-64", TRANSLATE, 64, 30), ("translate-256", TRANSLATE, 256, 30),
                                      ("copy-16", COPY, 16, 600)):
        metrics[name] = scaling(words, batch, steps, options.repeats)
        print(name, json.dumps(metrics[name]), flush=True)
    return metrics


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--costs", action="store_true")
    options = parser.parse_args()
    metrics = measure_costs() if options.costs else measure_scaling(options)
    os.makedirs(options.out, exist_ok=True)
    with open(os.path.join(options.out, "summary.json"), "w", encoding="utf-8") as file:
        json.dump({"example": "scaling", "metrics": metrics}, file, indent=2)


if __name__ == "__main__":
    main()
