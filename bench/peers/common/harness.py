"""What the peers in Python share: the register of workloads, their flags, the clock, the table and the JSON.

A workload is a function under fovea_bench's row name: its docstring states the sizes, it builds the data and returns
the timed step. All tensors are f32 from a fixed seed; dropout is 0.
"""
import argparse
import contextlib
import gc
import json
import os
import re
import signal
import statistics
import sys
import time

WORKLOADS = {}
# Freed memory is kept. Read when the process starts, so start_again() starts it again; what the caller has set stays.
BEST = {"MALLOC_TRIM_THRESHOLD_": str(1 << 32), "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
        "MALLOC_TOP_PAD_": str(1 << 28)}


def start_again(wanted):
    """With BEST and what else is wanted in the environment."""
    wanted = {**BEST, **wanted}
    if not wanted.keys() <= os.environ.keys():
        os.environ.update({**wanted, **os.environ})
        os.execv(sys.executable, [sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]])


class TooLong(BaseException):
    """Not an Exception: compilers catch these and go on."""


def workload(build):
    WORKLOADS[build.__name__] = build
    return build


def parser(description):
    flags = argparse.ArgumentParser(description=description)
    flags.add_argument("--filter", type=re.compile, default="", metavar="REGEX", help="workloads to run; default: all")
    flags.add_argument("--threads", type=int, default=1, metavar="N")
    flags.add_argument("--seconds", type=float, default=1.0, metavar="S", help="of a workload")
    flags.add_argument("--json", metavar="FILE", help="where to save the figures")
    flags.add_argument("--list", action="store_true", help="print the names and their sizes, run nothing")
    return flags


def chosen(args):
    """The workloads of --filter, which --list prints."""
    found = {name: build for name, build in WORKLOADS.items() if re.search(args.filter, name)}
    if args.list:
        for name, build in found.items():
            print(f"{name}: {' '.join(build.__doc__.split())}")
    return found


def measure(step, seconds):
    """Milliseconds per iteration; short steps are timed in runs of at least 0.2 ms."""
    clock = time.perf_counter
    warm_until, warm_runs = clock() + 0.2 * seconds, 0
    while warm_runs < 3 or clock() < warm_until:
        begin = clock()
        step()
        once = clock() - begin
        warm_runs += 1
    inner = max(1, round(2e-4 / once))
    gc.collect()
    gc.disable()
    samples, end = [], clock() + seconds
    while len(samples) < 5 or clock() < end:
        begin = clock()
        for _ in range(inner):
            step()
        samples.append((clock() - begin) * 1e3 / inner)
    gc.enable()
    return {"median_ms": statistics.median(samples), "min_ms": min(samples), "n": inner * len(samples)}


@contextlib.contextmanager
def at_most(seconds):
    """Raises TooLong when the block has run so long; 0: never."""
    def stop(*_):
        raise TooLong
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(int(seconds))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(args, workloads, seed, about, limit=0):
    """Times each workload. With a limit, one that cannot be compiled, or not in so many seconds, is left out: a line
    says so, and the JSON."""
    print(f"{'workload':<52}{'median ms':>12}{'min ms':>12}{'n':>9}", flush=True)  # compare.py waits for it
    rows, left_out = {}, {}
    for name, build in workloads.items():
        seed()
        try:
            with at_most(limit) if limit else contextlib.nullcontext():
                step = build()
                step()
        except TooLong:
            left_out[name] = f"not compiled in {limit} s"
        except Exception as error:
            if not limit:
                raise
            left_out[name] = f"does not compile: {type(error).__name__}: {(str(error).splitlines() or [''])[0][:160]}"
        if name in left_out:
            print(f"{name:<52} left out: {left_out[name]}", flush=True)
            continue
        row = rows[name] = measure(step, args.seconds)
        print(f"{name:<52}{row['median_ms']:>12.4g}{row['min_ms']:>12.4g}{row['n']:>9}", flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"about": about(), "threads": args.threads, "rows": rows, "left_out": left_out}, file, indent=1)
