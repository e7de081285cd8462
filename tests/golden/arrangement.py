"""Golden values of the ops that arrange elements, from PyTorch: writes arrangement.safetensors beside this script, in
the form of cases.py.
"""

import cases
import torch
import torch.nn.functional as F

draws = cases.Draws(5)
real, ids, ties = draws.real, draws.ids, draws.ties


def mask(*shape):
    return draws.mask(0.5, *shape)


def unequal_parts(x):
    a, _, c = torch.split(x, [2, 1, 4], 1)
    return torch.cat([c, a * a], 1)


CASES = {
    "reshape": ([real(3, 4)], lambda x: x.t().reshape(2, 6)),
    "permute": ([real(2, 3, 4)], lambda x: x.permute(2, 0, 1)),
    "slice": ([real(7, 5)], lambda x: x[-6:6:2, 1:-1]),
    "select": ([real(3, 4, 2)], lambda x: x.select(1, -2)),
    "expand": ([real(3, 1)], lambda x: x.expand(2, 3, 4)),
    "squeeze": ([real(1, 3, 1)], lambda x: x.squeeze(0).unsqueeze(1)),
    "unfold": ([real(9, 2)], lambda x: x.unfold(0, 4, 2)),
    "cat": ([real(2, 3), real(2, 1), real(2, 4)], lambda a, b, c: torch.cat([a, b, c], 1)),
    "stack": ([real(2, 3), real(2, 3)], lambda a, b: torch.stack([a, b], -1)),
    "split": ([real(2, 7)], unequal_parts),
    "chunk": ([real(7, 2)], lambda x: x.chunk(3, 0)[2] * 2),
    "unbind": ([real(2, 3)], lambda x: x.unbind(1)[0] * x.unbind(1)[2]),
    "pad": ([real(2, 3, 2)], lambda x: F.pad(x, [1, 2, 0, 3], value=0.5)),
    "roll": ([real(3, 5)], lambda x: x.roll(-7, 1)),
    "flip": ([real(3, 5)], lambda x: x.flip(0)),
    "gather": ([real(4, 3), ids(4, 2, 3)], lambda x, i: x.gather(0, i)),
    "scatter_add": ([real(4, 3), ids(3, 4, 5), real(4, 5)], lambda x, i, s: x.scatter_add(1, i, s)),
    "index_select": ([real(2, 5, 3), ids(5, 8)], lambda x, i: x.index_select(1, i)),
    "embedding": ([real(6, 3), ids(6, 4, 5)], lambda t, i: F.embedding(i, t)),
    "embedding_padding": ([real(4, 3), ids(4, 3, 5)], lambda t, i: F.embedding(i, t, padding_idx=2)),
    "sort": ([ties(3, 8)], lambda x: x.sort(dim=1, stable=True)[0]),
    "sort_descending": ([ties(8, 3)], lambda x: x.sort(dim=0, stable=True, descending=True)[0]),
    "argsort": ([ties(3, 8)], lambda x: x.sort(dim=1, stable=True)[1]),
    "argsort_descending": ([ties(8, 3)], lambda x: x.sort(dim=0, stable=True, descending=True)[1]),
    "argsort_nan": ([torch.tensor([1.0, float("nan"), -float("inf"), float("inf"), float("nan"), 0.0]).double()],
                    lambda x: x.sort(stable=True)[1]),
    "topk": ([real(3, 9)], lambda x: x.topk(4, 1)[0]),
    "topk_positions": ([real(9, 3)], lambda x: x.topk(4, 0)[1]),
    "where": ([mask(3, 1), real(3, 4), real(4)], torch.where),
    "masked_fill": ([real(3, 4), mask(4)], lambda x, m: x.masked_fill(m, -0.5)),
    "to": ([real(5)], lambda x: x.float().double()),
    "embedding_bag": ([real(6, 3), ids(6, 4, 5)], lambda t, i: F.embedding_bag(i, t, mode="sum")),
    "embedding_bag_weighted": ([real(6, 21), ids(6, 4, 5), real(4, 5)],
                               lambda t, i, w: F.embedding_bag(i, t, mode="sum", per_sample_weights=w)),
    "embedding_bag_padding": ([real(3, 5), ids(3, 4, 6), real(4, 6)],
                              lambda t, i, w: F.embedding_bag(i, t, mode="sum", per_sample_weights=w, padding_idx=1)),
}


def main():
    arrays = {}
    for name, (inputs, f) in CASES.items():
        cases.record_op(arrays, name, inputs, f, real)
    cases.save_beside(__file__, arrays)


if __name__ == "__main__":
    main()
