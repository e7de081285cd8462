"""Training steps of whole models."""
import torch
import torch.nn.functional as F
from torch import nn

from layers import AdditiveAttention
from workloads import adam, train_step, workload


class NTM(nn.Module):
    """LSTM controller, one read head and one write head, content and shift addressing."""

    def __init__(self, inputs, outputs, hidden=100, slots=128, width=20):
        super().__init__()
        self.slots, self.width = slots, width
        self.controller = nn.LSTMCell(inputs + width, hidden)
        self.address_size = width + 6  # key, strength, gate, 3 shifts, sharpening
        self.heads = nn.Linear(hidden, 2 * self.address_size + 2 * width)
        self.output = nn.Linear(hidden + width, outputs)

    def address(self, params, memory, previous):
        key, strength, gate, shift, sharpen = params.split([self.width, 1, 1, 3, 1], dim=-1)
        key = torch.tanh(key)
        # Three times faster here than F.cosine_similarity, which broadcasts the key.
        similarity = torch.bmm(memory, key.unsqueeze(-1)).squeeze(-1) / (
            memory.norm(dim=-1) * key.norm(dim=-1, keepdim=True) + 1e-8)
        content = F.softmax(F.softplus(strength) * similarity, dim=-1)
        gate = torch.sigmoid(gate)
        mixed = gate * content + (1 - gate) * previous
        left, stay, right = F.softmax(shift, dim=-1).split(1, dim=-1)
        shifted = left * mixed.roll(1, -1) + stay * mixed + right * mixed.roll(-1, -1)
        sharp = (shifted + 1e-8) ** (1 + F.softplus(sharpen))
        return sharp / sharp.sum(-1, keepdim=True)

    def forward(self, inputs):
        batch = inputs.size(1)
        memory = inputs.new_full((batch, self.slots, self.width), 1e-6)
        read = inputs.new_zeros(batch, self.width)
        read_weights = write_weights = inputs.new_full((batch, self.slots), 1 / self.slots)
        state, outputs = None, []
        for x in inputs:
            state = self.controller(torch.cat([x, read], dim=-1), state)
            read_params, write_params, erase, add = self.heads(state[0]).split(
                [self.address_size, self.address_size, self.width, self.width], dim=-1)
            write_weights = self.address(write_params, memory, write_weights)
            w = write_weights.unsqueeze(-1)
            memory = (memory * (1 - w * torch.sigmoid(erase).unsqueeze(1))
                      + w * torch.tanh(add).unsqueeze(1))
            read_weights = self.address(read_params, memory, read_weights)
            read = torch.bmm(read_weights.unsqueeze(1), memory).squeeze(1)
            outputs.append(torch.cat([state[0], read], dim=-1))
        return self.output(torch.stack(outputs))


def ntm_copy(batch):
    bits, length = 8, 20
    model = NTM(bits + 1, bits)
    target = torch.randint(2, (length, batch, bits)).float()
    inputs = torch.zeros(2 * length + 1, batch, bits + 1)
    inputs[:length, :, :bits] = target
    inputs[length, :, bits] = 1
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-4, alpha=0.95, momentum=0.9)
    return train_step(optimizer, lambda: F.binary_cross_entropy_with_logits(
        model(inputs)[length + 1:], target))


@workload
def ntm_copy_B1_L20():
    """NTM copy, batch 1: 41 steps of 9 inputs, LSTM 100, memory 128x20, 1+1 heads, RMSprop with momentum."""
    return ntm_copy(1)


@workload
def ntm_copy_B16_L20():
    """The NTM copy step at batch 16."""
    return ntm_copy(16)


