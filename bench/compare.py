#!/usr/bin/env python3
"""Both sides in one go: fovea_bench and the peer's benchmark, interleaved in rounds; prints and saves ours/peer.

compare.py [--filter REGEX] [--threads N] [--rounds R] [--seconds S] [--json FILE] [--ours PROGRAM] [--peer SCRIPT]
           [--peer-core NAME] [--beside busy|itself]
The peer is a program that takes fovea_bench's flags and writes the same JSON: peers/pytorch, unless --peer names another.
Where PyTorch is missing, fovea runs alone. Both sides get the same kernels of OpenBLAS, the peer by OPENBLAS_CORETYPE:
those that fovea chose, or --peer-core's; "own" leaves it its choice. A ratio is that of the medians over all rounds;
below 1 fovea is faster. --beside measures each workload while something else runs: a process that keeps one core busy, or
a second copy of the workload on the same side, as two trainings at once are.
"""
import argparse
import contextlib
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTORCH = os.path.join(ROOT, "bench", "peers", "pytorch", "main.py")


def peer_command(script):
    """How to start the peer: one in Python by the Python that has PyTorch, this one or Debian's."""
    if not script.endswith(".py"):
        return [script]
    return [sys.executable if importlib.util.find_spec("torch") else "/usr/bin/python3", script]


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


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", metavar="PROGRAM", help="fovea_bench",
                        default=os.path.join(ROOT, "build", "release", "bench", "fovea_bench"))
    parser.add_argument("--peer", metavar="SCRIPT", help="the other side's benchmark; default: PyTorch's",
                        default=PYTORCH)
    parser.add_argument("--peer-core", default="", metavar="NAME",
                        help="OPENBLAS_CORETYPE of the peer alone, or \"own\": its OpenBLAS chooses; default: fovea's")
    parser.add_argument("--filter", default="", metavar="REGEX", help="workloads to run; default: all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--beside", choices=("busy", "itself"),
                        help="what runs meanwhile: a process that keeps a core busy, or a second copy of the workload")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a workload, a side and a round")
    parser.add_argument("--json", default="", metavar="FILE", help="where to save the figures")
    args = parser.parse_args()
    check(parser, args)
    args.error = parser.error
    return args


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
    """A program, its workloads that were chosen, their medians of each round, and what it says about itself."""

    def __init__(self, command, environment):
        self.command, self.environment = command, environment
        self.names = names(command, environment)
        self.chosen, self.medians, self.about = [], {}, {}

    def at(self, names, threads, seconds):
        """How to run these workloads."""
        pattern = "^(" + "|".join(names) + ")$"
        return self.command + ["--filter", pattern, "--threads", str(threads), "--seconds", str(seconds)]

    def run(self, args):
        for names in [[name] for name in self.chosen] if args.beside else [self.chosen]:
            other = self.at(names, args.threads, 1e6) if args.beside == "itself" else BUSY
            with running(other, self.environment) if args.beside else contextlib.nullcontext():
                results = run(self.at(names, args.threads, args.seconds), self.environment)
            self.about = results.get("about", {})
            for name, row in results["rows"].items():
                self.medians.setdefault(name, []).append(row["median_ms"])

    def median(self, name):
        return statistics.median(self.medians[name])


def measure(args, ours, peer):
    """The rounds; which side begins changes from one to the next. fovea begins: it says which kernels the peer gets."""
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr, flush=True)
        for side in (ours, peer) if number % 2 == 0 else (peer, ours):
            if side is peer and args.peer_core != "own":
                core = args.peer_core or ours.about.get("kernels", "unknown")
                peer.environment.update({} if core == "unknown" else {"OPENBLAS_CORETYPE": core})
            if side.chosen:
                side.run(args)


def table(ours, peer):
    """Prints the figures; returns them as JSON has them."""
    for name, side in ("fovea", ours), ("peer", peer):
        if side.about:
            print(f"{name + ':':<7}" + ", ".join(f"{key} {value}" for key, value in side.about.items()))
    print(f"{'workload':<52}{'ours ms':>11}{'peer ms':>11}{'ours/peer':>11}")
    rows = {}
    for name in ours.chosen:
        rows[name] = {"ours_ms": ours.median(name)}
        line = f"{name:<52}{ours.median(name):>11.4g}"
        if name in peer.medians:
            ratio = ours.median(name) / peer.median(name)
            rows[name].update(peer_ms=peer.median(name), ratio=ratio)
            line += f"{peer.median(name):>11.4g}{ratio:>11.3f}"
        print(line)
    alone = [name for name in ours.chosen if name not in peer.medians]
    if peer.chosen:
        print("without a peer's row:", ", ".join(alone) or "none")
    return rows


def main():
    args = parse()
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    ours = Side([os.path.abspath(args.ours)], dict(environment))
    if not ours.names:
        sys.exit(f"compare: --ours {args.ours}: --list names no workloads")
    ours.chosen = [name for name in ours.names if re.search(args.filter, name)]
    if not ours.chosen:
        args.error(f"--filter {args.filter!r} matches none of the workloads; {args.ours} --list names them")
    peer = Side(peer_command(os.path.abspath(args.peer)), dict(environment))
    peer.chosen = [name for name in ours.chosen if name in peer.names]
    if not peer.names:
        print(f"No peer: {args.peer} does not start. PyTorch is installed by ./dev setup --all (Debian: python3-torch) or "
              "pip install torch. fovea alone.")
    measure(args, ours, peer)
    rows = table(ours, peer)
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"fovea": ours.about, "peer": peer.about, "threads": args.threads, "rounds": args.rounds,
                       "beside": args.beside, "rows": rows}, file, indent=1)
        print(f"saved in {args.json}")


if __name__ == "__main__":
    main()
