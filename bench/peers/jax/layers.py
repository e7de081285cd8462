"""Linear and recurrent layers, additive attention: forward and backward, but for the cell's step. A layer is a function
of its weights, a tree, and its inputs; sequences are [T,B,D].
"""
import jax
import jax.numpy as jnp
from jax import lax

from steps import forward_backward, forward_only, randn, uniform, workload


def dense_weights(inputs, outputs, bias=True):
    bound = inputs ** -0.5
    return {"w": uniform(bound, inputs, outputs), **({"b": uniform(bound, outputs)} if bias else {})}


def dense(p, x):
    return x @ p["w"] + p["b"] if "b" in p else x @ p["w"]


@workload
def linear_512x512_b128():
    """Linear 512 -> 512 with bias, input [128,512]."""
    return forward_backward(lambda x, p: dense(p, x), randn(128, 512), dense_weights(512, 512))


def cell_weights(inputs, hidden, gates):
    bound = hidden ** -0.5
    return {"wx": uniform(bound, inputs, gates * hidden), "wh": uniform(bound, hidden, gates * hidden),
            "bx": uniform(bound, gates * hidden), "bh": uniform(bound, gates * hidden)}


def lstm_gates(gates, c):
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def lstm_cell(p, x, state):
    h, c = state
    return lstm_gates(x @ p["wx"] + p["bx"] + h @ p["wh"] + p["bh"], c)


def gru_gates(x, h):
    """x and h are projected already; reset after the product."""
    def gates(xs, hs, h):
        (xr, xz, xn), (hr, hz, hn) = jnp.split(xs, 3, -1), jnp.split(hs, 3, -1)
        r, z = jax.nn.sigmoid(xr + hr), jax.nn.sigmoid(xz + hz)
        return (1 - z) * jnp.tanh(xn + r * hn) + z * h
    return gates(*x, h)


def gru_cell(p, x, h):
    return gru_gates((x @ p["wx"] + p["bx"], h @ p["wh"] + p["bh"]), h)


def lstm(p, x, state=None, reverse=False):
    """All hidden states and the last state; the inputs are projected at once."""
    zero = jnp.zeros((x.shape[1], p["wh"].shape[0]))

    def step(state, projected):
        h, c = lstm_gates(projected + state[0] @ p["wh"], state[1])
        return (h, c), h
    last, states = lax.scan(step, state or (zero, zero), x @ p["wx"] + (p["bx"] + p["bh"]), reverse=reverse)
    return states, last


def gru(p, x, reverse=False):
    def step(h, projected):
        h = gru_gates((projected, h @ p["wh"] + p["bh"]), h)
        return h, h
    last, states = lax.scan(step, jnp.zeros((x.shape[1], p["wh"].shape[0])), x @ p["wx"] + p["bx"], reverse=reverse)
    return states, last


@workload
def lstm_T50_B32_I64_H128():
    """LSTM, 50 steps, batch 32, input 64, hidden 128, two biases; grad from all outputs."""
    return forward_backward(lambda x, p: lstm(p, x)[0], randn(50, 32, 64), cell_weights(64, 128, 4))


@workload
def gru_T50_B32_I64_H128():
    """GRU (reset after the product), 50 steps, batch 32, input 64, hidden 128, two biases."""
    return forward_backward(lambda x, p: gru(p, x)[0], randn(50, 32, 64), cell_weights(64, 128, 3))


@workload
def bilstm_T50_B32_I64_H128():
    """Bidirectional LSTM, 50 steps, batch 32, input 64, hidden 128 per direction."""
    def forward(x, there, back):
        return jnp.concatenate([lstm(there, x)[0], lstm(back, x, reverse=True)[0]], axis=-1)
    return forward_backward(forward, randn(50, 32, 64), cell_weights(64, 128, 4), cell_weights(64, 128, 4))


@workload
def lstm_step_B1_H256():
    """One LSTM cell step, batch 1, input 256, hidden 256, no grad."""
    return forward_only(lstm_cell, cell_weights(256, 256, 4), randn(1, 256), (randn(1, 256), randn(1, 256)))


def additive_weights(query, key, hidden):
    return {"query": dense_weights(query, hidden, False), "key": dense_weights(key, hidden, False),
            "score": uniform(hidden ** -0.5, hidden)}


def additive_attention(p, query, keys, projected):
    """context = softmax_s(v . tanh(W_q q + W_k k_s)) k, of query [B,Q] and keys [B,S,K]."""
    energy = jnp.tanh(dense(p["query"], query)[:, None] + projected)
    return jnp.einsum("bs,bsk->bk", jax.nn.softmax(energy @ p["score"]), keys)


@workload
def additive_attention_B32_S50_H128():
    """Additive attention: query [32,128], keys [32,50,128], hidden 128, key projection included."""
    return forward_backward(lambda query, keys, p: additive_attention(p, query, keys, dense(p["key"], keys)),
                            randn(32, 128), randn(32, 50, 128), additive_weights(128, 128, 128))