class Seq2Seq(nn.Module):
    """Bidirectional GRU encoder; GRU decoder with additive attention, teacher forced."""

    def __init__(self, vocab, hidden):
        super().__init__()
        self.source, self.target = nn.Embedding(vocab, hidden), nn.Embedding(vocab, hidden)
        self.encoder = nn.GRU(hidden, hidden, bidirectional=True, batch_first=True)
        self.bridge = nn.Linear(2 * hidden, hidden)
        self.attention = AdditiveAttention(hidden, 2 * hidden, hidden)
        self.decoder = nn.GRUCell(3 * hidden, hidden)
        self.output = nn.Linear(3 * hidden, vocab)

    def forward(self, source, target):
        keys, last = self.encoder(self.source(source))
        h = torch.tanh(self.bridge(torch.cat([last[0], last[1]], dim=-1)))
        projected, features = self.attention.project_key(keys), []
        for x in self.target(target).unbind(1):
            context = self.attention(h, keys, projected)
            h = self.decoder(torch.cat([x, context], dim=-1), h)
            features.append(torch.cat([h, context], dim=-1))
        return self.output(torch.stack(features, dim=1))


@workload
def seq2seq_attn_B32_S20_T20_H128_V1000():
    """Batch 32, source and target 20, embeddings 128, biGRU 2x128, GRU 128 on [embed 128, context 256],
    attention hidden 128, output 384 -> 1000 over all steps at once, cross entropy, Adam."""
    model = Seq2Seq(1000, 128)
    source, fed, wanted = torch.randint(1000, (3, 32, 20))
    return train_step(adam(model), lambda: F.cross_entropy(
        model(source, fed).flatten(0, 1), wanted.flatten()))


class PointerNetwork(nn.Module):
    """LSTM encoder and decoder; scores v . tanh(W_1 e_j + W_2 d_i); teacher forced."""

    def __init__(self, hidden):
        super().__init__()
        self.embed = nn.Linear(1, hidden)
        self.start = nn.Parameter(torch.randn(hidden))
        self.encoder = nn.LSTM(hidden, hidden, batch_first=True)
        self.decoder = nn.LSTM(hidden, hidden, batch_first=True)
        self.project_encoder = nn.Linear(hidden, hidden, bias=False)
        self.project_decoder = nn.Linear(hidden, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, values, order):
        embedded = self.embed(values.unsqueeze(-1))
        encoded, state = self.encoder(embedded)
        chosen = embedded.gather(1, order[:, :-1, None].expand(-1, -1, embedded.size(-1)))
        start = self.start.expand(embedded.size(0), 1, -1)
        decoded, _ = self.decoder(torch.cat([start, chosen], dim=1), state)
        energy = torch.tanh(self.project_encoder(encoded).unsqueeze(1)
                            + self.project_decoder(decoded).unsqueeze(2))
        return self.score(energy).squeeze(-1)


@workload
def pointer_sort_B64_N10_H128():
    """Sort 10 numbers, batch 64, linear embedding 1 -> 128, LSTMs 128, attention hidden 128,
    scores [64,10,10], cross entropy, Adam."""
    model, values = PointerNetwork(128), torch.rand(64, 10)
    order = values.argsort(dim=1)
    return train_step(adam(model), lambda: F.cross_entropy(
        model(values, order).flatten(0, 1), order.flatten()))


class MemN2N(nn.Module):
    """An end-to-end memory network with adjacent tying: hop k reads table k and gives table k + 1."""

    def __init__(self, vocabulary, width, hops, sentences, places):
        super().__init__()
        tables = range(hops + 1)
        self.words = nn.ParameterList(nn.Parameter(0.1 * torch.randn(vocabulary, width)) for _ in tables)
        self.times = nn.ParameterList(nn.Parameter(0.1 * torch.randn(sentences, width)) for _ in tables)
        j = torch.arange(1, places + 1).unsqueeze(1) / places
        k = torch.arange(1, width + 1) / width
        self.register_buffer("encoding", 1 - j - k * (1 - 2 * j))

    def encode(self, table, ids):
        return (F.embedding(ids, table) * self.encoding).sum(-2)

    def forward(self, story, question):
        memories = [self.encode(words, story) + times for words, times in zip(self.words, self.times)]
        u = self.encode(self.words[0], question)
        for inside, outside in zip(memories[:-1], memories[1:]):
            p = F.softmax(torch.einsum("bnd,bd->bn", inside, u), dim=-1)
            u = u + torch.einsum("bn,bnd->bd", p, outside)
        return u @ self.words[-1].t()


