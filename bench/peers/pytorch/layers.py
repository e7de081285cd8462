"""Linear and recurrent layers, additive attention: forward and backward, but for the cell's step."""
import torch
import torch.nn.functional as F
from torch import nn

from workloads import forward_backward, forward_only, leaf, workload


@workload
def linear_512x512_b128():
    """Linear 512 -> 512 with bias, input [128,512]."""
    x, layer = leaf(128, 512), nn.Linear(512, 512)
    return forward_backward(lambda: layer(x), [x, *layer.parameters()])


def recurrent(module):
    x = leaf(50, 32, 64)
    return forward_backward(lambda: module(x)[0], [x, *module.parameters()])


@workload
def lstm_T50_B32_I64_H128():
    """LSTM, 50 steps, batch 32, input 64, hidden 128, two biases; grad from all outputs."""
    return recurrent(nn.LSTM(64, 128))


@workload
def gru_T50_B32_I64_H128():
    """GRU (reset after the product), 50 steps, batch 32, input 64, hidden 128, two biases."""
    return recurrent(nn.GRU(64, 128))


@workload
def bilstm_T50_B32_I64_H128():
    """Bidirectional LSTM, 50 steps, batch 32, input 64, hidden 128 per direction."""
    return recurrent(nn.LSTM(64, 128, bidirectional=True))


@workload
def lstm_step_B1_H256():
    """One LSTM cell step, batch 1, input 256, hidden 256, no grad."""
    cell, x = nn.LSTMCell(256, 256), torch.randn(1, 256)
    state = torch.randn(1, 256), torch.randn(1, 256)
    return forward_only(lambda: cell(x, state))


class AdditiveAttention(nn.Module):
    """context = softmax_s(v . tanh(W_q q + W_k k_s)) k; no biases."""

    def __init__(self, query_size, key_size, hidden):
        super().__init__()
        self.project_query = nn.Linear(query_size, hidden, bias=False)
        self.project_key = nn.Linear(key_size, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, query, keys, projected_keys):
        energy = torch.tanh(self.project_query(query).unsqueeze(1) + projected_keys)
        weights = F.softmax(self.score(energy).squeeze(-1), dim=-1)
        return torch.bmm(weights.unsqueeze(1), keys).squeeze(1)


@workload
def additive_attention_B32_S50_H128():
    """Additive attention: query [32,128], keys [32,50,128], hidden 128, key projection included."""
    query, keys, layer = leaf(32, 128), leaf(32, 50, 128), AdditiveAttention(128, 128, 128)
    return forward_backward(
        lambda: layer(query, keys, layer.project_key(keys)), [query, keys, *layer.parameters()])
