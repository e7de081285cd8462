"""peers_values.py torch OUT: inputs, values and gradients of what bench/peers/pytorch is made of, small, as JSON.
peers_values.py jax IN OUT: values and gradients of bench/peers/jax for the same inputs.

Run by peers_test.py with a Python that has the package. A case is a function of leaves in PyTorch's layout.
"""
import json
import os
import sys

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "bench", "peers")


def torch_cases():
    import torch
    import torch.nn.functional as F
    from torch import nn
    from layers import AdditiveAttention
    from ops import small_chain
    from tasks import NTM, StackRNN

    def of(module, call, *inputs):
        """The leaves are the inputs and the module's parameters."""
        return call, [*inputs, *module.parameters()]
    leaf = lambda *shape: torch.randn(*shape).requires_grad_()
    lstm, gru, attention, ntm = nn.LSTM(3, 4), nn.GRU(3, 4), AdditiveAttention(3, 4, 5), NTM(3, 2, 5, 8, 4)
    norm, heads, stack = nn.LayerNorm(6), nn.MultiheadAttention(8, 2, batch_first=True), StackRNN(4, 5, 3, 6)
    conv, block = nn.Conv2d(2, 3, 3, padding=1), nn.TransformerEncoderLayer(8, 2, 6, dropout=0.0, batch_first=True)
    causal, target = torch.ones(5, 5, dtype=torch.bool).triu(1), torch.tensor([2, 0, 1])
    ids = torch.arange(14).view(2, 7) % 4
    a, b, x, logits = leaf(4, 5), leaf(5, 6), leaf(3, 6), leaf(3, 4)
    w, v, sequence, batch = leaf(6), leaf(6), leaf(5, 2, 3), leaf(2, 5, 8)
    query, keys, image, images, grid = leaf(2, 3), leaf(2, 5, 4), leaf(2, 2, 5, 5), leaf(2, 3, 4, 4), leaf(2, 4, 4, 2)
    return {
        "matmul": (lambda: a @ b, [a, b]),
        "softmax": (lambda: F.softmax(x, dim=-1), [x]),
        "layer norm": of(norm, lambda: norm(x), x),
        "cross entropy": (lambda: F.cross_entropy(logits, target), [logits]),
        "small chain": (lambda: small_chain(x, w, v), [x, w, v]),
        "conv": of(conv, lambda: conv(image), image),
        "grid sample": (lambda: F.grid_sample(images, grid, align_corners=False), [images, grid]),
        "lstm": of(lstm, lambda: lstm(sequence)[0], sequence),
        "gru": of(gru, lambda: gru(sequence)[0], sequence),
        "additive attention": of(
            attention, lambda: attention(query, keys, attention.project_key(keys)), query, keys),
        "multi-head": of(heads, lambda: heads(batch, batch, batch, attn_mask=causal, need_weights=False)[0], batch),
        "encoder layer": of(block, lambda: block(batch), batch),
        "ntm": of(ntm, lambda: ntm(sequence), sequence),
        "stack rnn": of(stack, lambda: F.cross_entropy(stack(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())),
    }


def torch_updates():
    """Optimisers over three steps of f(p) = sum p^4."""
    import torch
    for name, make in (("adam", lambda p: torch.optim.Adam([p], lr=1e-3)),
                       ("rmsprop", lambda p: torch.optim.RMSprop([p], lr=1e-4, alpha=0.95, momentum=0.9))):
        p = torch.randn(5).requires_grad_()
        start, optimizer = p.tolist(), make(p)
        for _ in range(3):
            optimizer.zero_grad()
            (p ** 4).sum().backward()
            optimizer.step()
        yield name, {"leaves": [start], "upstream": 0, "found": [p.tolist()]}


def torch_side(out):
    import torch
    torch.manual_seed(3)
    saved = {}
    for name, (forward, leaves) in torch_cases().items():
        for x in leaves:
            x.grad = None
        value = forward()
        upstream = torch.randn_like(value)
        value.backward(upstream)
        saved[name] = {"leaves": [x.tolist() for x in leaves], "upstream": upstream.tolist(),
                       "found": [value.tolist(), *(x.grad.tolist() for x in leaves)]}
    with open(out, "w") as file:
        json.dump({**saved, **dict(torch_updates())}, file)


def jax_cases():
    import jax
    import jax.numpy as jnp
    from attention import block, multi_head
    from layers import additive_attention, dense, gru, lstm
    from memories import ntm, stack_rnn_loss
    from ops import conv, grid_sample, layer_norm, small_chain
    from steps import cross_entropy

    cell = lambda wx, wh, bx, bh: {"wx": wx.T, "wh": wh.T, "bx": bx, "bh": bh}
    affine = lambda w, b: {"w": w.T, "b": b}
    last, first = (lambda x: x.transpose(0, 2, 3, 1)), (lambda x: x.transpose(0, 3, 1, 2))  # where channels stand
    ids = jnp.arange(14).reshape(2, 7) % 4
    heads = lambda w, b, wo, bo: {"qkv": affine(w, b), "out": affine(wo, bo)}

    def additive(query, keys, wq, wk, score):
        p = {"query": {"w": wq.T}, "key": {"w": wk.T}, "score": score[0]}
        return additive_attention(p, query, keys, dense(p["key"], keys))

    def encoder(x, w, b, wo, bo, up, bup, down, bdown, n1, m1, n2, m2):
        return block({"self": heads(w, b, wo, bo), "up": affine(up, bup), "down": affine(down, bdown),
                      "norm1": {"w": n1, "b": m1}, "norm2": {"w": n2, "b": m2}}, x, 2)

    def turing(x, wx, wh, bx, bh, w, b, wo, bo):
        return ntm({"controller": cell(wx, wh, bx, bh), "heads": affine(w, b), "output": affine(wo, bo)}, x, 8, 4)

    def stack(embed, w, b, wc, bc, wo, bo):
        p = {"embed": embed, "recur": affine(w, b), "control": affine(wc, bc), "output": affine(wo, bo)}
        return stack_rnn_loss(p, ids.T, stacks=3, depth=6)
    return {
        "matmul": jnp.matmul, "softmax": jax.nn.softmax, "layer norm": layer_norm, "small chain": small_chain,
        "cross entropy": lambda logits: cross_entropy(logits, jnp.array([2, 0, 1])),
        "conv": lambda x, w, b: first(conv(last(x), w.transpose(2, 3, 1, 0), b, 1)),
        "grid sample": lambda x, grid: first(grid_sample(last(x), grid)),
        "lstm": lambda x, *p: lstm(cell(*p), x)[0], "gru": lambda x, *p: gru(cell(*p), x)[0],
        "additive attention": additive, "multi-head": lambda x, *p: multi_head(heads(*p), x, 2, causal=True),
        "encoder layer": encoder, "ntm": turing, "stack rnn": stack,
    }


def jax_updates(saved):
    import jax
    import jax.numpy as jnp
    from steps import adam, rmsprop
    for name, (start, update) in ("adam", adam()), ("rmsprop", rmsprop(1e-4, 0.95, 0.9)):
        p = jnp.array(saved[name]["leaves"][0])
        slots = start(p)
        for _ in range(3):
            p, slots = update(p, jax.grad(lambda p: (p ** 4).sum())(p), slots)
        yield name, [p.tolist()]


def jax_side(given, out):
    import jax
    import jax.numpy as jnp
    from steps import both
    with open(given) as file:
        saved = json.load(file)
    found = dict(jax_updates(saved))
    for name, forward in jax_cases().items():
        leaves = [jnp.array(x, dtype=jnp.float32) for x in saved[name]["leaves"]]
        step = jax.jit(lambda upstream, *leaves, forward=forward: both(forward, upstream, *leaves))
        value, gradients = step(jnp.array(saved[name]["upstream"], dtype=jnp.float32), *leaves)
        found[name] = [value.tolist(), *(x.tolist() for x in gradients)]
    with open(out, "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    sys.path[:0] = [os.path.join(PEERS, {"torch": "pytorch", "jax": "jax"}[sys.argv[1]]), os.path.join(PEERS, "common")]
    os.environ["JAX_PLATFORMS"] = "cpu"
    {"torch": torch_side, "jax": jax_side}[sys.argv[1]](*sys.argv[2:])