@workload
def memn2n_B32_M50_d20_hops3():
    """End-to-end memory network, batch 32, 50 sentences of 7 words, vocabulary 180, width 20, 3 hops, adjacent
    tying, position and temporal encoding, cross entropy, Adam."""
    model = MemN2N(180, 20, 3, 50, 7)
    story, question, answers = (torch.randint(180, shape) for shape in ((32, 50, 7), (32, 7), (32,)))
    return train_step(adam(model), lambda: F.cross_entropy(model(story, question), answers))


class StackRNN(nn.Module):
    """Stacks of scalars with push, pop and no-op; the hidden layer reads their top cells."""

    def __init__(self, vocabulary, hidden, stacks, depth, read=2):
        super().__init__()
        self.hidden, self.stacks, self.depth, self.read = hidden, stacks, depth, read
        self.embed = nn.Embedding(vocabulary, hidden)
        self.recur = nn.Linear(hidden + stacks * read, hidden)
        self.control = nn.Linear(hidden, stacks * 4)  # 3 actions and the pushed value
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, ids):
        h = torch.zeros(ids.size(0), self.hidden)
        stack = torch.zeros(ids.size(0), self.stacks, self.depth)
        states = []
        for x in self.embed(ids).unbind(1):
            top = stack[:, :, :self.read].flatten(1)
            h = torch.sigmoid(x + self.recur(torch.cat([h, top], dim=-1)))
            control = self.control(h).view(-1, self.stacks, 4)
            push, pop, stay = F.softmax(control[..., :3], dim=-1).split(1, dim=-1)
            pushed = torch.cat([torch.sigmoid(control[..., 3:]), stack[..., :-1]], dim=-1)
            stack = push * pushed + pop * F.pad(stack[..., 1:], (0, 1)) + stay * stack
            states.append(h)
        return self.output(torch.stack(states, dim=1))


@workload
def stack_rnn_B16_T40_H40():
    """Stack RNN, batch 16, 40 steps, hidden 40, 10 scalar stacks of 40 cells, top 2 read, 3 actions,
    vocabulary 4, cross entropy at every step, Adam."""
    model, ids = StackRNN(4, 40, 10, 40), torch.randint(4, (16, 41))
    return train_step(adam(model), lambda: F.cross_entropy(
        model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()))


class DenseBlock(nn.Module):
    """A causal convolution of two taps, gated, beside its input."""

    def __init__(self, channels, dilation, filters):
        super().__init__()
        self.dilation, self.conv = dilation, nn.Conv1d(channels, 2 * filters, 2, dilation=dilation)

    def forward(self, x):
        f, g = self.conv(F.pad(x, (self.dilation, 0))).chunk(2, dim=1)
        return torch.cat([x, torch.tanh(f) * torch.sigmoid(g)], dim=1)


class CausalAttention(nn.Module):
    """One head of keys and values, beside its input."""

    def __init__(self, channels, keys, values, steps):
        super().__init__()
        self.register_buffer("later", torch.ones(steps, steps, dtype=torch.bool).triu(1))
        self.sizes, self.affine = (keys, keys, values), nn.Linear(channels, 2 * keys + values)

    def forward(self, x):
        q, k, v = self.affine(x).split(self.sizes, dim=-1)
        scores = q @ k.transpose(1, 2) / self.sizes[0] ** 0.5
        return torch.cat([x, F.softmax(scores.masked_fill(self.later, -torch.inf), dim=-1) @ v], dim=-1)


class Snail(nn.Module):
    def __init__(self, inputs, outputs, steps, hidden=16):
        super().__init__()
        self.embed = nn.Linear(inputs, hidden)
        dilations = [2 ** i for i in range((steps - 1).bit_length())] * 2
        self.blocks = nn.Sequential(*(DenseBlock(hidden * (1 + i), d, hidden) for i, d in enumerate(dilations)))
        width = hidden * (1 + len(dilations))
        self.attention, self.output = CausalAttention(width, hidden, hidden, steps), nn.Linear(width + hidden, outputs)

    def forward(self, x):
        return self.output(self.attention(self.blocks(self.embed(x).transpose(1, 2)).transpose(1, 2)))


