"""Training steps of encoder-decoders, pointers, SNAIL and the perceptron."""
import jax
import jax.numpy as jnp
from jax import lax

from layers import (additive_attention, additive_weights, cell_weights, dense, dense_weights, gru, gru_cell, lstm)
from steps import adam, cross_entropy, rand, randint, randn, train_step, uniform, workload


@workload
def seq2seq_attn_B32_S20_T20_H128_V1000():
    """Batch 32, source and target 20, embeddings 128, biGRU 2x128, GRU 128 on [embed 128, context 256],
    attention hidden 128, output 384 -> 1000 over all steps at once, cross entropy, Adam."""
    model = {"source": randn(1000, 128), "target": randn(1000, 128), "there": cell_weights(128, 128, 3),
             "back": cell_weights(128, 128, 3), "bridge": dense_weights(256, 128),
             "attention": additive_weights(128, 256, 128), "decoder": cell_weights(384, 128, 3),
             "output": dense_weights(384, 1000)}

    def loss(p, source, fed, wanted):
        x = p["source"][source]
        (there, ahead), (back, behind) = gru(p["there"], x), gru(p["back"], x, reverse=True)
        keys = jnp.concatenate([there, back], axis=-1).swapaxes(0, 1)
        projected = dense(p["attention"]["key"], keys)

        def step(h, x):
            context = additive_attention(p["attention"], h, keys, projected)
            h = gru_cell(p["decoder"], jnp.concatenate([x, context], axis=-1), h)
            return h, jnp.concatenate([h, context], axis=-1)
        h = jnp.tanh(dense(p["bridge"], jnp.concatenate([ahead, behind], axis=-1)))
        _, features = lax.scan(step, h, p["target"][fed])
        return cross_entropy(dense(p["output"], features), wanted)
    return train_step(adam(), loss, model, *(randint(1000, 20, 32) for _ in range(3)))


@workload
def mlp_784_256_10_B64():
    """MLP 784 -> 256 ReLU -> 10, batch 64, cross entropy, Adam."""
    model = [dense_weights(784, 256), dense_weights(256, 10)]

    def loss(p, x, labels):
        return cross_entropy(dense(p[1], jax.nn.relu(dense(p[0], x))), labels)
    return train_step(adam(), loss, model, rand(64, 784), randint(10, 64))


@workload
def pointer_sort_B64_N10_H128():
    """Sort 10 numbers, batch 64, linear embedding 1 -> 128, LSTMs 128, attention hidden 128,
    scores [64,10,10], cross entropy, Adam."""
    model = {"embed": dense_weights(1, 128), "start": randn(128), "encoder": cell_weights(128, 128, 4),
             "decoder": cell_weights(128, 128, 4), "encoded": dense_weights(128, 128, False),
             "decoded": dense_weights(128, 128, False), "score": uniform(128 ** -0.5, 128)}

    def loss(p, values, order):  # [T,B]
        embedded = dense(p["embed"], values[..., None])
        encoded, state = lstm(p["encoder"], embedded)
        chosen = jnp.take_along_axis(embedded, order[:-1, :, None], axis=0)
        start = jnp.broadcast_to(p["start"], (1, *embedded.shape[1:]))
        decoded, _ = lstm(p["decoder"], jnp.concatenate([start, chosen]), state)
        energy = jnp.tanh(dense(p["encoded"], encoded).swapaxes(0, 1)[None] + dense(p["decoded"], decoded)[:, :, None])
        return cross_entropy(energy @ p["score"], order)  # [T,B,T]
    values = rand(10, 64)
    return train_step(adam(), loss, model, values, values.argsort(axis=0))


@workload
def snail_B16_N10_K5():
    """SNAIL of a bandit, batch 16, 10 pulls of 5 arms, embedding 7 -> 16, two TCBlocks of 16 filters, attention of
    16 keys and values, cross entropy at every step, Adam."""
    steps, hidden = 10, 16
    dilations = [2 ** i for i in range((steps - 1).bit_length())] * 2
    inputs = [hidden * (1 + i) for i in range(len(dilations) + 1)]
    model = {"embed": dense_weights(7, hidden), "affine": dense_weights(inputs[-1], 3 * hidden),
             "blocks": [(uniform((2 * n) ** -0.5, 2, n, 2 * hidden), uniform((2 * n) ** -0.5, 2 * hidden))
                        for n in inputs[:-1]], "output": dense_weights(inputs[-1] + hidden, 5)}

    def loss(p, x, pulled):
        x = dense(p["embed"], x)
        for (weight, bias), dilation in zip(p["blocks"], dilations):
            y = lax.conv_general_dilated(x, weight, (1,), [(dilation, 0)], rhs_dilation=(dilation,),
                                         dimension_numbers=("NWC", "WIO", "NWC")) + bias
            f, g = jnp.split(y, 2, axis=-1)
            x = jnp.concatenate([x, jnp.tanh(f) * jax.nn.sigmoid(g)], axis=-1)
        q, k, v = (part[:, :, None] for part in jnp.split(dense(p["affine"], x), 3, axis=-1))
        x = jnp.concatenate([x, jax.nn.dot_product_attention(q, k, v, is_causal=True)[:, :, 0]], axis=-1)
        return cross_entropy(dense(p["output"], x), pulled)
    return train_step(adam(), loss, model, rand(16, steps, 7), randint(5, 16, steps))
