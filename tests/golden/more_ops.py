"""Golden values of rounding, activations, products, order, writing by position, einsum, normalisation and the losses
on probabilities, from PyTorch: writes more_ops.safetensors beside this script, in the form of cases.py.
"""

import cases
import torch
import torch.nn.functional as F

draws = cases.Draws(23)
real, ids, ties, mask = draws.real, draws.ids, draws.ties, draws.mask


def cotangent(*shape):
    return real(*shape) if shape else torch.tensor(0.7, dtype=torch.float64)


def points(*values):
    return torch.tensor(values, dtype=torch.float64)


def positive(*shape):
    return torch.from_numpy(draws.random.uniform(0.1, 3, size=shape))


def inside(*shape):
    return torch.from_numpy(draws.random.uniform(0.05, 0.95, size=shape))


def with_zeros(*shape):
    x = real(*shape)
    return x * mask(0.8, *shape)


def einsum(equation):
    return lambda *x: torch.einsum(equation, *x)


def different(n, *shape):
    """Ids that are different along the first dimension."""
    return torch.from_numpy(draws.random.permuted(draws.random.random((n,) + shape[1:]).argsort(0), axis=0)[: shape[0]])


def rms_norm(eps):  # torch.nn.functional.rms_norm is younger than the PyTorch that made the file
    return lambda x, w: x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * w


STEPS = torch.cat([real(9) * 3, points(-2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 2.5, 7, 1e15)])
WHOLE = torch.cat([real(9), points(-40, -3, -1e-8, 0, 1e-8, 1, 3, 18)])
ABOVE = torch.cat([positive(9), points(1e-30, 1e-3, 1, 1e10)])
NAN, INF = float("nan"), float("inf")
WITH_NAN = points(3, NAN, 1, 2, NAN, 5, 4, 4, 0).reshape(3, 3)
EDGES = points(0, 1, 0, 1, 0.5, 1e-30, 0.25)
TARGETS = points(0, 1, 1, 0, 0.5, 0.25, 1)

