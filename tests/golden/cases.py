"""What the scripts that ask PyTorch share: cases of ops and of layers, and the files they are written to.

Ops                     <case>/x0, x1, ..  inputs; f64 ones are differentiated     <case>/y  the result
                        <case>/c  a cotangent     <case>/d0, d1, ..  the gradients of sum(c y)
Layers, all in f64      <case>/parameter/<name>, <case>/input/<name>    what goes in (lengths, ids: i64)
                        <case>/output/<name>, <case>/cotangent/<name>   what comes out, and c of the loss sum(c y)
                        <case>/gradient/<name>                          of the loss, by parameter and by input
"""

import os

from golden import save

import numpy as np
import torch


class Draws:
    """Random tensors of a seed, in f64."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def real(self, *shape):
        return torch.from_numpy(self.random.normal(size=shape))

    def ids(self, n, *shape):
        return torch.from_numpy(self.random.integers(0, n, size=shape))

    def mask(self, share, *shape):
        return torch.from_numpy(self.random.random(shape) < share)

    def ties(self, *shape):
        return torch.from_numpy(self.random.integers(-2, 3, size=shape).astype(np.float64))


def save_beside(script, arrays):
    """Writes <name>.safetensors beside <name>.py."""
    save(os.path.splitext(os.path.abspath(script))[0] + ".safetensors", arrays)


def record_op(arrays, case, inputs, f, draw_cotangent):
    inputs = [x.detach().requires_grad_() if x.is_floating_point() else x for x in inputs]
    y = f(*inputs)
    for i, x in enumerate(inputs):
        arrays[f"{case}/x{i}"] = x
    arrays[f"{case}/y"] = y.contiguous()
    if not y.requires_grad:
        return
    c = draw_cotangent(*y.shape)
    arrays[f"{case}/c"] = c
    (y * c).sum().backward()
    for i, x in enumerate(inputs):
        if x.is_floating_point():
            arrays[f"{case}/d{i}"] = x.grad


def record_layer(arrays, case, module, inputs, call):
    for name, x in inputs.items():
        arrays[f"{case}/input/{name}"] = x.clone()
        if x.is_floating_point():
            x.requires_grad_()
    outputs = call(**inputs)
    loss = 0
    for name, y in outputs.items():
        cotangent = torch.randn_like(y)
        arrays[f"{case}/output/{name}"] = y
        arrays[f"{case}/cotangent/{name}"] = cotangent
        loss = loss + (cotangent * y).sum()
    loss.backward()
    for name, parameter in module.named_parameters():
        arrays[f"{case}/parameter/{name}"] = parameter
        arrays[f"{case}/gradient/{name}"] = parameter.grad
    for name, x in inputs.items():
        if x.is_floating_point():
            arrays[f"{case}/gradient/{name}"] = x.grad
