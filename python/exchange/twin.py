"""What fovea's TransformerModel is, of torch.nn's parts: the same names, so that the files of either load into the other.

    x = E_s[source] √D + PE,   y = E_t[input_ids] √D + PE,   logits = transformer(x, y) Uᵀ
"""
import math

import torch
from torch import nn


def sinusoidal_positions(count, size):
    """PE[p, 2i] = sin(p / 10000^(2i / D)), PE[p, 2i + 1] = cos of the same; [T, D]."""
    angle = torch.arange(count)[:, None] / 10000 ** (torch.arange(0, size, 2) / size)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


class TransformerModel(nn.Module):
    def __init__(self, source_vocabulary, target_vocabulary=0, embed_dim=512, heads=8, feed_forward=2048, layers=6,
                 dropout=0.1, activation="relu", norm_first=False, tied=True):
        super().__init__()
        table = lambda rows: nn.Parameter(torch.randn(rows, embed_dim) / math.sqrt(embed_dim))
        target_vocabulary = target_vocabulary or source_vocabulary
        self.source_embedding = table(source_vocabulary)
        if not (tied and target_vocabulary == source_vocabulary):
            self.target_embedding = table(target_vocabulary)
        if not tied:
            self.output = table(target_vocabulary)
        self.transformer = nn.Transformer(embed_dim, heads, layers, layers, feed_forward, dropout, activation,
                                          batch_first=True, norm_first=norm_first)

    def embedded(self, table, ids):
        D = table.size(1)
        return table[ids] * math.sqrt(D) + sinusoidal_positions(ids.size(1), D).to(table)

    def forward(self, source, input_ids):
        target_embedding = getattr(self, "target_embedding", self.source_embedding)
        causal = nn.Transformer.generate_square_subsequent_mask(input_ids.size(1), dtype=target_embedding.dtype)
        h = self.transformer(self.embedded(self.source_embedding, source),
                             self.embedded(target_embedding, input_ids), tgt_mask=causal)
        return h @ getattr(self, "output", target_embedding).T