CASES = {
    "sign": ([STEPS], torch.sign),
    "floor": ([STEPS], torch.floor),
    "ceil": ([STEPS], torch.ceil),
    "round": ([STEPS], torch.round),
    "log1p": ([ABOVE], torch.log1p),
    "expm1": ([WHOLE], torch.expm1),
    "log2": ([ABOVE], torch.log2),
    "reciprocal": ([ABOVE], torch.reciprocal),
    "rsqrt": ([ABOVE], torch.rsqrt),
    "silu": ([WHOLE], F.silu),
    "elu": ([WHOLE], lambda x: F.elu(x, 0.7)),
    "glu": ([real(3, 4)], F.glu),
    "glu_first": ([real(4, 3)], lambda x: F.glu(x, 0)),
    "logsigmoid": ([WHOLE], F.logsigmoid),
    "isnan": ([points(1, NAN, INF, -INF)], torch.isnan),
    "isinf": ([points(1, NAN, INF, -INF)], torch.isinf),
    "all": ([mask(0.7, 4, 3)], lambda m: m.all(1)),
    "any": ([mask(0.3, 4, 3)], lambda m: m.any(0, keepdim=True)),
    "prod": ([real(3, 4)], lambda x: x.prod()),
    "prod_dim": ([with_zeros(4, 5, 3)], lambda x: x.prod(1)),
    "cumprod": ([real(3, 5, 2)], lambda x: x.cumprod(1)),
    "cumprod_zeros": ([with_zeros(6, 5)], lambda x: x.cumprod(-1)),
    "max_with_indices": ([real(3, 5)], lambda x: x.max(1)[0]),
    "max_indices": ([real(3, 5)], lambda x: x.max(1)[1]),
    "max_nan": ([WITH_NAN], lambda x: x.max(1)[0].isnan()),
    "max_nan_indices": ([WITH_NAN], lambda x: x.max(1)[1]),
    "min_with_indices": ([real(3, 5)], lambda x: x.min(0, keepdim=True)[0]),
    "min_indices": ([real(3, 5)], lambda x: x.min(0, keepdim=True)[1]),
    "median_odd": ([real(3, 5)], lambda x: x.median(1)[0]),
    "median_even": ([real(6, 3)], lambda x: x.median(0)[0]),
    "median_indices": ([real(3, 6)], lambda x: x.median(1, keepdim=True)[1]),
    "median_nan": ([WITH_NAN], lambda x: x.median(1)[0].isnan()),
    "median_nan_indices": ([WITH_NAN], lambda x: x.median(1)[1]),
    "median_of_all": ([ties(4, 5)], torch.median),
    "tril": ([real(2, 4, 3)], lambda x: x.tril(-1)),
    "triu": ([real(3, 5)], lambda x: x.triu(1)),
    "repeat": ([real(2, 3)], lambda x: x.repeat(2, 1, 3)),
    "repeat_interleave": ([real(2, 3)], lambda x: x.repeat_interleave(2, 1)),
    "repeat_interleave_all": ([real(2, 3)], lambda x: x.repeat_interleave(3)),
    "repeat_interleave_counts": ([real(4, 3), ids(3, 4)], lambda x, n: x.repeat_interleave(n, 0)),
    "outer": ([real(3), real(4)], torch.outer),
    "meshgrid_ij": ([real(3), real(4)], lambda a, b: torch.meshgrid(a, b, indexing="ij")[0]),
    "meshgrid_xy": ([real(3), real(4), real(2)], lambda *x: torch.meshgrid(*x, indexing="xy")[1]),
    "einsum_matmul": ([real(3, 4), real(4, 5)], einsum("ij,jk->ki")),
    "einsum_implicit": ([real(3, 4), real(4, 5)], einsum("bA,AC")),
    "einsum_diagonal": ([real(2, 3, 3)], einsum("bii->ib")),
    "einsum_trace": ([real(4, 4)], einsum("ii")),
    "einsum_ellipsis": ([real(2, 1, 3, 4), real(5, 4, 2)], einsum("...ij,...jk")),
    "einsum_ellipsis_summed": ([real(2, 3, 4), real(3, 4)], einsum("i...,...->i")),
    "einsum_heads": ([real(2, 3, 2, 4), real(2, 5, 2, 4)], einsum("bqhd,bkhd->bhqk")),
    "einsum_bilinear": ([real(2, 3), real(4, 3, 5), real(2, 5)], einsum("bn,anm,bm->ba")),
    "einsum_size_1": ([real(3, 4), real(1, 4)], einsum("ij,ij->i")),
    "scatter": ([real(4, 3), different(4, 3, 3), real(3, 3)], lambda x, i, s: x.scatter(0, i, s)),
    "scatter_value": ([real(4, 3), ids(3, 4, 2)], lambda x, i: x.scatter(1, i, 0.25)),
    "index_add": ([real(4, 3), ids(4, 6), real(6, 3)], lambda x, i, s: x.index_add(0, i, s, alpha=-0.5)),
    "slice_scatter": ([real(3, 7), real(3, 3)], lambda x, s: x.slice_scatter(s, 1, 1, 7, 2)),
    "select_scatter": ([real(3, 4), real(3)], lambda x, s: x.select_scatter(s, 1, -2)),
    "masked_select": ([real(3, 4), mask(0.5, 4)], torch.masked_select),
    "nonzero": ([ties(3, 4)], torch.nonzero),
    "rms_norm": ([real(3, 2, 6), real(6)], rms_norm(1e-5)),
    "rms_norm_default": ([real(3, 6) * 1e-8, real(6)], rms_norm(torch.finfo(torch.float64).eps)),
    "group_norm": ([real(2, 6, 3, 2), real(6), real(6)], lambda x, w, b: F.group_norm(x, 3, w, b)),
    "group_norm_vector": ([real(5, 4)], lambda x: F.group_norm(x, 2, eps=1e-3)),
    "l1": ([real(4, 5), real(4, 5)], F.l1_loss),
    "l1_none": ([ties(4, 5), ties(4, 5)], lambda x, t: F.l1_loss(x, t, reduction="none")),
    "bce": ([inside(4, 5), inside(4, 5)], F.binary_cross_entropy),
    "bce_edges": ([EDGES, TARGETS], lambda p, t: F.binary_cross_entropy(p, t.detach(), reduction="none")),
    "kl_div": ([torch.log_softmax(real(4, 5), -1), torch.softmax(real(4, 5), -1)], lambda x, t: F.kl_div(x, t, reduction="sum")),
    "kl_div_mean": ([real(4, 5), positive(4, 5)], lambda x, t: F.kl_div(x, t, reduction="mean")),
    "kl_div_log": ([real(4, 5), real(4, 5)], lambda x, t: F.kl_div(x, t, reduction="none", log_target=True)),
    "kl_div_zeros": ([real(4), points(0, 0.5, 0, 0.5)], lambda x, t: F.kl_div(x, t.detach(), reduction="none")),
}


def main():
    arrays = {}
    for name, (inputs, f) in CASES.items():
        cases.record_op(arrays, name, inputs, f, cotangent)
    cases.save_beside(__file__, {name: array for name, array in arrays.items() if array is not None})


if __name__ == "__main__":
    main()
