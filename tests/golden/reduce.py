"""Golden values of reductions, softmax, normalisation, similarities and losses, from PyTorch: writes reduce.safetensors
beside this script, in the form of cases.py.
"""

import cases
import torch
import torch.nn.functional as F

draws = cases.Draws(9)
real, ids, ties = draws.real, draws.ids, draws.ties


def mask(*shape):
    kept = draws.mask(0.6, *shape)
    kept[..., 0] = True
    return kept


def cotangent(*shape):
    return real(*shape) if shape else torch.tensor(0.7, dtype=torch.float64)


def probabilities(*shape):
    return torch.softmax(real(*shape), -1)


def masked(f):
    return lambda x, m: f(x.masked_fill(~m, -float("inf")), -1)


def log_masked(x, m):
    return F.log_softmax(x.masked_fill(~m, -float("inf")), -1).masked_fill(~m, 0)


def circular(w, s):
    half = s.shape[-1] // 2
    return sum(s[..., j + half : j + half + 1] * w.roll(j, -1) for j in range(-half, half + 1))


def classes(**options):
    return lambda x, t: F.cross_entropy(x, t, **options)


CASES = {
    "sum": ([real(3, 4, 5)], lambda x: x.sum()),
    "sum_dims": ([real(3, 4, 5)], lambda x: x.sum((0, 2))),
    "sum_first": ([real(70, 6)], lambda x: x.sum(0)),
    "mean": ([real(3, 4, 5)], lambda x: x.mean((1, 2), keepdim=True)),
    "var": ([real(3, 7)], lambda x: x.var(1)),
    "std": ([real(3, 7)], lambda x: x.std(1)),
    "var_biased": ([real(3, 7)], lambda x: x.var(0, unbiased=False, keepdim=True)),
    "max": ([real(3, 17)], lambda x: x.amax(1)),
    "max_ties": ([ties(6, 7)], lambda x: x.amax(0)),
    "min": ([real(3, 4, 5)], lambda x: x.amin((0, 2))),
    "norm": ([real(3, 4, 5)], lambda x: torch.linalg.vector_norm(x, dim=(0, 2))),
    "logsumexp": ([real(3, 4, 5) * 10], lambda x: torch.logsumexp(x, (0, 2))),
    "cumsum": ([real(3, 4, 5)], lambda x: x.cumsum(1)),
    "argmax": ([ties(5, 9)], lambda x: torch.from_numpy(x.detach().numpy().argmax(1))),
    "argmin": ([ties(9, 5)], lambda x: torch.from_numpy(x.detach().numpy().argmin(0))),
    "softmax": ([real(4, 37) * 5], lambda x: torch.softmax(x, -1)),
    "softmax_first": ([real(6, 3)], lambda x: torch.softmax(x, 0)),
    "softmax_masked": ([real(4, 19), mask(4, 19)], masked(torch.softmax)),
    "log_softmax": ([real(4, 37) * 5], lambda x: F.log_softmax(x, -1)),
    "log_softmax_middle": ([real(2, 6, 3)], lambda x: F.log_softmax(x, 1)),
    "log_softmax_masked": ([real(4, 19), mask(4, 19)], log_masked),
    "layer_norm": ([real(5, 33), real(33), real(33)], lambda x, w, b: F.layer_norm(x, [33], w, b)),
    "layer_norm_far": ([real(2, 3, 8) + 100, real(8), real(8)], lambda x, w, b: F.layer_norm(x, [8], w, b, 1e-3)),
    "cosine": ([real(3, 1, 5), real(3, 4, 5)], lambda a, b: F.cosine_similarity(a, b, -1)),
    "cosine_first": ([real(5, 3), real(5, 3)], lambda a, b: F.cosine_similarity(a, b, 0)),
    "circular": ([real(2, 11), real(2, 5)], circular),
    "cross_entropy": ([real(6, 21) * 3, ids(21, 6)], classes()),
    "cross_entropy_none": ([real(6, 5), ids(5, 6)], classes(reduction="none")),
    "cross_entropy_ignored": ([real(8, 4), ids(4, 8)], classes(ignore_index=2)),
    "cross_entropy_smoothed": ([real(8, 4), ids(4, 8)], classes(ignore_index=1, label_smoothing=0.2)),
    "cross_entropy_sum": ([real(8, 4), ids(4, 8)], classes(label_smoothing=0.1, reduction="sum")),
    "cross_entropy_soft": ([real(6, 5), probabilities(6, 5)], classes()),
    "cross_entropy_soft_smoothed": ([real(6, 5), probabilities(6, 5)], classes(label_smoothing=0.3)),
    "nll": ([real(6, 5), ids(5, 6)], lambda x, t: F.nll_loss(x, t, ignore_index=3)),
    "bce": ([real(4, 5) * 8, probabilities(4, 5)], F.binary_cross_entropy_with_logits),
    "mse": ([real(4, 5), real(4, 5)], F.mse_loss),
    "huber": ([real(4, 5), real(4, 5)], lambda x, t: F.huber_loss(x, t, delta=0.7)),
}


def main():
    arrays = {}
    for name, (inputs, f) in CASES.items():
        cases.record_op(arrays, name, inputs, f, cotangent)
    cases.save_beside(__file__, arrays)


if __name__ == "__main__":
    main()
