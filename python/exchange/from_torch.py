"""A state dict of PyTorch's in fovea: names, shapes and the order of gates are torch.nn's, so that a file is enough.

    python python/exchange/from_torch.py

Needs torch, safetensors (pip) and fovea. Each pair below is made anew, saved by one side, loaded by the other, and
called on the same input; the largest difference is printed, and must be below 1e-5.
"""
import pathlib
import tempfile

import fovea
import torch
from safetensors.torch import save_file
from torch import nn

from twin import TransformerModel

sizes = dict(embed_dim=16, heads=4, feed_forward=32, layers=2, dropout=0.0, norm_first=True)

# name: torch's module, ours, and how both are called on what `inputs` makes.
pairs = {
    "Linear": (nn.Linear(5, 3), fovea.Linear(5, 3)),
    "Embedding": (nn.Embedding(7, 4), fovea.Embedding(7, 4)),
    "LayerNorm": (nn.LayerNorm(5), fovea.LayerNorm(5)),
    "Conv2d": (nn.Conv2d(2, 3, 3, padding=1), fovea.Conv2d(2, 3, 3, padding=1)),
    "BatchNorm2d": (nn.BatchNorm2d(2), fovea.BatchNorm2d(2)),
    "LSTM": (nn.LSTM(5, 4, num_layers=2, batch_first=True, bidirectional=True),
             fovea.LSTM(5, 4, layers=2, bidirectional=True)),
    "GRU": (nn.GRU(5, 4, batch_first=True), fovea.GRU(5, 4)),
    "RNN": (nn.RNN(5, 4, batch_first=True), fovea.RNN(5, 4)),
    "MultiheadAttention": (nn.MultiheadAttention(8, 2, batch_first=True), fovea.MultiHeadAttention(8, 2)),
    "TransformerEncoder": (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True), 2),
                           fovea.TransformerEncoder(8, 2, 16, 2, dropout=0.0, final_norm=False)),
    "TransformerModel": (TransformerModel(11, **sizes), fovea.TransformerModel(11, **sizes)),
}


def inputs(name):
    ids = torch.randint(0, 7, (2, 6))
    if name == "TransformerModel":
        return ids, torch.randint(0, 11, (2, 5))
    if name == "Embedding":
        return (ids,)
    if name in ("Conv2d", "BatchNorm2d"):
        return (torch.randn(2, 2, 4, 4),)
    if name == "MultiheadAttention":
        return (torch.randn(2, 6, 8),) * 3
    return (torch.randn(2, 6, 8 if name == "TransformerEncoder" else 5),)


def first(output):
    """Outputs, of those modules that give their states, caches or weights too."""
    return output[0] if isinstance(output, tuple) else getattr(output, "logits", output)


@torch.no_grad()
def difference(name, theirs, ours, folder):
    """The largest difference of the outputs, after torch's weights became ours through a file."""
    for parameter in theirs.parameters():  # biases and norms too are worth telling apart
        parameter.copy_(torch.randn_like(parameter) * 0.3)
    file = folder / f"{name}.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in theirs.state_dict().items()}, file)
    ours.load_safetensors(file)  # strict, and whole or not at all
    theirs.eval(), ours.eval()
    x = inputs(name)
    expected = first(theirs(*x))
    got = first(ours(*map(fovea.from_dlpack, x)))
    return (torch.from_dlpack(got.detach()) - expected).abs().max().item()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name, (theirs, ours) in pairs.items():
            found = difference(name, theirs, ours, pathlib.Path(folder))
            print(f"{name:<20} {found:.1e}")
            assert found < 1e-5, name
