"""Golden values of the stack-augmented network: writes stack_rnn.safetensors beside this script, in the form of cases.py.
Joulin & Mikolov 2015, arXiv 1503.01007, cell by cell: every stack cell is one line of arithmetic, gradients by PyTorch."""

import cases
import torch
from torch import nn

torch.manual_seed(12)
torch.set_default_dtype(torch.float64)
arrays = {}
INPUT, HIDDEN, STACKS, CAPACITY, READ = 3, 4, 2, 7, 2


class StackRnn(nn.Module):
    def __init__(self, kind, recurrent):
        super().__init__()
        self.kind, self.recurrent = kind, recurrent
        self.actions = 2 if kind == "two" else 3
        seen = INPUT + STACKS * READ + (HIDDEN if recurrent else 0)
        self.input = nn.Parameter(torch.randn(HIDDEN, seen))
        self.control = nn.Parameter(torch.randn(STACKS * (self.actions + 1), HIDDEN))

    def cell(self, old, i, a, v):
        """Cell i of one stack or list after a step; what is beyond either end is empty."""
        at = lambda j: old[j] if 0 <= j < CAPACITY else torch.tensor(-1.0)
        if self.kind == "list":
            right, left, insert = a
            head = CAPACITY // 2
            kept = v if i == head else at(i + 1) if i < head else at(i)
            return right * at(i + 1) + left * at(i - 1) + insert * kept
        pop, stay, push = (a[0], torch.tensor(0.0), a[1]) if self.kind == "two" else a
        return push * (v if i == 0 else at(i - 1)) + pop * at(i + 1) + stay * at(i)

    def forward(self, x, stacks):
        outputs, last = [], []
        top = CAPACITY // 2 - READ + 1 if self.kind == "list" else 0
        for b in range(x.size(0)):
            h, stack, row = torch.zeros(HIDDEN), list(stacks[b]), []
            for t in range(x.size(1)):
                seen = [x[b, t]] + [s[top:top + READ] for s in stack] + ([h] if self.recurrent else [])
                h = torch.sigmoid(self.input @ torch.cat(seen))
                out = self.control @ h
                for s in range(STACKS):
                    a = torch.softmax(out[s * self.actions:(s + 1) * self.actions], 0)
                    v = torch.sigmoid(out[STACKS * self.actions + s])
                    stack[s] = torch.stack([self.cell(stack[s], i, a, v) for i in range(CAPACITY)])
                row.append(h)
            outputs.append(torch.stack(row))
            last.append(torch.stack(stack))
        return {"hidden": torch.stack(outputs), "stacks": torch.stack(last)}


for kind in ("stack", "two", "list"):
    for recurrent in (False, True):
        module = StackRnn(kind, recurrent)
        inputs = {"x": torch.randn(2, 5, INPUT), "stacks": torch.randn(2, STACKS, CAPACITY)}
        cases.record_layer(arrays, kind + ("_recurrent" if recurrent else ""), module, inputs, module)

cases.save_beside(__file__, arrays)
