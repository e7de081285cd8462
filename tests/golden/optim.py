"""Golden values of the optimisers and schedules, from PyTorch: writes optim.safetensors beside this script.

steps/<name>      [20, 7]   a parameter after each of 20 steps over fixed gradients, f64
mlp/<name>        [67]      all weights of a 4-8-3 tanh network after 100 training steps, and mlp_loss/<name> [100]
schedule/<name>   [41]      the rate before each update; plateau/<name> [30] the rate after each check
"""

import math
import os

from golden import save

import numpy as np
import torch

STEPS = 20


class Graves(torch.optim.Optimizer):
    """RMSprop of Graves 2013, equations 38 to 45; PyTorch has no such form."""

    def __init__(self, params, lr=1e-4, decay=0.95, momentum=0.9, eps=1e-4):
        super().__init__(params, dict(lr=lr, decay=decay, momentum=momentum, eps=eps))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if not self.state[p]:
                    self.state[p] = {k: torch.zeros_like(p) for k in ("n", "g", "d")}
                s, keep = self.state[p], group["decay"]
                s["n"] = keep * s["n"] + (1 - keep) * p.grad**2
                s["g"] = keep * s["g"] + (1 - keep) * p.grad
                root = torch.sqrt(s["n"] - s["g"] ** 2 + group["eps"])
                s["d"] = group["momentum"] * s["d"] - group["lr"] * p.grad / root
                p += s["d"]


SGD, RMSprop, Adam, AdamW = torch.optim.SGD, torch.optim.RMSprop, torch.optim.Adam, torch.optim.AdamW
OPTIMISERS = {
    "sgd": lambda p: SGD(p, lr=0.1),
    "sgd_decay": lambda p: SGD(p, lr=0.1, weight_decay=0.05),
    "sgd_momentum": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "sgd_dampening": lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.02),
    "sgd_nesterov": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "sgd_nesterov_decay": lambda p: SGD(p, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.05),
    "adam": lambda p: Adam(p, lr=1e-2),
    "adam_betas": lambda p: Adam(p, lr=1e-2, betas=(0.8, 0.95), eps=1e-3),
    "adam_decay": lambda p: Adam(p, lr=1e-2, weight_decay=0.1),
    "adamw": lambda p: AdamW(p, lr=1e-2),
    "adamw_decay": lambda p: AdamW(p, lr=1e-2, betas=(0.7, 0.9), weight_decay=0.3),
    "rmsprop": lambda p: RMSprop(p),
    "rmsprop_alpha": lambda p: RMSprop(p, lr=3e-3, alpha=0.9, eps=1e-4),
    "rmsprop_decay": lambda p: RMSprop(p, weight_decay=0.1),
    "rmsprop_momentum": lambda p: RMSprop(p, momentum=0.9),
    "rmsprop_centered": lambda p: RMSprop(p, centered=True),
    "rmsprop_all": lambda p: RMSprop(p, lr=1e-3, alpha=0.95, momentum=0.7, centered=True, weight_decay=0.05),
    "graves": lambda p: Graves(p),
    "graves_options": lambda p: Graves(p, lr=1e-3, decay=0.9, momentum=0.5, eps=1e-3),
}


def steps(make, theta, gradients):
    p = torch.nn.Parameter(theta.clone())
    optimiser = make([p])
    rows = []
    for g in gradients:
        p.grad = g.clone()
        optimiser.step()
        rows.append(p.detach().clone())
    return torch.stack(rows)


def mlp(make, weights, x, y):
    params = [torch.nn.Parameter(w.clone()) for w in weights]
    optimiser = make(params)
    losses = []
    for _ in range(100):
        w1, b1, w2, b2 = params
        out = torch.tanh(x @ w1.T + b1) @ w2.T + b2
        loss = ((out - y) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    return torch.cat([p.detach().reshape(-1) for p in params]), torch.stack(losses)


def rates(make, lr=0.5, count=41):
    optimiser = SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    schedule = make(optimiser)
    values = []
    for _ in range(count):
        values.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return np.array(values)


def plateau(metrics, **options):
    optimiser = SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, **options)
    values = []
    for m in metrics:
        schedule.step(m)
        values.append(optimiser.param_groups[0]["lr"])
    return np.array(values)


def noam(n, size, warmup):
    return size**-0.5 * min(n**-0.5, n * warmup**-1.5)


def main():
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    arrays = {}
    theta, gradients = torch.randn(7), torch.randn(STEPS, 7) * torch.tensor([1, 1e-2, 1e-4, 1, 10, 1, 1.0])
    gradients[:, 3] = 0.5  # constant
    gradients[5:, 5] = 0  # stops
    arrays["theta"], arrays["gradients"] = theta, gradients
    for name, make in OPTIMISERS.items():
        arrays[f"steps/{name}"] = steps(make, theta, gradients)

    weights = [torch.randn(8, 4) * 0.5, torch.randn(8) * 0.1, torch.randn(3, 8) * 0.4, torch.randn(3) * 0.1]
    x, y = torch.randn(10, 4), torch.randn(10, 3)
    arrays |= {f"mlp_weight/{i}": w for i, w in enumerate(weights)} | {"mlp_x": x, "mlp_y": y}
    for name in ("sgd_nesterov", "adam", "adamw_decay", "rmsprop_all", "graves_options"):
        arrays[f"mlp/{name}"], arrays[f"mlp_loss/{name}"] = mlp(OPTIMISERS[name], weights, x, y)

    s = torch.optim.lr_scheduler
    arrays["schedule/step"] = rates(lambda o: s.StepLR(o, 7, 0.3))
    arrays["schedule/exponential"] = rates(lambda o: s.ExponentialLR(o, 0.93))
    arrays["schedule/cosine"] = rates(lambda o: s.CosineAnnealingLR(o, 40, 0.05))
    arrays["schedule/warmup"] = rates(lambda o: s.LinearLR(o, 1 / 10, 1, 9))
    arrays["schedule/warmup_cosine"] = rates(
        lambda o: s.LambdaLR(
            o, lambda t: (t + 1) / 8 if t < 8 else 0.1 + 0.45 * (1 + math.cos(math.pi * (t - 8) / 32))
        )
    )
    arrays["schedule/noam"] = rates(lambda o: s.LambdaLR(o, lambda t: noam(t + 1, 64, 16)), lr=1.0)

    fall = [1 / (1 + 0.5 * i) for i in range(8)]
    metrics = np.array(fall + [0.3] * 6 + [0.2999999, 0.1] + [0.5] * 6 + [0.05] + [0.05] * 7)
    arrays["plateau_metrics"] = metrics
    arrays["plateau/patient"] = plateau(metrics, patience=3)
    arrays["plateau/halve"] = plateau(metrics, factor=0.5, patience=0, min_lr=0.01)
    arrays["plateau/cooldown"] = plateau(metrics, factor=0.5, patience=1, cooldown=2)
    arrays["plateau/maximize"] = plateau(metrics, mode="max", factor=0.7, patience=2)

    save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optim.safetensors"), arrays)


if __name__ == "__main__":
    main()
