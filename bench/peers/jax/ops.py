"""Single ops."""
import jax
import jax.numpy as jnp
from jax import lax

from steps import adam, cross_entropy, forward_backward, forward_only, randint, randn, uniform, workload


@workload
def add_1k():
    """a[1024] + b[1024] into a new tensor, no grad."""
    return forward_only(jnp.add, randn(1024), randn(1024))


@workload
def add_bcast_1m():
    """a[1024,1024] + b[1024] (row broadcast) into a new tensor, no grad."""
    return forward_only(jnp.add, randn(1024, 1024), randn(1024))


@workload
def mul_add_chain_1m_fwdbwd():
    """y = x; 4 times y = y * a + b; all [1024,1024] leaves needing grad; dense upstream grad."""
    def forward(x, a, b):
        y = x
        for _ in range(4):
            y = y * a + b
        return y
    return forward_backward(forward, *(randn(1024, 1024) for _ in range(3)))


@workload
def tanh_1m():
    """tanh of [1048576] standard normals into a new tensor, no grad."""
    return forward_only(jnp.tanh, randn(1 << 20))


@workload
def exp_1m():
    """exp of [1048576] standard normals into a new tensor, no grad."""
    return forward_only(jnp.exp, randn(1 << 20))


@workload
def sum_1m():
    """Sum of [1048576] to one scalar, no grad."""
    return forward_only(jnp.sum, randn(1 << 20))


@workload
def softmax_4096x512():
    """Softmax over the rows of [4096,512], no grad."""
    return forward_only(jax.nn.softmax, randn(4096, 512))


@workload
def softmax_4096x512_fwdbwd():
    """Softmax over the rows of [4096,512] and its backward from a dense upstream grad."""
    return forward_backward(jax.nn.softmax, randn(4096, 512))


def normalized(x, axes, weight, bias):
    """By the variance as Flax takes it, E[x^2] - E[x]^2, which XLA makes fewer passes of than E[(x - E[x])^2]."""
    mean = x.mean(axes, keepdims=True)
    variance = jnp.maximum(0, jnp.square(x).mean(axes, keepdims=True) - jnp.square(mean))
    return (x - mean) * (lax.rsqrt(variance + 1e-5) * weight) + bias


def layer_norm(x, weight, bias):
    return normalized(x, -1, weight, bias)


@workload
def layernorm_4096x512_fwdbwd():
    """LayerNorm over rows of [4096,512] with weight and bias; grads for x, weight, bias."""
    return forward_backward(layer_norm, randn(4096, 512), jnp.ones(512), jnp.zeros(512))


def square_matmul(n):
    return forward_only(jnp.matmul, randn(n, n), randn(n, n))


@workload
def matmul_64():
    """a[64,64] @ b[64,64], no grad."""
    return square_matmul(64)


@workload
def matmul_256():
    """a[256,256] @ b[256,256], no grad."""
    return square_matmul(256)


@workload
def matmul_1024():
    """a[1024,1024] @ b[1024,1024], no grad."""
    return square_matmul(1024)


@workload
def matmul_256_fwdbwd():
    """a[256,256] @ b[256,256] and both gradients (3 products) from a dense upstream grad."""
    return forward_backward(jnp.matmul, randn(256, 256), randn(256, 256))


@workload
def bmm_64x64x64x64():
    """Batch of 64: a[64,64,64] @ b[64,64,64], no grad."""
    return forward_only(jnp.matmul, randn(64, 64, 64), randn(64, 64, 64))


def small_chain(x, w, b):
    y = x
    for _ in range(25):
        y = jax.nn.sigmoid(jnp.tanh(y * w + b))
    return y


@workload
def small_graph_100ops_nograd():
    """y = x[16]; 25 times y = sigmoid(tanh(y * w + b)), w[16], b[16]: 100 ops, no grad."""
    return forward_only(small_chain, randn(16), randn(16), randn(16))


@workload
def small_graph_100ops_fwdbwd():
    """The same 100 ops on 16 floats, x, w and b needing grad, and the backward pass."""
    return forward_backward(small_chain, randn(16), randn(16), randn(16))


@workload
def embedding_fwdbwd():
    """Embedding table [10000,256], ids [32,64]; dense table gradient from a dense upstream."""
    ids = randint(10000, 32, 64)
    return forward_backward(lambda table: table[ids], randn(10000, 256))


