"""The register of workloads and the kinds of step they time. A workload is a function under fovea_bench's row name: its
docstring states the sizes, it builds the data and returns the timed step. All tensors are f32 from a fixed seed;
dropout is 0; a step with gradients drops the old ones first.
"""
import torch

WORKLOADS = {}


def workload(build):
    WORKLOADS[build.__name__] = build
    return build


def leaf(*shape):
    return torch.randn(*shape).requires_grad_()


def forward_only(forward):
    """Nothing is recorded."""
    def step():
        with torch.inference_mode():
            forward()
    return step


def forward_backward(forward, leaves):
    """forward() and a backward pass from a fixed random upstream gradient."""
    leaves = list(leaves)
    upstream = torch.randn_like(forward())

    def step():
        for tensor in leaves:
            tensor.grad = None
        forward().backward(upstream)
    return step


def train_step(optimizer, loss):
    def step():
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        optimizer.step()
    return step


def adam(*modules):
    return torch.optim.Adam([p for m in modules for p in m.parameters()], lr=1e-3)
