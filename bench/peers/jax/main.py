#!/usr/bin/env python3
"""fovea_bench's workloads in idiomatic JAX, on the CPU, under the same names and with the same flags and JSON.

main.py [--filter REGEX] [--threads N] [--seconds S] [--json FILE] [--list]

A step is one compiled function: loss, gradients and update together, recurrences by lax.scan, and waited for. JAX is
given an allocator that keeps freed memory, as PyTorch is. XLA makes as many threads as there are cores to run on, so
the process is bound to N of them, the last ones; with PEER_SECOND_COPY set the first ones. Written for JAX 0.10.
"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "common"))
from harness import chosen, parser, run, start_again


def bind(threads):
    """Before JAX starts its threads."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["OMP_NUM_THREADS"] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        second = "PEER_SECOND_COPY" in os.environ  # of compare.py --beside itself
        os.sched_setaffinity(0, cores[:threads] if second else cores[-threads:])
    elif threads == 1:  # not Linux
        os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"


def about(threads):
    """What the figures depend on, besides the machine."""
    import jax
    import jaxlib
    device = jax.devices()[0]
    return {"version": f"JAX {jax.__version__}, jaxlib {jaxlib.__version__}", "step": "jit",
            "flags": os.environ.get("XLA_FLAGS", "").strip() or "XLA's own", "kernels": f"XLA for {device.platform}",
            "threads": threads}


def main():
    args = parser(__doc__.splitlines()[0]).parse_args()
    start_again({})
    bind(args.threads)
    import attention, images, layers, memories, ops, tasks  # register their workloads
    from steps import seed
    rows = chosen(args)
    if not args.list:
        run(args, rows, lambda: seed(1), lambda: about(args.threads))


if __name__ == "__main__":
    main()
