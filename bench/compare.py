#!/usr/bin/env python3
"""All sides in one go: fovea_bench and its peers' benchmarks, interleaved in rounds; prints and saves ours/peer.

compare.py [--peer NAME[,NAME...]|SCRIPT] [--filter REGEX] [--threads N] [--rounds R] [--seconds S] [--json FILE]
           [--ours PROGRAM] [--peer-core NAME] [--beside busy|itself]
compare.py --report [--peer NAME[,NAME...]] [--from FILE...]
Peers are torch, torch-compile, torch-system, jax and onednn, of peers/, or a program that takes fovea_bench's flags and
writes the same JSON; without --peer it is the PyTorch of this Python or of Debian's. Where a peer is missing, fovea
runs without it. All sides get the same kernels of OpenBLAS, peers by OPENBLAS_CORETYPE: those that fovea chose, or
--peer-core's; "own" leaves them their choice. A ratio is that of the medians over all rounds, to the fastest peer;
below 1 fovea is faster. --beside measures each workload while something else runs: a process that keeps one core busy,
or a second copy of the workload on the same side, as two trainings at once are.
--report measures on one and two threads, idle and beside a busy process, saves build/compare/*.json, and writes what
docs/performance.md shows of them; with --from it only writes, from files that were saved.
"""
import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time

from report import write_page
from sides import MISSING, PEERS, PYTORCH, ROOT, Side, peer_command

REPORT_PEERS = "torch,torch-compile,jax,onednn"


def check(parser, args):
    """Ends with exit code 2 where the flags cannot be."""
    try:
        re.compile(args.filter)
    except re.error as error:
        parser.error(f"--filter {args.filter!r} is no regular expression: {error}")
    for peer in args.peer.split(","):
        if peer not in PEERS and os.sep not in peer and not os.path.exists(peer):
            parser.error(f"--peer {peer}: there are {', '.join(PEERS)}, or a program's path")
    if args.files and not args.report:
        parser.error("--from is for --report")
    if args.files:
        for path in args.files:
            try:
                with open(path) as file:
                    json.load(file)
            except (OSError, ValueError) as error:
                parser.error(f"--from {path}: {error}")
        return
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


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", metavar="PROGRAM", help="fovea_bench",
                        default=os.path.join(ROOT, "build", "release", "bench", "fovea_bench"))
    parser.add_argument("--peer", metavar="NAME[,NAME...]",
                        help=f"the other sides: {', '.join(PEERS)}, or a program's path; default: PyTorch, as "
                             f"installed; of a report: {REPORT_PEERS}")
    parser.add_argument("--peer-core", default="", metavar="NAME",
                        help="OPENBLAS_CORETYPE of peers alone, or \"own\": their OpenBLAS chooses; default: fovea's")
    parser.add_argument("--filter", default="", metavar="REGEX", help="workloads to run; default: all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--beside", choices=("busy", "itself"),
                        help="what runs meanwhile: a process that keeps a core busy, or a second copy of the workload")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a workload, a side and a round")
    parser.add_argument("--json", default="", metavar="FILE", help="where to save the figures")
    parser.add_argument("--report", action="store_true",
                        help="one and two threads, idle and busy, into build/compare and docs/performance.md")
    parser.add_argument("--from", nargs="+", dest="files", metavar="FILE",
                        help="with --report: measure nothing, write the page from these files")
    args = parser.parse_args()
    args.peer = args.peer or (REPORT_PEERS if args.report else PYTORCH)
    check(parser, args)
    args.error = parser.error
    return args


def machine():
    """What the figures depend on, besides the programs."""
    try:
        with open("/proc/cpuinfo") as file:
            found = re.search(r"model name\s*: (.*)", file.read())
    except OSError:  # not Linux
        found = None
    return {"cpu": found[1] if found else platform.processor() or platform.machine(), "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.release().split('-')[0]}", "date": time.strftime("%Y-%m-%d"),
            "load_before": round(os.getloadavg()[0], 2)}


def measure(args, ours, peers, threads, beside):
    """The rounds; the order of sides turns from one to the next. fovea begins: it says which kernels peers get."""
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr, flush=True)
        for side in [ours, *peers][::1 if number % 2 == 0 else -1]:
            if side is not ours and args.peer_core != "own":
                core = args.peer_core or ours.about.get("kernels", "unknown")
                side.environment.update({} if core == "unknown" else {"OPENBLAS_CORETYPE": core})
            if side.chosen:
                side.run(threads, args.seconds, beside)


