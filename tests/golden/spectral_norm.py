"""Golden values of spectral normalisation, from PyTorch: writes spectral_norm.safetensors beside this script, in the form of
cases.py. parameter/ has u and v too, as they were, and after/ as they are after the call.

In training PyTorch's two forms differ in which of u and v comes first: torch.nn.utils.spectral_norm has the paper's order.
"""

import cases
import torch
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm

draws = cases.Draws(27)
torch.manual_seed(27)
torch.set_default_dtype(torch.float64)
arrays = {}

OURS = {"weight_orig": "layer.weight", "parametrizations.weight.original": "layer.weight", "bias": "layer.bias",
        "weight_u": "u", "parametrizations.weight.0._u": "u", "weight_v": "v", "parametrizations.weight.0._v": "v"}


def record(case, module, x, training=True):
    module.train(training)
    with torch.no_grad():  # so that the directions are those of another weight
        weight = next(p for name, p in module.named_parameters() if OURS[name] == "layer.weight")
        weight.add_(draws.real(*weight.shape), alpha=0.2)
    for name, buffer in module.named_buffers():
        arrays[f"{case}/parameter/{OURS[name]}"] = buffer.clone()
    of_case = {}
    cases.record_layer(of_case, case, module, {"x": x}, lambda x: {"y": module(x)})
    for name, array in of_case.items():
        kind, _, member = name.partition("/")[2].partition("/")
        arrays[f"{case}/{kind}/{OURS.get(member, member)}"] = array
    for name, buffer in module.named_buffers():
        arrays[f"{case}/after/{OURS[name]}"] = buffer.clone()


record("linear", spectral_norm(nn.Linear(4, 3)), draws.real(2, 4))
record("linear_eval", parametrizations.spectral_norm(nn.Linear(4, 3)), draws.real(2, 4), training=False)
record("conv2d", spectral_norm(nn.Conv2d(2, 4, (3, 2), stride=2, padding=1)), draws.real(2, 2, 5, 4))
record("conv_transpose2d", spectral_norm(nn.ConvTranspose2d(3, 2, 3, stride=2, bias=False)), draws.real(2, 3, 3, 2))
record("conv_transpose2d_eval", parametrizations.spectral_norm(nn.ConvTranspose2d(3, 2, 3)), draws.real(2, 3, 3, 2),
       training=False)
record("embedding", spectral_norm(nn.Embedding(5, 3)), draws.ids(5, 4, 2))

cases.save_beside(__file__, arrays)