@workload
def snail_B16_N10_K5():
    """SNAIL of a bandit, batch 16, 10 pulls of 5 arms, embedding 7 -> 16, two TCBlocks of 16 filters, attention of
    16 keys and values, cross entropy at every step, Adam."""
    model, x, pulled = Snail(7, 5, 10), torch.rand(16, 10, 7), torch.randint(5, (16, 10))
    return train_step(adam(model), lambda: F.cross_entropy(model(x).flatten(0, 1), pulled.flatten()))


class DrawWindow(nn.Module):
    """Five numbers of a state become the filters of an N x N grid over rows and columns, and its intensity."""

    def __init__(self, hidden, count, side):
        super().__init__()
        self.count, self.side, self.numbers = count, side, nn.Linear(hidden, 5)
        self.register_buffer("pixels", torch.arange(side, dtype=torch.float32))
        self.register_buffer("offsets", torch.arange(count) - (count - 1) / 2)

    def filters(self, centre, stride, variance):
        middle = (self.side + 1) / 2 * (centre + 1) - 1 + self.offsets * stride  # [B, N]
        f = torch.exp(-(self.pixels - middle.unsqueeze(-1)) ** 2 / (2 * variance.unsqueeze(-1)))
        return f / (f.sum(-1, keepdim=True) + 1e-8)

    def forward(self, h):
        x, y, variance, stride, intensity = self.numbers(h).split(1, dim=-1)
        variance, stride = variance.exp(), (self.side - 1) / (self.count - 1) * stride.exp()
        return self.filters(y, stride, variance), self.filters(x, stride, variance), intensity.exp()


class Draw(nn.Module):
    def __init__(self, steps, side=28, read=5, write=5, hidden=256, latent=10):
        super().__init__()
        self.steps, self.count, self.sizes = steps, write, (hidden, latent)
        self.canvas = nn.Parameter(torch.zeros(side, side))
        self.encoder, self.decoder = nn.LSTMCell(2 * read ** 2 + hidden, hidden), nn.LSTMCell(latent, hidden)
        self.latent, self.patch = nn.Linear(hidden, 2 * latent), nn.Linear(hidden, write ** 2)
        self.reader, self.writer = DrawWindow(hidden, read, side), DrawWindow(hidden, write, side)

    def forward(self, x):
        canvas, loss = self.canvas.expand_as(x), 0
        zero = x.new_zeros(x.size(0), self.sizes[0])
        encoder, decoder = (zero, zero), (zero, zero)
        for _ in range(self.steps):
            rows, columns, intensity = self.reader(decoder[0])
            seen = torch.stack([x, x - torch.sigmoid(canvas)], dim=1)
            glimpse = rows.unsqueeze(1) @ seen @ columns.transpose(1, 2).unsqueeze(1)
            encoder = self.encoder(torch.cat([intensity * glimpse.flatten(1), decoder[0]], dim=-1), encoder)
            mean, log_deviation = self.latent(encoder[0]).chunk(2, dim=-1)
            deviation = log_deviation.exp()
            loss = loss + 0.5 * (mean ** 2 + deviation ** 2 - 2 * log_deviation - 1).sum(-1)
            decoder = self.decoder(mean + deviation * torch.randn_like(mean), decoder)
            rows, columns, intensity = self.writer(decoder[0])
            patch = (self.patch(decoder[0]) / intensity).view(-1, self.count, self.count)
            canvas = canvas + torch.bmm(torch.bmm(rows.transpose(1, 2), patch), columns)
        return (F.binary_cross_entropy_with_logits(canvas, x, reduction="none").sum((1, 2)) + loss).mean()


@workload
def draw_B32_T8_step():
    """DRAW with attention, batch 32, 28x28 pixels, 8 steps, read and write 5x5, LSTMs 256, 10 latents, Adam."""
    model, x = Draw(8), torch.bernoulli(torch.full((32, 28, 28), 0.2))
    return train_step(adam(model), lambda: model(x))


