"""Training steps of models that look at parts of images."""
import jax
import jax.numpy as jnp
from jax import lax

from layers import cell_weights, dense, dense_weights, lstm_cell
from ops import affine_grid, conv, conv_weights, grid_sample
from steps import adam, cross_entropy, key, rand, randint, train_step, workload


def filters(numbers, count, side):
    """Five numbers of a state become the filters of an N x N grid over rows and columns, and its intensity."""
    x, y, variance, stride, intensity = jnp.split(numbers, 5, axis=-1)
    variance, stride = jnp.exp(variance), (side - 1) / (count - 1) * jnp.exp(stride)

    def along(centre):
        middle = (side + 1) / 2 * (centre + 1) - 1 + (jnp.arange(count) - (count - 1) / 2) * stride  # [B, N]
        f = jnp.exp(-(jnp.arange(side) - middle[..., None]) ** 2 / (2 * variance[..., None]))
        return f / (f.sum(-1, keepdims=True) + 1e-8)
    return along(y), along(x), jnp.exp(intensity)


@workload
def draw_B32_T8_step():
    """DRAW with attention, batch 32, 28x28 pixels, 8 steps, read and write 5x5, LSTMs 256, 10 latents, Adam."""
    side, count, hidden, latent, steps = 28, 5, 256, 10, 8
    model = {"canvas": jnp.zeros((side, side)), "encoder": cell_weights(2 * count ** 2 + hidden, hidden, 4),
             "decoder": cell_weights(latent, hidden, 4), "latent": dense_weights(hidden, 2 * latent),
             "patch": dense_weights(hidden, count ** 2), "reader": dense_weights(hidden, 5),
             "writer": dense_weights(hidden, 5)}

    def loss(p, x, key):
        batch = len(x)
        zero = jnp.zeros((batch, hidden))

        def step(carry, noise):
            canvas, encoder, decoder, bound = carry
            rows, columns, intensity = filters(dense(p["reader"], decoder[0]), count, side)
            seen = jnp.stack([x, x - jax.nn.sigmoid(canvas)], axis=1)
            glimpse = jnp.einsum("bnh,bihw,bmw->binm", rows, seen, columns).reshape(batch, -1)
            encoder = lstm_cell(p["encoder"], jnp.concatenate([intensity * glimpse, decoder[0]], axis=-1), encoder)
            mean, log_deviation = jnp.split(dense(p["latent"], encoder[0]), 2, axis=-1)
            deviation = jnp.exp(log_deviation)
            bound = bound + 0.5 * (mean ** 2 + deviation ** 2 - 2 * log_deviation - 1).sum(-1)
            decoder = lstm_cell(p["decoder"], mean + deviation * noise, decoder)
            rows, columns, intensity = filters(dense(p["writer"], decoder[0]), count, side)
            patch = (dense(p["patch"], decoder[0]) / intensity).reshape(-1, count, count)
            return (canvas + jnp.einsum("bnh,bnm,bmw->bhw", rows, patch, columns), encoder, decoder, bound), None
        start = jnp.broadcast_to(p["canvas"], x.shape), (zero, zero), (zero, zero), jnp.zeros(batch)
        (canvas, _, _, bound), _ = lax.scan(step, start, jax.random.normal(key, (steps, batch, latent)))
        return ((jax.nn.softplus(canvas) - canvas * x).sum((1, 2)) + bound).mean()
    x = jax.random.bernoulli(key(), 0.2, (32, side, side)).astype(jnp.float32)
    return train_step(adam(), loss, model, x, random=True)


