"""Golden values of layers, from PyTorch: writes layers.safetensors beside this script, in the form of cases.py."""

import cases
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
arrays = {}


def record(case, module, inputs, call):
    cases.record_layer(arrays, case, module, inputs, call)


def sequence(case, module, lengths=None, initial=False):
    batch, steps, hidden = 3, 5, module.hidden_size
    states = module.num_layers * (2 if module.bidirectional else 1)
    is_lstm = isinstance(module, nn.LSTM)
    inputs = {"x": torch.randn(batch, steps, module.input_size)}
    if initial:
        inputs["hidden"] = torch.randn(states, batch, hidden)
        if is_lstm:
            inputs["cell"] = torch.randn(states, batch, hidden)
    if lengths:
        inputs["lengths"] = torch.tensor(lengths)

    def call(x, hidden=None, cell=None, lengths=None):
        before = hidden if cell is None else (hidden, cell)
        packed = x if lengths is None else pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, after = module(packed, before)
        if lengths is not None:
            y, _ = pad_packed_sequence(y, batch_first=True, total_length=steps)
        outputs = {"y": y, "hidden": after[0] if is_lstm else after}
        if is_lstm:
            outputs["cell"] = after[1]
        return outputs

    record(case, module, inputs, call)


def cell(case, module):
    inputs = {"x": torch.randn(3, 2), "hidden": torch.randn(3, 4)}
    if isinstance(module, nn.LSTMCell):
        inputs["cell"] = torch.randn(3, 4)
        record(case, module, inputs, lambda x, hidden, cell: dict(zip(("hidden", "cell"), module(x, (hidden, cell)))))
    else:
        record(case, module, inputs, lambda x, hidden: {"hidden": module(x, hidden)})


for kind, name in ((nn.RNN, "rnn"), (nn.LSTM, "lstm"), (nn.GRU, "gru")):
    sequence(f"{name}", kind(3, 4, batch_first=True), initial=True)
    sequence(f"{name}_no_bias", kind(2, 3, bias=False, batch_first=True))
    sequence(f"{name}_deep", kind(3, 4, num_layers=2, bidirectional=True, batch_first=True), lengths=[3, 5, 1], initial=True)
sequence("rnn_relu", nn.RNN(3, 4, nonlinearity="relu", batch_first=True))
cell("rnn_cell", nn.RNNCell(2, 4))
cell("lstm_cell", nn.LSTMCell(2, 4))
cell("gru_cell", nn.GRUCell(2, 4))

linear = nn.Linear(5, 3)
record("linear", linear, {"x": torch.randn(2, 4, 5)}, lambda x: {"y": linear(x)})
norm = nn.LayerNorm(6)
nn.init.normal_(norm.weight)
nn.init.normal_(norm.bias)
record("layer_norm", norm, {"x": torch.randn(3, 2, 6)}, lambda x: {"y": norm(x)})
table = nn.Embedding(7, 3, padding_idx=2)
record("embedding", table, {"x": torch.tensor([[0, 2, 6], [6, 6, 1]])}, lambda x: {"y": table(x)})
for name, conv, size in (
    ("conv2d", nn.Conv2d(2, 3, 3), (5, 4)),
    ("conv2d_padding", nn.Conv2d(2, 9, 3, padding=1), (4, 5)),
    ("conv2d_stride", nn.Conv2d(3, 2, (2, 3), stride=(2, 3), padding=(1, 2), bias=False), (6, 7)),
    ("conv2d_steps", nn.Conv2d(1, 2, (3, 1), stride=(1, 2)), (6, 7)),
):
    record(name, conv, {"x": torch.randn(2, conv.in_channels, *size)}, lambda x, conv=conv: {"y": conv(x)})


class RMSNorm(nn.Module):  # torch.nn has it since 2.4
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(size))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + torch.finfo(x.dtype).eps) * self.weight


rms = RMSNorm(6)
record("rms_norm", rms, {"x": torch.randn(3, 2, 6)}, lambda x: {"y": rms(x)})
groups = nn.GroupNorm(3, 6)
nn.init.normal_(groups.weight)
nn.init.normal_(groups.bias)
record("group_norm", groups, {"x": torch.randn(2, 6, 3, 2)}, lambda x: {"y": groups(x)})
for name, conv, size in (
    ("conv1d", nn.Conv1d(2, 3, 3), 6),
    ("conv1d_stride", nn.Conv1d(2, 3, 3, stride=2, padding=2, bias=False), 7),
    ("conv1d_dilation", nn.Conv1d(3, 2, 2, padding=1, dilation=4), 8),
    ("conv1d_groups", nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), 9),
):
    record(name, conv, {"x": torch.randn(2, conv.in_channels, size)}, lambda x, conv=conv: {"y": conv(x)})

cases.save_beside(__file__, arrays)
