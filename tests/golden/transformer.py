"""Golden values of multi-head attention and the Transformer's layers, from PyTorch: writes transformer.safetensors
beside this script, in the form of cases.py. Masks are kept in our sense: true = may be attended.
"""

import cases
import torch
from torch import nn

torch.manual_seed(17)
torch.set_default_dtype(torch.float64)
arrays = {}


def record(case, module, inputs, call):
    for parameter in module.parameters():
        if parameter.dim() == 1:
            nn.init.uniform_(parameter, -0.5, 1)
    cases.record_layer(arrays, case, module, inputs, call)


def attention(case, masks=None, queries=5, keys=5, self_attention=True, heads=2, weights=False, **options):
    layer = nn.MultiheadAttention(4, heads, batch_first=True, **options)
    inputs = {"x": torch.randn(2, queries, 4)}
    if not self_attention:
        inputs["key"] = torch.randn(2, keys, layer.kdim)
        inputs["value"] = torch.randn(2, keys, layer.vdim)
    inputs.update(masks or {})

    def call(x, key=None, value=None, padding=None, mask=None):
        y, w = layer(
            x,
            x if key is None else key,
            x if value is None else value,
            key_padding_mask=None if padding is None else ~padding,
            attn_mask=None if mask is None else ~mask.expand(2, heads, queries, keys).reshape(-1, queries, keys),
            need_weights=weights,
            average_attn_weights=False,
        )
        return {"y": y, "weights": w} if weights else {"y": y}

    record(case, layer, inputs, call)


padding = torch.tensor([[True, True, True, False, False], [True] * 5])
causal = torch.ones(5, 5, dtype=torch.bool).tril()
per_head = (torch.rand(2, 2, 5, 5) < 0.6) | torch.eye(5, dtype=torch.bool)
attention("self")
attention("self_padding", {"padding": padding})
attention("self_causal", {"mask": causal})
attention("self_both", {"padding": padding, "mask": causal})
attention("self_per_head", {"mask": per_head})
attention("self_weights", {"mask": per_head}, weights=True)
attention("self_no_bias", bias=False)
attention("cross", {"padding": padding[:, :4]}, queries=3, keys=4, self_attention=False, weights=True)
attention("cross_sizes", queries=3, keys=4, self_attention=False, kdim=3, vdim=5)

for name, first, activation in (("post_relu", False, "relu"), ("pre_gelu", True, "gelu")):
    shape = dict(
        d_model=4, nhead=2, dim_feedforward=6, dropout=0.0, batch_first=True, norm_first=first, activation=activation
    )
    encoder, decoder = nn.TransformerEncoderLayer(**shape), nn.TransformerDecoderLayer(**shape)
    record(
        f"encoder_{name}",
        encoder,
        {"x": torch.randn(2, 5, 4), "padding": padding},
        lambda x, padding: {"y": encoder(x, src_key_padding_mask=~padding)},
    )
    record(
        f"decoder_{name}",
        decoder,
        {"x": torch.randn(2, 5, 4), "memory": torch.randn(2, 5, 4), "padding": padding},
        lambda x, memory, padding: {"y": decoder(x, memory, tgt_mask=~causal, memory_key_padding_mask=~padding)},
    )
whole = nn.Transformer(4, 2, 1, 1, 6, dropout=0.0, batch_first=True)
record(
    "whole",
    whole,
    {"x": torch.randn(2, 3, 4), "target": torch.randn(2, 4, 4)},
    lambda x, target: {"y": whole(x, target, tgt_mask=~causal[:4, :4])},
)

cases.save_beside(__file__, arrays)
