"""Golden values of the elementwise ops and of matmul, from PyTorch: writes elementwise.safetensors (f64) and
elementwise_f32.safetensors (the same inputs rounded) beside this script.

<case>/x0, x1  inputs     <case>/y  the result     <case>/c  a cotangent     <case>/d0, d1  the gradients of sum(c y)
"""

import os

from cases import Draws
from golden import save

import torch
import torch.nn.functional as F

draws = Draws(7)
real = draws.real


def positive(*shape):
    return torch.from_numpy(draws.random.uniform(0.1, 3, size=shape))


def points(*values):
    return torch.tensor(values, dtype=torch.float64)


# Drawn values, then the points where a formula could go wrong: kinks, ties, bounds, far tails.
EDGES = points(-40, -3, -1, -0.5, -1e-8, 0, 1e-8, 0.5, 1, 3, 18)
WHOLE = torch.cat([real(9), EDGES])
ABOVE = torch.cat([positive(9), points(1e-30, 1e-3, 1, 1e10)])
LEFT, RIGHT = points(-1, 0, 2, 5, -0.0), points(-1, 1, 2, -5, 0.0)

CASES = {
    "neg": ([WHOLE], lambda x: -x),
    "exp": ([WHOLE], torch.exp),
    "log": ([ABOVE], torch.log),
    "sqrt": ([ABOVE], torch.sqrt),
    "tanh": ([WHOLE], torch.tanh),
    "sigmoid": ([WHOLE], torch.sigmoid),
    "relu": ([WHOLE], torch.relu),
    "leaky_relu": ([WHOLE], lambda x: F.leaky_relu(x, 0.2)),
    "gelu": ([WHOLE], F.gelu),
    "softplus": ([WHOLE], F.softplus),
    "abs": ([WHOLE], torch.abs),
    "sin": ([WHOLE], torch.sin),
    "cos": ([WHOLE], torch.cos),
    "erf": ([WHOLE], torch.erf),
    "square": ([WHOLE], torch.square),
    "clamp": ([WHOLE], lambda x: x.clamp(-0.5, 1)),
    "add": ([real(3, 4), real(4)], torch.add),
    "sub": ([real(3, 1), real(4)], torch.sub),
    "mul": ([real(3, 4), real(2, 1, 4)], torch.mul),
    "mul_column": ([real(2, 1, 3, 4), real(2, 1, 3, 1)], torch.mul),
    "div": ([real(3, 4), positive(4)], torch.div),
    "div_by_number": ([real(9)], lambda x: x / 3),
    "number_by": ([positive(9)], lambda x: 2 / x),
    "pow": ([positive(3, 4), real(4)], torch.pow),
    "pow_number": ([positive(9)], lambda x: x ** -1.5),
    "cube": ([WHOLE[:12]], lambda x: x ** 3),
    "minimum": ([real(3, 4), real(4)], torch.minimum),
    "maximum": ([real(3, 4), real(4)], torch.maximum),
    "minimum_ties": ([LEFT, RIGHT], torch.minimum),
    "maximum_ties": ([LEFT, RIGHT], torch.maximum),
    "matmul": ([real(3, 4), real(4, 5)], torch.matmul),
    "matmul_batches": ([real(2, 1, 3, 4), real(5, 4, 2)], torch.matmul),
    "matmul_vectors": ([real(7), real(7)], torch.matmul),
    "matmul_vector_right": ([real(2, 3, 4), real(4)], torch.matmul),
    "matmul_vector_left": ([real(4), real(2, 4, 3)], torch.matmul),
    "matmul_nothing": ([real(3, 0), real(0, 2)], torch.matmul),
    "matmul_no_batch": ([real(3, 0, 0), real(0, 0)], torch.matmul),
}


def cases_in(dtype, out):
    for name, (inputs, f) in CASES.items():
        inputs = [x.detach().to(dtype).requires_grad_() for x in inputs]
        y = f(*inputs)
        c = real(*y.shape).to(dtype)
        (y * c).sum().backward()
        out[f"{name}/y"], out[f"{name}/c"] = y.contiguous(), c
        for i, x in enumerate(inputs):
            out[f"{name}/x{i}"], out[f"{name}/d{i}"] = x, x.grad
    return out


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    save(os.path.join(folder, "elementwise.safetensors"), cases_in(torch.float64, {}))
    save(os.path.join(folder, "elementwise_f32.safetensors"), cases_in(torch.float32, {}))


if __name__ == "__main__":
    main()
