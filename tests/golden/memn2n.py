"""Golden values of the end-to-end memory network, written in PyTorch as the paper has it, story by story and sentence by
sentence: writes memn2n.safetensors beside this script, in the form of cases.py."""

import cases
import torch
from torch import nn

torch.manual_seed(16)
torch.set_default_dtype(torch.float64)
V, D, N_MAX, HOPS = 9, 4, 6, 3
arrays = {}


def tables(count, rows):
    made = [torch.randn(rows, D) * 0.5 for _ in range(count)]
    for table in made:
        table[0] = 0
    return nn.ParameterList([nn.Parameter(table) for table in made])


class MemN2N(nn.Module):
    """Parameters are named as fovea lists them: each tensor once, A before C."""

    def __init__(self, layer_wise, position_encoding, linear_start):
        super().__init__()
        self.layer_wise, self.position_encoding = layer_wise, position_encoding
        self.linear_start = torch.tensor(float(linear_start))
        if layer_wise:
            words, times = tables(4, V), tables(2, N_MAX + 1)
            self.A, self.C = words[:1], words[1:2]
            self.T_A, self.T_C = times[:1], times[1:]
            self.B, self.W = words[2], words[3]
            self.H = nn.Parameter(torch.randn(D, D))
        else:  # HOPS + 1 tables: A of each hop, and the last hop's C
            self.A, self.T_A = tables(HOPS, V), tables(HOPS, N_MAX + 1)
            self.C = nn.ParameterDict({str(HOPS - 1): tables(1, V)[0]})
            self.T_C = nn.ParameterDict({str(HOPS - 1): tables(1, N_MAX + 1)[0]})

    def encode(self, table, words):
        total = torch.zeros(D)
        J = int((words != 0).sum())
        for j, word in enumerate(words, 1):
            if word == 0:
                continue
            l = torch.ones(D)
            if self.position_encoding:
                l = torch.stack([torch.tensor((1 - j / J) - (k / D) * (1 - 2 * j / J)) for k in range(1, D + 1)])
            total = total + l * table[word]
        return total

    def of_hop(self, k):
        if self.layer_wise:
            return (self.A[0], self.T_A[0]), (self.C[0], self.T_C[0])
        inside = self.A[k], self.T_A[k]
        last = k + 1 == HOPS
        return inside, (self.C[str(k)], self.T_C[str(k)]) if last else (self.A[k + 1], self.T_A[k + 1])

    def answer(self, story, question, mask, times):
        kept = [i for i in range(len(story)) if mask[i]]
        u = self.encode(self.B if self.layer_wise else self.A[0], question)
        for k in range(HOPS):
            (a, time_a), (c, time_c) = self.of_hop(k)
            o = torch.zeros(D)
            if kept:
                memory = lambda table, time: torch.stack(
                    [self.encode(table, story[i]) + time[min(int(times[i]), N_MAX)] for i in kept])
                p = memory(a, time_a) @ u
                if self.linear_start == 0:
                    p = torch.softmax(p, dim=0)
                o = p @ memory(c, time_c)
            u = (self.H @ u if self.layer_wise else u) + o
        return (self.W if self.layer_wise else self.C[str(HOPS - 1)]) @ u


def record(case, layer_wise, position_encoding, linear_start):
    model = MemN2N(layer_wise, position_encoding, linear_start)
    story = torch.randint(1, V, (3, 5, 4))
    story[:, :, 3] *= torch.randint(0, 2, (3, 5))  # some sentences are shorter
    inputs = {"story": story, "question": torch.randint(1, V, (3, 4)),
              "mask": torch.tensor([[True] * 5, [True] * 2 + [False] * 3, [False] * 5]),
              "times": torch.tensor([[9, 6, 4, 3, 1], [2, 1, 0, 0, 0], [0] * 5])}
    cases.record_layer(arrays, case, model, inputs, lambda story, question, mask, times: {
        "z": torch.stack([model.answer(*row) for row in zip(story, question, mask, times)])})
    for name in [name for name in arrays if name.startswith(case + "/gradient/")]:
        if not name.endswith("/H"):
            arrays[name][0] = 0  # the nil row is held at 0
    arrays[case + "/parameter/linear_start"] = model.linear_start


record("adjacent", False, True, False)
record("adjacent_linear", False, True, True)
record("layer_wise", True, False, False)
cases.save_beside(__file__, arrays)
