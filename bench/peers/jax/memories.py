"""Training steps of memories: Neural Turing Machine, end-to-end memory network, stack RNN."""
import jax
import jax.numpy as jnp
from jax import lax

from layers import cell_weights, dense, dense_weights, lstm_cell
from steps import adam, cross_entropy, randint, randn, rmsprop, train_step, workload


def ntm_weights(inputs, outputs, hidden=100, width=20):
    return {"controller": cell_weights(inputs + width, hidden, 4),
            "heads": dense_weights(hidden, 2 * (width + 6) + 2 * width),
            "output": dense_weights(hidden + width, outputs)}


def ntm_address(params, memory, previous):
    width = memory.shape[-1]
    key, strength, gate, shift, sharpen = jnp.split(params, [width, width + 1, width + 2, width + 5], axis=-1)
    key = jnp.tanh(key)
    norms = jnp.linalg.norm(memory, axis=-1) * jnp.linalg.norm(key, axis=-1, keepdims=True)
    similarity = jnp.einsum("bnw,bw->bn", memory, key) / (norms + 1e-8)
    content = jax.nn.softmax(jax.nn.softplus(strength) * similarity)
    gate = jax.nn.sigmoid(gate)
    mixed = gate * content + (1 - gate) * previous
    left, stay, right = jnp.split(jax.nn.softmax(shift), 3, axis=-1)
    shifted = left * jnp.roll(mixed, 1, -1) + stay * mixed + right * jnp.roll(mixed, -1, -1)
    sharp = (shifted + 1e-8) ** (1 + jax.nn.softplus(sharpen))
    return sharp / sharp.sum(-1, keepdims=True)


def ntm(p, inputs, slots=128, width=20):
    """LSTM controller, one read head and one write head, content and shift addressing; [T,B,inputs]."""
    batch, hidden, address = inputs.shape[1], p["controller"]["wh"].shape[0], width + 6

    def step(carry, x):
        memory, read, read_weights, write_weights, state = carry
        state = lstm_cell(p["controller"], jnp.concatenate([x, read], axis=-1), state)
        read_params, write_params, erase, add = jnp.split(
            dense(p["heads"], state[0]), [address, 2 * address, 2 * address + width], axis=-1)
        write_weights = ntm_address(write_params, memory, write_weights)
        w = write_weights[..., None]
        memory = memory * (1 - w * jax.nn.sigmoid(erase)[:, None]) + w * jnp.tanh(add)[:, None]
        read_weights = ntm_address(read_params, memory, read_weights)
        read = jnp.einsum("bn,bnw->bw", read_weights, memory)
        return (memory, read, read_weights, write_weights, state), jnp.concatenate([state[0], read], axis=-1)
    zero, even = jnp.zeros((batch, hidden)), jnp.full((batch, slots), 1 / slots)
    start = jnp.full((batch, slots, width), 1e-6), jnp.zeros((batch, width)), even, even, (zero, zero)
    return dense(p["output"], lax.scan(step, start, inputs)[1])


def ntm_loss(p, inputs, target):
    logits = ntm(p, inputs)[-len(target):]
    return (jax.nn.softplus(logits) - logits * target).mean()


def ntm_copy(batch):
    bits, length = 8, 20
    target = randint(2, length, batch, bits).astype(jnp.float32)
    inputs = jnp.zeros((2 * length + 1, batch, bits + 1)).at[:length, :, :bits].set(target).at[length, :, bits].set(1)
    return train_step(rmsprop(1e-4, 0.95, 0.9), ntm_loss, ntm_weights(bits + 1, bits), inputs, target)


@workload
def ntm_copy_B1_L20():
    """NTM copy, batch 1: 41 steps of 9 inputs, LSTM 100, memory 128x20, 1+1 heads, RMSprop with momentum."""
    return ntm_copy(1)


@workload
def ntm_copy_B16_L20():
    """The NTM copy step at batch 16."""
    return ntm_copy(16)


@workload
def memn2n_B32_M50_d20_hops3():
    """End-to-end memory network, batch 32, 50 sentences of 7 words, vocabulary 180, width 20, 3 hops, adjacent
    tying, position and temporal encoding, cross entropy, Adam."""
    words, width, hops, sentences, places = 180, 20, 3, 50, 7
    j, k = jnp.arange(1, places + 1)[:, None] / places, jnp.arange(1, width + 1) / width
    encoding = 1 - j - k * (1 - 2 * j)
    model = {"words": [0.1 * randn(words, width) for _ in range(hops + 1)],
             "times": [0.1 * randn(sentences, width) for _ in range(hops + 1)]}

    def loss(p, story, question, answers):
        encode = lambda table, ids: (table[ids] * encoding).sum(-2)
        memories = [encode(words, story) + times for words, times in zip(p["words"], p["times"])]
        u = encode(p["words"][0], question)
        for inside, outside in zip(memories[:-1], memories[1:]):
            weights = jax.nn.softmax(jnp.einsum("bnd,bd->bn", inside, u))
            u = u + jnp.einsum("bn,bnd->bd", weights, outside)
        return cross_entropy(u @ p["words"][-1].T, answers)
    return train_step(adam(), loss, model, *(randint(words, *shape) for shape in ((32, 50, 7), (32, 7), (32,))))


def stack_rnn_loss(p, ids, stacks=10, depth=40, read=2):
    """Stacks of scalars with push, pop and no-op; the hidden layer reads their top cells; ids [T,B]."""
    batch, hidden = ids.shape[1], p["embed"].shape[1]

    def step(carry, x):
        h, stack = carry
        top = stack[:, :, :read].reshape(batch, -1)
        h = jax.nn.sigmoid(x + dense(p["recur"], jnp.concatenate([h, top], axis=-1)))
        control = dense(p["control"], h).reshape(-1, stacks, 4)
        push, pop, stay = jnp.split(jax.nn.softmax(control[..., :3]), 3, axis=-1)
        pushed = jnp.concatenate([jax.nn.sigmoid(control[..., 3:]), stack[..., :-1]], axis=-1)
        popped = jnp.pad(stack[..., 1:], ((0, 0), (0, 0), (0, 1)))
        return (h, push * pushed + pop * popped + stay * stack), h
    start = jnp.zeros((batch, hidden)), jnp.zeros((batch, stacks, depth))
    return cross_entropy(dense(p["output"], lax.scan(step, start, p["embed"][ids[:-1]])[1]), ids[1:])


@workload
def stack_rnn_B16_T40_H40():
    """Stack RNN, batch 16, 40 steps, hidden 40, 10 scalar stacks of 40 cells, top 2 read, 3 actions,
    vocabulary 4, cross entropy at every step, Adam."""
    words, hidden, stacks = 4, 40, 10
    model = {"embed": randn(words, hidden), "recur": dense_weights(hidden + stacks * 2, hidden),
             "control": dense_weights(hidden, stacks * 4), "output": dense_weights(hidden, words)}
    return train_step(adam(), stack_rnn_loss, model, randint(words, 41, 16))
