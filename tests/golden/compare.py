"""Golden values of comparisons and whole-number division, from PyTorch: writes compare.safetensors beside this script.

<type>/a, <type>/b   operands with every sign, zeros, halves and (f32, f64) infinities and NaN, each against each
<type>/<op>          the result
"""

import os

from golden import save

import torch

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, 0.1, -0.1, 7.25, -7.25, 1e9, -1e9,
           float("inf"), -float("inf"), float("nan")]
WHOLE = [0, 1, -1, 2, -2, 3, -3, 7, -7, 2**40, -(2**40), 2**62, -(2**63)]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or"]


def main():
    out = {}
    for name, values, dtype in [("f32", SPECIAL, torch.float32), ("f64", SPECIAL, torch.float64), ("i64", WHOLE, torch.int64)]:
        values = torch.tensor(values, dtype=dtype)
        n = len(values)
        a, b = values.repeat_interleave(n), values.repeat(n)
        if name == "i64":
            a, b = a[b != 0], b[b != 0]
            whole = b != -1  # the lowest number by -1 overflows: PyTorch's processor exception is no reference
            out["i64/division_a"], out["i64/division_b"] = a[whole], b[whole]
        out[f"{name}/a"], out[f"{name}/b"] = a, b
        for op in COMPARISONS:
            out[f"{name}/{op}"] = getattr(torch, op)(a, b)
        if name == "i64":
            a, b = a[whole], b[whole]
        out[f"{name}/floor_divide"] = torch.div(a, b, rounding_mode="floor")
        out[f"{name}/remainder"] = torch.remainder(a, b)
    folder = os.path.dirname(os.path.abspath(__file__))
    save(os.path.join(folder, "compare.safetensors"), out)


if __name__ == "__main__":
    main()