def table(ours, peers):
    """Prints the figures; returns them as JSON has them."""
    for side in [ours, *peers]:
        if side.about:
            print(f"{side.name + ':':<6} " + ", ".join(f"{key} {value}" for key, value in side.about.items()))
    one = len(peers) == 1
    widths = {side.name: max(11, len(side.name) + 5) for side in peers}
    print(f"{'workload':<52}{'ours ms':>11}" + "".join(f"{name + ' ms':>{width}}" for name, width in widths.items())
          + f"{'ours/peer' if one else 'ours/best':>11}")
    rows = {}
    for name in ours.chosen:
        times = {side.name: side.median(name) for side in peers if name in side.medians}
        rows[name] = {"ours_ms": ours.median(name), "peers": times}
        line = f"{name:<52}{ours.median(name):>11.4g}"
        if times:
            best = min(times, key=times.get)
            ratio = ours.median(name) / times[best]
            rows[name].update(peer=best, peer_ms=times[best], ratio=ratio)
            texts = {side.name: f"{times[side.name]:.4g}" if side.name in times else "-" for side in peers}
            line += "".join(f"{texts[peer]:>{width}}" for peer, width in widths.items())
            line += f"{ratio:>11.3f}" + ("" if one else f"  {best}")
        print(line)
    for side in peers:
        for name, why in side.left_out.items():
            print(f"{side.name} leaves out {name}: {why}")
    if any(side.names for side in peers):
        print("without a peer's row:", ", ".join(name for name in ours.chosen if not rows[name]["peers"]) or "none")
    return rows


def sides(args):
    """Ours, and the peers that start."""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    ours = Side("fovea", [os.path.abspath(args.ours)], dict(environment))
    if not ours.names:
        sys.exit(f"compare: --ours {args.ours}: --list names no workloads")
    ours.chosen = [name for name in ours.names if re.search(args.filter, name)]
    if not ours.chosen:
        args.error(f"--filter {args.filter!r} matches none of the workloads; {args.ours} --list names them")
    peers = []
    given = args.peer.split(",")
    for name in given:
        program = "peer" if len(given) == 1 else os.path.splitext(os.path.basename(name))[0]
        peer = Side(name if name in PEERS else program, peer_command(name), dict(environment))
        peer.chosen = [row for row in ours.chosen if row in peer.names]
        if peer.names:
            peers.append(peer)
        else:
            print(f"No peer: {name} does not start. It is installed by: {MISSING.get(name, MISSING['torch'])}.")
    if not peers:
        print("fovea alone.")
    return ours, peers


def compared(args, threads, beside, path, left_out):
    """Measures, prints and saves. What a peer has left out before, by left_out, is not tried again."""
    before = machine()
    ours, peers = sides(args)
    for side in peers:
        side.left_out = left_out.setdefault(side.name, {})
        side.chosen = [name for name in side.chosen if name not in side.left_out]
    measure(args, ours, peers, threads, beside)
    rows = table(ours, peers)
    if path:
        about = {side.name: side.about for side in peers}
        with open(path, "w") as file:
            json.dump({"machine": before, "fovea": ours.about, "peer": next(iter(about.values()), {}), "peers": about,
                       "threads": threads, "rounds": args.rounds, "seconds": args.seconds, "beside": beside,
                       "rows": rows,
                       "left_out": {side.name: side.left_out for side in peers if side.left_out}}, file, indent=1)
        print(f"saved in {path}")


def main():
    args = parse()
    if not args.report:
        compared(args, args.threads, args.beside, args.json, {})
        return
    files = args.files or []
    if not files:
        left_out = {}
        folder = os.path.join(ROOT, "build", "compare")
        os.makedirs(folder, exist_ok=True)
        for threads in (1, 2):
            for beside in (None, "busy"):
                files.append(os.path.join(folder, f"{threads}-{beside or 'idle'}.json"))
                print(f"{threads} thread{'s' * (threads > 1)}, {beside or 'idle'}", flush=True)
                compared(args, threads, beside, files[-1], left_out)
        grown = os.path.join(os.path.dirname(os.path.abspath(args.ours)), "fovea_bench_growth")
        if os.access(grown, os.X_OK):
            files.append(os.path.join(folder, "growth.json"))
            subprocess.run([grown, "--seconds", str(args.seconds), "--json", files[-1]], check=True)
    print("\n".join(f"written: {os.path.relpath(path, ROOT)}" for path in write_page(files)))


if __name__ == "__main__":
    main()
