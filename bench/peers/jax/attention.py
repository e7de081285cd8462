"""Multi-head attention and transformers."""
import jax
import jax.numpy as jnp
from jax import lax

from layers import dense, dense_weights
from ops import layer_norm
from steps import adam, cross_entropy, forward_backward, randint, randn, train_step, workload


def heads_weights(width):
    return {"qkv": dense_weights(width, 3 * width), "out": dense_weights(width, width)}


def attend(q, k, v, causal):
    """Of [B,T,heads,D]; here half again as fast as jax.nn.dot_product_attention, whose products have heads inside."""
    q, k, v = (x.swapaxes(1, 2) for x in (q, k, v))
    scores = (q * q.shape[-1] ** -0.5) @ k.swapaxes(-1, -2)
    if causal:
        scores = jnp.where(jnp.tri(*scores.shape[-2:], dtype=bool), scores, -jnp.inf)
    return (jax.nn.softmax(scores) @ v).swapaxes(1, 2)


def multi_head(p, x, heads, memory=None, causal=False):
    """Of x to itself, or to a memory."""
    width = x.shape[-1]
    split = lambda y: y.reshape(*y.shape[:2], heads, -1)
    if memory is None:
        q, k, v = jnp.split(dense(p["qkv"], x), 3, axis=-1)
    else:
        w, b = p["qkv"]["w"], p["qkv"]["b"]
        q = x @ w[:, :width] + b[:width]
        k, v = jnp.split(memory @ w[:, width:] + b[width:], 2, axis=-1)
    mixed = attend(split(q), split(k), split(v), causal)
    return dense(p["out"], mixed.reshape(x.shape))


@workload
def mha_B8_T128_D256_h8():
    """Self attention, batch 8, 128 steps, width 256, 8 heads, biases, causal mask."""
    return forward_backward(lambda x, p: multi_head(p, x, 8, causal=True), randn(8, 128, 256), heads_weights(256))


@workload
def mha_B1_T2048_D64_h1():
    """Self attention, batch 1, 2048 steps, width 64, 1 head, biases, no mask."""
    return forward_backward(lambda x, p: multi_head(p, x, 1), randn(1, 2048, 64), heads_weights(64))


def norm_weights(width):
    return {"w": jnp.ones(width), "b": jnp.zeros(width)}


def norm(p, x):
    return layer_norm(x, p["w"], p["b"])


def block_weights(width, feed_forward, cross=False):
    return {"self": heads_weights(width), "norm1": norm_weights(width), "norm2": norm_weights(width),
            "up": dense_weights(width, feed_forward), "down": dense_weights(feed_forward, width),
            **({"cross": heads_weights(width), "norm3": norm_weights(width)} if cross else {})}


def block(p, x, heads, memory=None, causal=False):
    """Post-norm; with a memory a decoder's."""
    x = norm(p["norm1"], x + multi_head(p["self"], x, heads, causal=causal))
    if memory is not None:
        x = norm(p["norm3"], x + multi_head(p["cross"], x, heads, memory))
    return norm(p["norm2"], x + dense(p["down"], jax.nn.relu(dense(p["up"], x))))


@workload
def transformer_encoder_layer_B8_T128_D256_h8_F1024():
    """Post-norm encoder layer, batch 8, 128 steps, width 256, 8 heads, ReLU FF 1024, no mask."""
    return forward_backward(lambda x, p: block(p, x, 8), randn(8, 128, 256), block_weights(256, 1024))


@workload
def transformer_copy_B32_T32_D128_h4_L2():
    """Encoder-decoder transformer, batch 32, 32+32 steps, width 128, 4 heads, 2+2 post-norm layers and
    final norms, ReLU FF 512, vocabulary 64, learned positions, cross entropy, Adam."""
    model = {"tokens": randn(64, 128), "positions": randn(32, 128), "output": dense_weights(128, 64),
             "encoder": [block_weights(128, 512) for _ in range(2)], "encoded": norm_weights(128),
             "decoder": [block_weights(128, 512, cross=True) for _ in range(2)], "decoded": norm_weights(128)}
    source = randint(64, 32, 32)
    fed = jnp.pad(source[:, :-1], ((0, 0), (1, 0)))

    def loss(p, source, fed):
        x, y = (p["tokens"][ids] + p["positions"] for ids in (source, fed))
        for layer in p["encoder"]:
            x = block(layer, x, 4)
        x = norm(p["encoded"], x)
        for layer in p["decoder"]:
            y = block(layer, y, 4, x, causal=True)
        return cross_entropy(dense(p["output"], norm(p["decoded"], y)), source)
    return train_step(adam(), loss, model, source, fed)


def decode(p, x, cache, position, heads):
    """One position of a pre-norm block, against keys and values that are kept."""
    q, k, v = dense(p["self"]["qkv"], norm(p["norm1"], x)).reshape(3, heads, -1)
    cache = lax.dynamic_update_slice(cache, jnp.stack([k, v])[:, :, None], (0, 0, position, 0))
    keys, values = cache[:, :, :position + 1]
    weights = jax.nn.softmax(jnp.einsum("htd,hd->ht", keys, q) * q.shape[-1] ** -0.5)
    x = x + dense(p["self"]["out"], jnp.einsum("ht,htd->hd", weights, values).reshape(x.shape))
    return x + dense(p["down"], jax.nn.relu(dense(p["up"], norm(p["norm2"], x)))), cache


@workload
def transformer_decode_step():
    """One token, batch 1, 4 pre-norm blocks, width 256, 8 heads, ReLU FF 1024, cached keys and values,
    at position 128 (attends to 129), final norm, no vocabulary layer, no grad."""
    blocks, last = [block_weights(256, 1024) for _ in range(4)], norm_weights(256)
    caches, x = [[randn(2, 8, 256, 32) for _ in blocks]], randn(1, 256)

    def forward(caches, blocks, last, x):
        after = []
        for p, cache in zip(blocks, caches):
            x, cache = decode(p, x, cache, 128, 8)
            after.append(cache)
        return norm(last, x), after
    forward = jax.jit(forward, donate_argnums=0)

    def step():
        y, caches[0] = forward(caches[0], blocks, last, x)
        jax.block_until_ready((y, caches[0]))
    return step
