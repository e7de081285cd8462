"""Multi-head attention and transformers."""
import torch
import torch.nn.functional as F
from torch import nn

from workloads import adam, forward_backward, forward_only, leaf, train_step, workload


@workload
def mha_B8_T128_D256_h8():
    """Self attention, batch 8, 128 steps, width 256, 8 heads, biases, causal mask."""
    x, layer = leaf(8, 128, 256), nn.MultiheadAttention(256, 8, batch_first=True)
    causal = torch.ones(128, 128, dtype=torch.bool).triu(1)
    return forward_backward(
        lambda: layer(x, x, x, attn_mask=causal, need_weights=False)[0], [x, *layer.parameters()])


@workload
def mha_B1_T2048_D64_h1():
    """Self attention, batch 1, 2048 steps, width 64, 1 head, biases, no mask."""
    x, layer = leaf(1, 2048, 64), nn.MultiheadAttention(64, 1, batch_first=True)
    return forward_backward(
        lambda: layer(x, x, x, need_weights=False)[0], [x, *layer.parameters()])


@workload
def transformer_encoder_layer_B8_T128_D256_h8_F1024():
    """Post-norm encoder layer, batch 8, 128 steps, width 256, 8 heads, ReLU FF 1024, no mask."""
    x = leaf(8, 128, 256)
    layer = nn.TransformerEncoderLayer(256, 8, 1024, dropout=0.0, batch_first=True)
    return forward_backward(lambda: layer(x), [x, *layer.parameters()])


@workload
def transformer_copy_B32_T32_D128_h4_L2():
    """Encoder-decoder transformer, batch 32, 32+32 steps, width 128, 4 heads, 2+2 post-norm layers and
    final norms, ReLU FF 512, vocabulary 64, learned positions, cross entropy, Adam."""
    tokens, positions = nn.Embedding(64, 128), nn.Embedding(32, 128)
    model = nn.Transformer(128, 4, 2, 2, 512, dropout=0.0, batch_first=True)
    output = nn.Linear(128, 64)
    source = torch.randint(64, (32, 32))
    fed = F.pad(source[:, :-1], (1, 0))
    causal = torch.ones(32, 32, dtype=torch.bool).triu(1)

    def loss():
        embed = lambda ids: tokens(ids) + positions.weight
        features = model(embed(source), embed(fed), tgt_mask=causal)
        return F.cross_entropy(output(features).flatten(0, 1), source.flatten())
    return train_step(adam(tokens, positions, model, output), loss)


class DecoderBlock(nn.Module):
    """Pre-norm block decoding one position against a preallocated key and value cache."""

    def __init__(self, width, heads, feed_forward, positions):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, feed_forward), nn.Linear(feed_forward, width)
        self.cache = torch.randn(2, heads, positions, width // heads)

    def forward(self, x, position):
        q, k, v = self.qkv(self.norm1(x)).view(3, self.heads, -1)
        self.cache[0, :, position], self.cache[1, :, position] = k, v
        keys, values = self.cache[:, :, :position + 1]
        scores = torch.bmm(keys, q.unsqueeze(-1)).squeeze(-1) * q.size(-1) ** -0.5
        mixed = torch.bmm(F.softmax(scores, dim=-1).unsqueeze(1), values)
        x = x + self.project(mixed.flatten().unsqueeze(0))
        return x + self.down(F.relu(self.up(self.norm2(x))))


@workload
def transformer_decode_step():
    """One token, batch 1, 4 pre-norm blocks, width 256, 8 heads, ReLU FF 1024, cached keys and values,
    at position 128 (attends to 129), final norm, no vocabulary layer, no grad."""
    blocks = nn.ModuleList(DecoderBlock(256, 8, 1024, 256) for _ in range(4))
    norm, x = nn.LayerNorm(256), torch.randn(1, 256)

    def forward():
        y = x
        for block in blocks:
            y = block(y, 128)
        return norm(y)
    return forward_only(forward)
