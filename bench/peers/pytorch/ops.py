"""Single ops."""
import torch
import torch.nn.functional as F
from torch import nn

from workloads import compiled, forward_backward, forward_only, leaf, workload


@workload
def add_1k():
    """a[1024] + b[1024] into a new tensor, no grad."""
    a, b = torch.randn(1024), torch.randn(1024)
    return forward_only(lambda: a + b)


@workload
def add_bcast_1m():
    """a[1024,1024] + b[1024] (row broadcast) into a new tensor, no grad."""
    a, b = torch.randn(1024, 1024), torch.randn(1024)
    return forward_only(lambda: a + b)


@workload
def mul_add_chain_1m_fwdbwd():
    """y = x; 4 times y = y * a + b; all [1024,1024] leaves needing grad; dense upstream grad."""
    x, a, b = leaf(1024, 1024), leaf(1024, 1024), leaf(1024, 1024)

    def forward():
        y = x
        for _ in range(4):
            y = y * a + b
        return y
    return forward_backward(forward, [x, a, b])


@workload
def tanh_1m():
    """tanh of [1048576] standard normals into a new tensor, no grad."""
    x = torch.randn(1 << 20)
    return forward_only(lambda: torch.tanh(x))


@workload
def exp_1m():
    """exp of [1048576] standard normals into a new tensor, no grad."""
    x = torch.randn(1 << 20)
    return forward_only(lambda: torch.exp(x))


@workload
def sum_1m():
    """Sum of [1048576] to one scalar, no grad."""
    x = torch.randn(1 << 20)
    return forward_only(lambda: x.sum())


@workload
def softmax_4096x512():
    """Softmax over the rows of [4096,512], no grad."""
    x = torch.randn(4096, 512)
    return forward_only(lambda: F.softmax(x, dim=-1))


@workload
def softmax_4096x512_fwdbwd():
    """Softmax over the rows of [4096,512] and its backward from a dense upstream grad."""
    x = leaf(4096, 512)
    return forward_backward(lambda: F.softmax(x, dim=-1), [x])


@workload
def layernorm_4096x512_fwdbwd():
    """LayerNorm over rows of [4096,512] with weight and bias; grads for x, weight, bias."""
    x, norm = leaf(4096, 512), nn.LayerNorm(512)
    return forward_backward(lambda: norm(x), [x, *norm.parameters()])


def square_matmul(n):
    a, b = torch.randn(n, n), torch.randn(n, n)
    return forward_only(lambda: a @ b)


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
    a, b = leaf(256, 256), leaf(256, 256)
    return forward_backward(lambda: a @ b, [a, b])


@workload
def bmm_64x64x64x64():
    """Batch of 64: a[64,64,64] @ b[64,64,64], no grad."""
    a, b = torch.randn(64, 64, 64), torch.randn(64, 64, 64)
    return forward_only(lambda: torch.bmm(a, b))


def small_chain(x, w, b):
    y = x
    for _ in range(25):
        y = torch.sigmoid(torch.tanh(y * w + b))
    return y


@workload
def small_graph_100ops_nograd():
    """y = x[16]; 25 times y = sigmoid(tanh(y * w + b)), w[16], b[16]: 100 ops, no grad."""
    x, w, b = torch.randn(16), torch.randn(16), torch.randn(16)
    return forward_only(lambda: small_chain(x, w, b))


@workload
def small_graph_100ops_fwdbwd():
    """The same 100 ops on 16 floats, x, w and b needing grad, and the backward pass."""
    x, w, b = leaf(16), leaf(16), leaf(16)
    return forward_backward(lambda: small_chain(x, w, b), [x, w, b])


@workload
def embedding_fwdbwd():
    """Embedding table [10000,256], ids [32,64]; dense table gradient from a dense upstream."""
    table, ids = nn.Embedding(10000, 256), torch.randint(10000, (32, 64))
    return forward_backward(lambda: table(ids), table.parameters())


@workload
def cross_entropy_2048x10k_fwdbwd():
    """Mean cross entropy of logits [2048,10000] against class ids, gradient to the logits."""
    logits, target = leaf(2048, 10000), torch.randint(10000, (2048,))
    return forward_backward(lambda: F.cross_entropy(logits, target), [logits])


@workload
def conv2d_32x1x28x28_16x5x5_fwdbwd():
    """Input [32,1,28,28] (no grad), 16 filters 5x5 and bias, no padding; parameter grads."""
    x, conv = torch.randn(32, 1, 28, 28), nn.Conv2d(1, 16, 5)
    return forward_backward(lambda: conv(x), conv.parameters())


@workload
def conv2d_32x32x14x14_64x3x3_fwdbwd():
    """Input [32,32,14,14] (grad), 64 filters 3x3 and bias, padding 1; input and parameter grads."""
    x, conv = leaf(32, 32, 14, 14), nn.Conv2d(32, 64, 3, padding=1)
    return forward_backward(lambda: conv(x), [x, *conv.parameters()])


def sample_grid(shape, to_images):
    theta = torch.tensor([1.0, 0, 0, 0, 1, 0]) + 0.1 * torch.randn(shape[0], 6)
    grid = F.affine_grid(theta.view(-1, 2, 3), shape, align_corners=False).requires_grad_()
    x = torch.randn(shape, requires_grad=to_images)
    return forward_backward(
        lambda: F.grid_sample(x, grid, align_corners=False), [x, grid] if to_images else [grid])


@workload
def grid_sample_64x32x28x28_fwdbwd():
    """Images [64,32,28,28] (grad) at affine places [64,28,28,2] (grad), bilinear, zeros beside them."""
    return sample_grid((64, 32, 28, 28), True)


@workload
def grid_sample_256x1x42x42_fwdbwd():
    """Images [256,1,42,42] (no grad) at affine places [256,42,42,2] (grad), bilinear, zeros beside them."""
    return sample_grid((256, 1, 42, 42), False)


@workload
def batchnorm_64x32x28x28_fwdbwd():
    """BatchNorm2d in training mode over [64,32,28,28] (grad), weight and bias; all gradients."""
    x, norm = leaf(64, 32, 28, 28), nn.BatchNorm2d(32)
    return forward_backward(lambda: norm(x), [x, *norm.parameters()])


@workload
def adam_1m():
    """One Adam step on a single [1048576] parameter with a fixed dense gradient."""
    weight = leaf(1 << 20)
    weight.grad = torch.randn(1 << 20)
    return compiled(torch.optim.Adam([weight], lr=1e-3).step)