class RecurrentAttentionModel(nn.Module):
    """Glimpses of one scale, a ReLU core, drawn locations with a learned baseline."""

    def __init__(self, size=8, hidden=256, deviation=0.15):
        super().__init__()
        self.size, self.hidden, self.deviation = size, hidden, deviation
        self.see, self.place = nn.Linear(size * size, 128), nn.Linear(2, 128)
        self.what, self.where = nn.Linear(128, hidden), nn.Linear(128, hidden, bias=False)
        self.core = nn.RNNCell(hidden, hidden, nonlinearity="relu")
        self.location, self.baseline, self.action = nn.Linear(hidden, 2), nn.Linear(hidden, 1), nn.Linear(hidden, 10)

    def glimpse(self, padded, location, side):
        corner = ((location + 1) / 2 * side + 0.5).long()  # the images have size / 2 zeros around them
        rows = corner[:, 1, None, None] + torch.arange(self.size)[:, None]
        columns = corner[:, 0, None, None] + torch.arange(self.size)
        return padded[torch.arange(len(padded))[:, None, None], rows, columns].flatten(1)

    def forward(self, images, glimpses):
        padded = F.pad(images, [self.size // 2] * 4)
        h, location = None, torch.rand(len(images), 2) * 2 - 1
        log_probabilities, baselines = [], []
        for t in range(glimpses):
            seen = torch.relu(self.see(self.glimpse(padded, location, images.size(-1))))
            h = self.core(torch.relu(self.what(seen) + self.where(torch.relu(self.place(location)))), h)
            if t + 1 < glimpses:
                mean = torch.tanh(self.location(h))
                drawn = (mean + self.deviation * torch.randn_like(mean)).detach()
                log_probabilities.append(-(((drawn - mean) / self.deviation) ** 2).sum(-1) / 2)
                baselines.append(self.baseline(h.detach()).squeeze(-1))
                location = drawn.clamp(-1, 1)
        return self.action(h), torch.stack(log_probabilities, 1), torch.stack(baselines, 1)


@workload
def ram_mnist_B32_6glimpses():
    """Recurrent attention model, 32 images of 28x28, 6 glimpses of 8x8 of one scale, 64 -> 128 -> 256 and 2 -> 128 ->
    256, core 256, drawn locations, learned baseline, cross entropy and score function, Adam."""
    model, images, labels = RecurrentAttentionModel(), torch.rand(32, 28, 28), torch.randint(10, (32,))

    def loss():
        logits, log_probabilities, baselines = model(images, 6)
        reward = (logits.argmax(-1) == labels).float()[:, None].expand_as(baselines)
        return (F.cross_entropy(logits, labels) + F.mse_loss(baselines, reward)
                - ((reward - baselines.detach()) * log_probabilities).sum(1).mean())
    return train_step(adam(model), loss)


class SpatialTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.locator = nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(1, 16, 5, padding=2), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU(),
            nn.Flatten(), nn.Linear(800, 32), nn.ReLU())
        self.output = nn.Linear(32, 6)
        nn.init.zeros_(self.output.weight)
        self.output.bias.data = torch.tensor([1.0, 0, 0, 0, 1, 0])

    def forward(self, x):
        theta = self.output(self.locator(x)).view(-1, 2, 3)
        return F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), align_corners=False)


@workload
def spatial_transformer_B128_28x28():
    """Affine spatial transformer before two 5x5 convolutions of 32 filters and layers 512 -> 128 -> 10, batch 128 of
    28x28, cross entropy, Adam."""
    model = nn.Sequential(
        SpatialTransformer(), nn.Conv2d(1, 32, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(32, 32, 5), nn.MaxPool2d(2),
        nn.ReLU(), nn.Flatten(), nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 10))
    x, labels = torch.rand(128, 1, 28, 28), torch.randint(10, (128,))
    return train_step(adam(model), lambda: F.cross_entropy(model(x), labels))


@workload
def mlp_784_256_10_B64():
    """MLP 784 -> 256 ReLU -> 10, batch 64, cross entropy, Adam."""
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    x, labels = torch.rand(64, 784), torch.randint(10, (64,))
    return train_step(adam(model), lambda: F.cross_entropy(model(x), labels))
