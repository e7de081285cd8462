"""The kinds of step that workloads time, random inputs, optimisers. A step is one compiled function, and waited for."""
import functools

import jax
import jax.numpy as jnp

from harness import workload  # noqa: F401, for the files of workloads

_key = [jax.random.key(1)]


def seed(number):
    _key[0] = jax.random.key(number)


def key():
    _key[0], new = jax.random.split(_key[0])
    return new


def randn(*shape):
    return jax.random.normal(key(), shape)


def uniform(bound, *shape):
    return jax.random.uniform(key(), shape, minval=-bound, maxval=bound)


def rand(*shape):
    return jax.random.uniform(key(), shape)


def randint(most, *shape):
    return jax.random.randint(key(), shape, 0, most)


def forward_only(forward, *inputs):
    forward = jax.jit(forward)
    return lambda: jax.block_until_ready(forward(*inputs))


def both(forward, upstream, *leaves):
    """forward(*leaves) and the gradient of each leaf."""
    out, backward = jax.vjp(forward, *leaves)
    return out, backward(upstream)


def forward_backward(forward, *leaves):
    """forward() and a backward pass from a fixed random upstream gradient; a leaf may be a tree."""
    upstream = randn(*jax.eval_shape(forward, *leaves).shape)
    step = jax.jit(functools.partial(both, forward))
    return lambda: jax.block_until_ready(step(upstream, *leaves))


def train_step(optimizer, loss, parameters, *data, random=False):
    """loss(parameters, *data), its gradients and the update; a loss that draws gets a new key too."""
    start, update = optimizer

    @functools.partial(jax.jit, donate_argnums=0)
    def advance(state, data):
        parameters, slots, key = state
        key, drawn = jax.random.split(key) if random else (key, None)
        value, gradients = jax.value_and_grad(loss)(parameters, *data, *([drawn] if random else []))
        return (*update(parameters, gradients, slots), key), value

    state = [jax.tree.map(jnp.copy, (parameters, start(parameters), key()))]

    def step():
        state[0], value = advance(state[0], data)
        jax.block_until_ready((state[0], value))
    return step


def zeros(parameters):
    return jax.tree.map(jnp.zeros_like, parameters)


def adam(rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
    def update(parameters, gradients, slots):
        t, m, v = slots
        t = t + 1
        m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, m, gradients)
        v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, v, gradients)
        size, root = rate / (1 - beta1 ** t), jnp.sqrt(1 - beta2 ** t)
        parameters = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) / root + epsilon), parameters, m, v)
        return parameters, (t, m, v)
    return lambda parameters: (jnp.zeros(()), zeros(parameters), zeros(parameters)), update


def rmsprop(rate, alpha, momentum, epsilon=1e-8):
    def update(parameters, gradients, slots):
        v, moved = slots
        v = jax.tree.map(lambda v, g: alpha * v + (1 - alpha) * g * g, v, gradients)
        moved = jax.tree.map(lambda b, g, v: momentum * b + g / (jnp.sqrt(v) + epsilon), moved, gradients, v)
        return jax.tree.map(lambda p, b: p - rate * b, parameters, moved), (v, moved)
    return lambda parameters: (zeros(parameters), zeros(parameters)), update


def cross_entropy(logits, target):
    chosen = jnp.take_along_axis(logits, target[..., None], axis=-1)[..., 0]
    return (jax.nn.logsumexp(logits, axis=-1) - chosen).mean()