@workload
def cross_entropy_2048x10k_fwdbwd():
    """Mean cross entropy of logits [2048,10000] against class ids, gradient to the logits."""
    target = randint(10000, 2048)
    return forward_backward(lambda logits: cross_entropy(logits, target), randn(2048, 10000))


def conv(x, weight, bias, padding=0):
    """Channels stand last, as XLA has them on the CPU."""
    y = lax.conv_general_dilated(x, weight, (1, 1), [(padding, padding)] * 2,
                                 dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return y + bias


def conv_weights(inputs, outputs, kernel):
    bound = (inputs * kernel * kernel) ** -0.5
    return uniform(bound, kernel, kernel, inputs, outputs), uniform(bound, outputs)


@workload
def conv2d_32x1x28x28_16x5x5_fwdbwd():
    """Input [32,1,28,28] (no grad), 16 filters 5x5 and bias, no padding; parameter grads."""
    x = randn(32, 28, 28, 1)
    return forward_backward(lambda weight, bias: conv(x, weight, bias), *conv_weights(1, 16, 5))


@workload
def conv2d_32x32x14x14_64x3x3_fwdbwd():
    """Input [32,32,14,14] (grad), 64 filters 3x3 and bias, padding 1; input and parameter grads."""
    return forward_backward(lambda x, weight, bias: conv(x, weight, bias, 1), randn(32, 14, 14, 32),
                            *conv_weights(32, 64, 3))


def affine_grid(theta, size):
    """[B,size,size,2], x before y, of [B,2,3]."""
    steps = (2 * jnp.arange(size) + 1) / size - 1
    y, x = jnp.meshgrid(steps, steps, indexing="ij")
    return jnp.einsum("hwk,bik->bhwi", jnp.stack([x, y, jnp.ones_like(x)], -1), theta)


def grid_sample(images, grid):
    """Bilinear, zeros beside the images [B,H,W,C]."""
    count, height, width, _ = images.shape
    x, y = ((grid[..., 0] + 1) * width - 1) / 2, ((grid[..., 1] + 1) * height - 1) / 2
    left, top = jnp.floor(x), jnp.floor(y)
    batch, out = jnp.arange(count)[:, None, None], 0
    for column, across in (left, left + 1 - x), (left + 1, x - left):
        for row, down in (top, top + 1 - y), (top + 1, y - top):
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            i, j = (jnp.clip(row, 0, height - 1).astype(int), jnp.clip(column, 0, width - 1).astype(int))
            out += images[batch, i, j] * jnp.where(inside, across * down, 0)[..., None]
    return out


def sampled(count, channels, size, to_images):
    theta = jnp.array([1.0, 0, 0, 0, 1, 0]) + 0.1 * randn(count, 6)
    grid, images = affine_grid(theta.reshape(-1, 2, 3), size), randn(count, size, size, channels)
    if to_images:
        return forward_backward(grid_sample, images, grid)
    return forward_backward(lambda grid: grid_sample(images, grid), grid)


@workload
def grid_sample_64x32x28x28_fwdbwd():
    """Images [64,32,28,28] (grad) at affine places [64,28,28,2] (grad), bilinear, zeros beside them."""
    return sampled(64, 32, 28, True)


@workload
def grid_sample_256x1x42x42_fwdbwd():
    """Images [256,1,42,42] (no grad) at affine places [256,42,42,2] (grad), bilinear, zeros beside them."""
    return sampled(256, 1, 42, False)


@workload
def batchnorm_64x32x28x28_fwdbwd():
    """BatchNorm2d in training mode over [64,32,28,28] (grad), weight and bias; all gradients."""
    def norm(x, weight, bias):
        return normalized(x, (0, 1, 2), weight, bias)
    return forward_backward(norm, randn(64, 28, 28, 32), jnp.ones(32), jnp.zeros(32))


@workload
def adam_1m():
    """One Adam step on a single [1048576] parameter with a fixed dense gradient."""
    start, update = adam()
    update = jax.jit(update, donate_argnums=(0, 2))
    weight, gradient = randn(1 << 20), randn(1 << 20)
    state = [(weight, start(weight))]

    def step():
        state[0] = jax.block_until_ready(update(state[0][0], gradient, state[0][1]))
    return step
