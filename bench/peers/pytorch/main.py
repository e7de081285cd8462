#!/usr/bin/env python3
"""fovea_bench's workloads in idiomatic PyTorch, on the CPU, under the same names and with the same flags and JSON.

main.py [--filter REGEX] [--threads N] [--seconds S] [--json FILE] [--list]

PyTorch is given its best: ATen's AVX-512 kernels where the CPU has them, and an allocator that keeps freed memory.
OPENBLAS_CORETYPE chooses the kernels of its OpenBLAS, if that is the BLAS it was built with. Written for PyTorch 1.13
and 2.x.
"""
import argparse
import ctypes
import gc
import json
import os
import re
import statistics
import sys
import time

# Read when the process starts, so main() starts it again; what the caller has set stays.
BEST = {"MALLOC_TRIM_THRESHOLD_": str(1 << 32), "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
        "MALLOC_TOP_PAD_": str(1 << 28)}


def avx512():
    try:
        with open("/proc/cpuinfo") as file:
            return "avx512vl" in file.read().split()
    except OSError:
        return False


def start_at_best():
    wanted = {**BEST, "ATEN_CPU_CAPABILITY": "avx512"} if avx512() else BEST
    if not wanted.keys() <= os.environ.keys():
        os.environ.update({**wanted, **os.environ})
        os.execv(sys.executable, [sys.executable, os.path.abspath(__file__), *sys.argv[1:]])


def openblas():
    """Version and kernels of the OpenBLAS in this process; {} where there is none."""
    try:
        with open("/proc/self/maps") as file:
            paths = {line.split()[-1] for line in file if "blas" in line}
    except OSError:  # not Linux
        return {}
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_corename"):
            library.openblas_get_corename.restype = library.openblas_get_config.restype = ctypes.c_char_p
            version = library.openblas_get_config().decode().split()[:2]
            return {"BLAS": " ".join(version), "kernels": library.openblas_get_corename().decode()}
    return {}


def about(torch):
    """What the figures depend on, besides the machine."""
    built = torch.__config__.show()
    flags = re.search(r"CXX_FLAGS=([^,]*)", built)
    flags = [flag for flag in flags[1].split() if re.match("-(O|m|f(no-)?(fast|math|trapping))", flag)] if flags else []
    mkl = re.search(r"Math Kernel Library Version ([\d.]+)", built)
    mkldnn = re.search(r"MKL-DNN (v[\d.]+)", built)
    blas = {"BLAS": f"MKL {mkl[1]}", "kernels": os.environ.get("MKL_ENABLE_INSTRUCTIONS", "its choice")} if mkl else {}
    return {"version": f"PyTorch {torch.__version__}", "flags": " ".join(dict.fromkeys(flags)),
            "ATen": os.environ.get("ATEN_CPU_CAPABILITY", "its choice"), "oneDNN": mkldnn[1] if mkldnn else "none",
            **(blas or openblas() or {"BLAS": "unknown", "kernels": "unknown"}), "threads": torch.get_num_threads()}


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
    samples, end = [], clock() + seconds
    gc.collect()
    gc.disable()
    while len(samples) < 5 or clock() < end:
        begin = clock()
        for _ in range(inner):
            step()
        samples.append((clock() - begin) * 1e3 / inner)
    gc.enable()
    return {"median_ms": statistics.median(samples), "min_ms": min(samples), "n": inner * len(samples)}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", type=re.compile, default="", metavar="REGEX", help="workloads to run; default: all")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--seconds", type=float, default=1.0, metavar="S", help="of a workload")
    parser.add_argument("--json", metavar="FILE", help="where to save the figures")
    parser.add_argument("--list", action="store_true", help="print the names and their sizes, run nothing")
    return parser.parse_args()


def main():
    args = parse()
    start_at_best()
    import torch
    import attention, layers, ops, tasks  # register their workloads
    from workloads import WORKLOADS

    chosen = {name: build for name, build in WORKLOADS.items() if re.search(args.filter, name)}
    if args.list:
        for name, build in chosen.items():
            print(f"{name}: {' '.join(build.__doc__.split())}")
        return
    torch.set_num_threads(args.threads)
    print(f"{'workload':<52}{'median ms':>12}{'min ms':>12}{'n':>9}", flush=True)  # compare.py waits for it
    rows = {}
    for name, build in chosen.items():
        torch.manual_seed(1)
        row = rows[name] = measure(build(), args.seconds)
        print(f"{name:<52}{row['median_ms']:>12.4g}{row['min_ms']:>12.4g}{row['n']:>9}", flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"about": about(torch), "threads": args.threads, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
