"""The kinds of step that workloads time; a step with gradients drops the old ones first. With --compile what is called
forward, loss or optimizer.step here is compiled, and backward with it.
"""
import torch

from harness import workload  # noqa: F401, for the files of workloads

COMPILE = []  # torch.compile, if asked for


def compiled(function):
    for compile in COMPILE:
        function = compile(function)
    return function


def leaf(*shape):
    return torch.randn(*shape).requires_grad_()


def forward_only(forward):
    """Nothing is recorded."""
    forward = compiled(forward)

    def step():
        with torch.inference_mode():
            forward()
    return step


def forward_backward(forward, leaves):
    """forward() and a backward pass from a fixed random upstream gradient."""
    leaves = list(leaves)
    upstream = torch.randn_like(forward())
    forward = compiled(forward)

    def step():
        for tensor in leaves:
            tensor.grad = None
        forward().backward(upstream)
    return step


def train_step(optimizer, loss):
    loss, update = compiled(loss), compiled(optimizer.step)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        update()
    return step


def adam(*modules):
    return torch.optim.Adam([p for m in modules for p in m.parameters()], lr=1e-3)
