"""Golden values of the attentive, the impatient and the uniform reader, from PyTorch: writes reader.safetensors beside
this script, in the form of cases.py, with the weights as <case>/weights.
"""

import cases
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.manual_seed(23)
torch.set_default_dtype(torch.float64)
arrays = {}
entities, vocabulary, size, hidden = 4, 9, 3, 2
S = 2 * hidden


class Score(nn.Module):
    def __init__(self, query):
        super().__init__()
        self.query_weight = nn.Parameter(torch.randn(S, query))
        self.key_weight = nn.Parameter(torch.randn(S, S))
        self.v = nn.Parameter(torch.randn(S))


class Attention(nn.Module):
    def __init__(self, query):
        super().__init__()
        self.score = Score(query)

    def forward(self, query, keys, mask):
        m = torch.tanh(keys @ self.score.key_weight.T + (query @ self.score.query_weight.T)[:, None])
        s = torch.softmax((m @ self.score.v).masked_fill(~mask, -torch.inf), 1)
        return s, (s[:, :, None] * keys).sum(1)


class Reader(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.embedding = nn.Embedding(vocabulary, size)
        self.document = nn.LSTM(size, hidden, batch_first=True, bidirectional=True)
        self.query = nn.LSTM(size, hidden, batch_first=True, bidirectional=True)
        self.read_to_g, self.query_to_g = nn.Linear(S, S, bias=False), nn.Linear(S, S, bias=False)
        self.answer = nn.Linear(S, entities, bias=False)
        if kind == "attentive":
            self.attention = Attention(S)
        if kind == "impatient":
            self.attention = Attention(2 * S)
            self.carry = nn.Linear(S, S, bias=False)
            self.start = nn.Parameter(torch.randn(S))

    def annotate(self, lstm, ids, lengths):
        packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
        y, (h, _) = lstm(packed)
        return pad_packed_sequence(y, batch_first=True, total_length=ids.shape[1])[0], torch.cat([h[0], h[1]], 1)

    def forward(self, document, query, document_lengths, query_lengths):
        y_d, _ = self.annotate(self.document, document, document_lengths)
        y_q, u = self.annotate(self.query, query, query_lengths)
        mask = torch.arange(document.shape[1]) < document_lengths[:, None]
        if self.kind == "attentive":
            s, r = self.attention(u, y_d, mask)
            weights = s[:, None]
        elif self.kind == "uniform":
            s = mask / document_lengths[:, None]
            r, weights = (s[:, :, None] * y_d).sum(1), s[:, None]
        else:
            r, each = self.start.expand(len(u), -1), []
            for i in range(query.shape[1]):
                s, found = self.attention(torch.cat([r, y_q[:, i]], 1), y_d, mask)
                r = torch.where((i < query_lengths)[:, None], found + torch.tanh(self.carry(r)), r)
                each.append(s)
            weights = torch.stack(each, 1)
        logits = self.answer(torch.tanh(self.read_to_g(r) + self.query_to_g(u)))
        named = ((document[:, :, None] == torch.arange(entities)) & mask[:, :, None]).any(1)
        self.weights = weights.detach()
        return torch.log_softmax(logits.masked_fill(~named, -torch.inf), 1)


document = torch.tensor([[0, 4, 2, 5, 8, 6], [3, 7, 1, 0, 2, 2]])
inputs = {
    "document": document,
    "query": torch.tensor([[8, 5, 2, 4], [1, 8, 0, 0]]),
    "document_lengths": torch.tensor([6, 3]),
    "query_lengths": torch.tensor([4, 2]),
}
for kind in ("attentive", "impatient", "uniform"):
    reader = Reader(kind)

    def call(reader=reader, **x):
        log_p = reader(**x)
        return {"p": log_p.exp(), "loss": -log_p.gather(1, torch.tensor([[2], [3]]))[:, 0]}

    cases.record_layer(arrays, kind, reader, inputs, call)
    arrays[f"{kind}/weights"] = reader.weights

cases.save_beside(__file__, arrays)