@workload
def ram_mnist_B32_6glimpses():
    """Recurrent attention model, 32 images of 28x28, 6 glimpses of 8x8 of one scale, 64 -> 128 -> 256 and 2 -> 128 ->
    256, core 256, drawn locations, learned baseline, cross entropy and score function, Adam."""
    size, hidden, deviation, glimpses = 8, 256, 0.15, 6
    model = {"see": dense_weights(size * size, 128), "place": dense_weights(2, 128), "what": dense_weights(128, hidden),
             "where": dense_weights(128, hidden, False), "core": cell_weights(hidden, hidden, 1),
             "location": dense_weights(hidden, 2), "baseline": dense_weights(hidden, 1),
             "action": dense_weights(hidden, 10)}

    def loss(p, images, labels, key):
        side, padded = images.shape[-1], jnp.pad(images, ((0, 0), (size // 2,) * 2, (size // 2,) * 2))

        def look(h, location):
            corner = ((location + 1) / 2 * side + 0.5).astype(int)
            cut = lambda image, at: lax.dynamic_slice(image, (at[1], at[0]), (size, size))
            seen = jax.nn.relu(dense(p["see"], jax.vmap(cut)(padded, corner).reshape(len(images), -1)))
            x = jax.nn.relu(dense(p["what"], seen) + dense(p["where"], jax.nn.relu(dense(p["place"], location))))
            core = p["core"]
            return jax.nn.relu(x @ core["wx"] + core["bx"] + h @ core["wh"] + core["bh"])

        def step(carry, noise):
            h = look(*carry)
            mean = jnp.tanh(dense(p["location"], h))
            drawn = lax.stop_gradient(mean + deviation * noise)
            log_probability = -(((drawn - mean) / deviation) ** 2).sum(-1) / 2
            baseline = dense(p["baseline"], lax.stop_gradient(h))[:, 0]
            return (h, jnp.clip(drawn, -1, 1)), (log_probability, baseline)
        first, noises = jax.random.split(key)
        start = jnp.zeros((len(images), hidden)), jax.random.uniform(first, (len(images), 2), minval=-1, maxval=1)
        carry, (log_probabilities, baselines) = lax.scan(
            step, start, jax.random.normal(noises, (glimpses - 1, len(images), 2)))
        logits = dense(p["action"], look(*carry))
        reward = jnp.broadcast_to((logits.argmax(-1) == labels).astype(jnp.float32), baselines.shape)
        ahead = reward - lax.stop_gradient(baselines)
        return (cross_entropy(logits, labels) + jnp.square(baselines - reward).mean()
                - (ahead * log_probabilities).sum(0).mean())
    return train_step(adam(), loss, model, rand(32, 28, 28), randint(10, 32), random=True)


def halves(x):
    """[B,H,W,C] as [B,H/2,2,W/2,2,C]."""
    batch, height, width, channels = x.shape
    return x[:, :height // 2 * 2, :width // 2 * 2].reshape(batch, height // 2, 2, width // 2, 2, channels)


@workload
def spatial_transformer_B128_28x28():
    """Affine spatial transformer before two 5x5 convolutions of 32 filters and layers 512 -> 128 -> 10, batch 128 of
    28x28, cross entropy, Adam."""
    model = {"see": [conv_weights(1, 16, 5), conv_weights(16, 32, 3)], "locate": dense_weights(800, 32),
             "theta": {"w": jnp.zeros((32, 6)), "b": jnp.array([1.0, 0, 0, 0, 1, 0])},
             "convs": [conv_weights(1, 32, 5), conv_weights(32, 32, 5)],
             "hidden": dense_weights(512, 128), "output": dense_weights(128, 10)}

    def loss(p, x, labels):
        halve = lambda y: jax.nn.relu(halves(y).max((2, 4)))
        y = halve(conv(halves(x).mean((2, 4)), *p["see"][0], padding=2))
        y = jax.nn.relu(conv(y, *p["see"][1])).reshape(len(x), -1)
        theta = dense(p["theta"], jax.nn.relu(dense(p["locate"], y)))
        y = grid_sample(x, affine_grid(theta.reshape(-1, 2, 3), x.shape[1]))
        for weights in p["convs"]:
            y = halve(conv(y, *weights))
        return cross_entropy(dense(p["output"], jax.nn.relu(dense(p["hidden"], y.reshape(len(x), -1)))), labels)
    return train_step(adam(), loss, model, rand(128, 28, 28, 1), randint(10, 128))
