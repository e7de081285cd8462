#!/usr/bin/env python3
"""fovea_bench's workloads in idiomatic PyTorch, on the CPU, under the same names and with the same flags and JSON.

main.py [--filter REGEX] [--threads N] [--seconds S] [--json FILE] [--list] [--compile [--compile-seconds S]]

PyTorch is given its best: ATen's AVX-512 kernels where the CPU has them, and an allocator that keeps freed memory.
OPENBLAS_CORETYPE chooses the kernels of its OpenBLAS, if that is the BLAS it was built with. Written for PyTorch 1.13
and 2.x.
"""
import ctypes
import os
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "common"))
from harness import chosen, parser, run, start_again

def avx512():
    try:
        with open("/proc/cpuinfo") as file:
            return "avx512vl" in file.read().split()
    except OSError:
        return False


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


def about(torch, compiled):
    """What the figures depend on, besides the machine."""
    built = torch.__config__.show()
    flags = re.search(r"CXX_FLAGS=([^,]*)", built)
    flags = [flag for flag in flags[1].split() if re.match("-(O|m|f(no-)?(fast|math|trapping))", flag)] if flags else []
    mkl = re.search(r"Math Kernel Library Version ([\d.]+)", built)
    mkldnn = re.search(r"MKL-DNN (v[\d.]+)", built)
    blas = {"BLAS": f"MKL {mkl[1]}", "kernels": os.environ.get("MKL_ENABLE_INSTRUCTIONS", "its choice")} if mkl else {}
    return {"version": f"PyTorch {torch.__version__}", "step": "torch.compile" if compiled else "eager",
            "flags": " ".join(dict.fromkeys(flags)),
            "ATen": os.environ.get("ATEN_CPU_CAPABILITY", "its choice"), "oneDNN": mkldnn[1] if mkldnn else "none",
            **(blas or openblas() or {"BLAS": "unknown", "kernels": "unknown"}), "threads": torch.get_num_threads()}


def parse():
    flags = parser(__doc__.splitlines()[0])
    flags.add_argument("--compile", action="store_true", help="by torch.compile; PyTorch 2.x")
    flags.add_argument("--compile-seconds", type=int, default=300, metavar="S",
                       help="a workload that is not compiled by then is left out; default: 300")
    return flags, flags.parse_args()


def main():
    flags, args = parse()
    start_again({"ATEN_CPU_CAPABILITY": "avx512"} if avx512() else {})
    import torch
    import attention, layers, ops, tasks  # register their workloads
    import workloads

    if args.compile:
        if not hasattr(torch, "compile"):
            flags.error(f"--compile needs PyTorch 2.x; this is PyTorch {torch.__version__}, which has no torch.compile")
        workloads.COMPILE.append(torch.compile)
    rows = chosen(args)
    if args.list:
        return
    torch.set_num_threads(args.threads)

    def seed():
        torch.manual_seed(1)
        if args.compile:
            torch.compiler.reset()  # what a workload was compiled to is of no use to the next
    run(args, rows, seed, lambda: about(torch, args.compile), args.compile_seconds if args.compile else 0)


if __name__ == "__main__":
    main()
