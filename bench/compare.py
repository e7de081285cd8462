#!/usr/bin/env python3
"""Both sides in one go: fovea_bench and the peer's benchmark, interleaved in rounds; prints and saves ours/peer.

compare.py [--filter REGEX] [--threads N] [--rounds R] [--seconds S] [--json FILE] [--ours PROGRAM] [--peer SCRIPT]
           [--peer-core NAME]
The peer is a script that takes fovea_bench's flags and writes the same JSON; where it or PyTorch is missing, fovea
runs alone. OPENBLAS_CORETYPE is unset for both, unless --peer-core names the kernels of the peer's OpenBLAS. A ratio is
that of the medians over all rounds; below 1 fovea is faster.
"""
import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile


def peer_command(script, core):
    """How to start the peer. A core is pinned: the script, if it is one of bash, cannot unset or change it."""
    if not core or not os.path.exists(script):
        return [script]
    with open(script, "rb") as file:
        first = file.readline()
    if not (first.startswith(b"#!") and b"bash" in first):
        return ["env", f"OPENBLAS_CORETYPE={core}", script]
    pin = f'readonly OPENBLAS_CORETYPE={shlex.quote(core)}; export OPENBLAS_CORETYPE; . "$0"'
    return ["bash", "-c", pin, script]


def check(parser, args):
    """Ends with exit code 2 where the flags cannot be."""
    try:
        re.compile(args.filter)
    except re.error as error:
        parser.error(f"--filter {args.filter!r} is no regular expression: {error}")
    if not os.access(args.ours, os.X_OK) or os.path.isdir(args.ours):
        parser.error(f"--ours {args.ours}: there is no such program; ./dev compare builds it")
    if args.rounds < 1 or args.threads < 1 or not args.seconds > 0:
        parser.error("--rounds, --threads and --seconds must be more than 0")
    if args.json:
        try:
            with open(args.json, "a"):
                pass
        except OSError as error:
            parser.error(f"--json: {error}")


def run(command, arguments, environment):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        done = subprocess.run(command + arguments + ["--json", file.name], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"compare: {' '.join(command)} failed:\n{done.stdout}")
        with open(file.name) as results:
            return json.load(results)["rows"]


def names(command, environment):
    """The workloads of a program; empty where it or what it needs is not installed."""
    try:
        done = subprocess.run(command + ["--list"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True)
    except OSError:
        return set()
    return {line.split(":")[0].strip() for line in done.stdout.splitlines() if line.strip() and done.returncode == 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--ours", metavar="PROGRAM", help="fovea_bench",
                        default=os.path.join(root, "build", "release", "bench", "fovea_bench"))
    parser.add_argument("--peer", metavar="SCRIPT", help="the other side's benchmark",
                        default=os.path.join(root, "..", "shared", "peer", "torch_best.sh"))
    parser.add_argument("--peer-core", default="", metavar="NAME",
                        help="OPENBLAS_CORETYPE of the peer alone, whatever its script does to that variable: "
                             "SkylakeX where its OpenBLAS does not know a CPU with AVX-512")
    parser.add_argument("--filter", default="", metavar="REGEX", help="workloads to run; default: all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a workload, a side and a round")
    parser.add_argument("--json", default="", metavar="FILE", help="where to save the figures")
    args = parser.parse_args()
    check(parser, args)

    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    ours, peer = [os.path.abspath(args.ours)], peer_command(os.path.abspath(args.peer), args.peer_core)
    here = names(ours, environment)
    if not here:
        parser.error(f"--ours {args.ours}: --list names no workloads")
    if not any(re.search(args.filter, name) for name in here):
        parser.error(f"--filter {args.filter!r} matches none of the workloads; {args.ours} --list names them")
    both = here & names(peer, environment)
    chosen = sorted(name for name in both if re.search(args.filter, name))
    flags = ["--threads", str(args.threads), "--seconds", str(args.seconds)]
    medians = {"ours": {}, "peer": {}}
    for round_number in range(args.rounds):
        print(f"round {round_number + 1} of {args.rounds}", file=sys.stderr, flush=True)
        sides = [("ours", ours, args.filter)]
        if chosen:
            sides.append(("peer", peer, "^(" + "|".join(chosen) + ")$"))
        for side, command, pattern in (sides if round_number % 2 == 0 else reversed(sides)):
            for name, row in run(command, ["--filter", pattern] + flags, environment).items():
                medians[side].setdefault(name, []).append(row["median_ms"])

    if not both:
        print("The peer's benchmark, or PyTorch (Debian: python3-torch), is not here: fovea alone.")
    print(f"{'workload':<52}{'ours ms':>11}{'peer ms':>11}{'ours/peer':>11}")
    rows = {}
    for name, values in medians["ours"].items():
        mine = statistics.median(values)
        rows[name] = {"ours_ms": mine}
        line = f"{name:<52}{mine:>11.4g}"
        if name in medians["peer"]:
            theirs = statistics.median(medians["peer"][name])
            rows[name].update(peer_ms=theirs, ratio=mine / theirs)
            line += f"{theirs:>11.4g}{mine / theirs:>11.3f}"
        print(line)
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"threads": args.threads, "rounds": args.rounds, "rows": rows}, file, indent=1)
        print(f"saved in {args.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
