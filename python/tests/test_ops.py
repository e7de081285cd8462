"""Every op of the table: bound under its names, and the same as NumPy where NumPy has it."""
import inspect
import json
import math
import os
import re

import fovea
import numpy as np
import pytest
from conftest import f64, same

TABLE = os.path.join(os.path.dirname(__file__), "../../autograd/ops.json")
with open(TABLE) as file:
    OPS = json.load(file)
NAMES = sorted({op["name"] for op in OPS})


@pytest.mark.parametrize("name", NAMES)
def test_op_is_bound_with_the_names_of_the_table(name):
    forms = [op for op in OPS if op["name"] == name]
    function = getattr(fovea, name)
    text = function.__doc__ or ""
    for formula in {op["formula"] for op in forms} - {""}:
        assert formula in text
    signatures = " ".join(str(each) for each in function.__nb_signature__)
    for op in forms:
        if any("initializer_list" in a["type"] for a in op["arguments"]):
            continue
        for a in op["arguments"]:
            if not re.search("Options|Changes|Weights&", a["type"]):
                assert re.search(rf"\b{a['name']}: ", signatures), (a["name"], signatures)
        if op["method"]:
            assert callable(getattr(fovea.Tensor, name))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


UNARY = {
    "neg": (np.negative, -2, 2), "exp": (np.exp, -2, 2), "log": (np.log, 0.1, 3), "log1p": (np.log1p, -0.5, 3),
    "expm1": (np.expm1, -2, 2), "log2": (np.log2, 0.1, 3), "sqrt": (np.sqrt, 0.1, 3),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 0.1, 3), "reciprocal": (np.reciprocal, 0.5, 3), "tanh": (np.tanh, -2, 2),
    "sigmoid": (sigmoid, -3, 3), "relu": (lambda x: np.maximum(x, 0), -2, 2),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.01 * x), -2, 2), "softplus": (lambda x: np.log1p(np.exp(x)), -3, 3),
    "silu": (lambda x: x * sigmoid(x), -3, 3), "elu": (lambda x: np.where(x > 0, x, np.expm1(x)), -2, 2),
    "logsigmoid": (lambda x: np.log(sigmoid(x)), -3, 3), "abs": (np.abs, -2, 2), "sign": (np.sign, -2, 2),
    "floor": (np.floor, -3, 3), "ceil": (np.ceil, -3, 3), "round": (np.round, -3, 3), "sin": (np.sin, -3, 3),
    "cos": (np.cos, -3, 3), "erf": (np.vectorize(math.erf), -2, 2), "square": (np.square, -2, 2),
    "gelu": (lambda x: 0.5 * x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))), -2, 2),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", UNARY)
def test_unary_values(name, dtype):
    f, low, high = UNARY[name]
    a = np.random.uniform(low, high, (3, 5)).astype(dtype)
    x = fovea.from_numpy(a)
    tolerance = 1e-12 if dtype == "float64" else 2e-6
    same(getattr(fovea, name)(x), f(a.astype("float64")).astype(dtype), rtol=tolerance, atol=tolerance)
    same(getattr(x, name)(), getattr(fovea, name)(x).numpy(), rtol=0, atol=0)
    same(getattr(fovea.from_numpy(a.T), name)(), f(a.astype("float64").T), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", [n for n in UNARY if n not in ("sign", "floor", "ceil", "round")])
def test_unary_gradients_against_differences(name):
    f, low, high = UNARY[name]
    a, x = f64(4, 3, low=low, high=high)
    getattr(fovea, name)(x).sum().backward()
    h = 1e-6
    same(x.grad, (f(a + h) - f(a - h)) / (2 * h), rtol=1e-5, atol=1e-7)


BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power,
          "minimum": np.minimum, "maximum": np.maximum, "floor_divide": np.floor_divide, "remainder": np.remainder}
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "floor_divide": "//", "remainder": "%"}


@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3))])
@pytest.mark.parametrize("name", BINARY)
def test_binary_values(name, shapes):
    (a, x), (b, y) = (f64(*shape, low=0.5, high=3) for shape in shapes)
    expected = BINARY[name](a, b)
    same(getattr(fovea, name)(x, y), expected, rtol=1e-12)
    if name in SIGNS:
        same(eval(f"x {SIGNS[name]} y"), expected, rtol=1e-12)  # noqa: S307


@pytest.mark.parametrize("number", [2, 0.5, np.float64(1.5), np.int64(2), True])
@pytest.mark.parametrize("name", BINARY)
def test_binary_with_numbers(name, number):
    a, x = f64(3, 4, low=0.5, high=3)
    same(getattr(fovea, name)(x, number), BINARY[name](a, float(number)), rtol=1e-12)
    if name in SIGNS:
        same(eval(f"x {SIGNS[name]} number"), BINARY[name](a, float(number)), rtol=1e-12)  # noqa: S307
        same(eval(f"number {SIGNS[name]} x"), BINARY[name](float(number), a), rtol=1e-12)  # noqa: S307


@pytest.mark.parametrize("sign", ["==", "!=", "<", "<=", ">", ">="])
def test_comparisons(sign):
    a, b = np.random.randint(0, 3, (4, 5)), np.random.randint(0, 3, (4, 5))
    x, y = fovea.tensor(a), fovea.tensor(b)
    for actual, expected in ((f"x {sign} y", f"a {sign} b"), (f"x {sign} 1", f"a {sign} 1"), (f"1 {sign} x", f"1 {sign} a")):
        result = eval(actual)  # noqa: S307
        assert result.dtype == fovea.boolean
        same(result, eval(expected))  # noqa: S307


@pytest.mark.parametrize("sign", ["+", "-", "*", "/"])
def test_in_place(sign):
    a = np.random.uniform(1, 2, (2, 3))
    x, b = fovea.tensor(a), fovea.tensor([1.0, 2.0, 3.0], fovea.f64)
    alias, address = x, x.data_ptr()
    exec(f"x {sign}= b\nx {sign}= 2", {}, scope := {"x": x, "b": b})  # noqa: S102
    expected = eval(f"(a {sign} [1., 2., 3.]) {sign} 2", {"a": a})  # noqa: S307
    same(scope["x"], expected, rtol=1e-12)
    same(alias, expected, rtol=1e-12)
    assert scope["x"].data_ptr() == address


def test_in_place_on_the_tape_makes_a_new_tensor():
    w = fovea.tensor([3.0], requires_grad=True)
    total = first = fovea.zeros((1,))
    total += w * 2
    assert first.item() == 0 and total.item() == 6
    total.backward()
    assert w.grad.item() == 2
    with pytest.raises(fovea.AutogradError):
        w += 1


REDUCE = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "max": np.max, "min": np.min,
          "norm": lambda a, axis=None, keepdims=False: np.sqrt(np.sum(a * a, axis=axis, keepdims=keepdims)),
          "logsumexp": lambda a, axis=None, keepdims=False: np.log(np.sum(np.exp(a), axis=axis, keepdims=keepdims))}


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dims", [None, 0, -1, (0, 2), [1]])
@pytest.mark.parametrize("name", REDUCE)
def test_reductions(name, dims, keepdim):
    a, x = f64(2, 3, 4)
    axis = tuple(dims) if isinstance(dims, (tuple, list)) else dims
    expected = REDUCE[name](a, axis=axis, keepdims=keepdim)
    same(getattr(fovea, name)(x, dims, keepdim), expected, rtol=1e-12)
    same(getattr(x, name)(dims=dims, keepdim=keepdim), expected, rtol=1e-12)


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("name", ["var", "standard_deviation", "std"])
def test_spread(name, unbiased):
    a, x = f64(4, 5)
    f = np.var if name == "var" else np.std
    same(getattr(x, name)(1, unbiased=unbiased), f(a, axis=1, ddof=int(unbiased)), rtol=1e-12)


@pytest.mark.parametrize("call, expected", [
    (lambda x: x.reshape(4, 6), lambda a: a.reshape(4, 6)), (lambda x: x.reshape((-1, 8)), lambda a: a.reshape(-1, 8)),
    (lambda x: x.permute(2, 0, 1), lambda a: a.transpose(2, 0, 1)),
    (lambda x: x.transpose(0, 2), lambda a: a.swapaxes(0, 2)), (lambda x: x.flatten(1), lambda a: a.reshape(2, 12)),
    (lambda x: x[0].T, lambda a: a[0].T), (lambda x: x[0].t(), lambda a: a[0].T),
    (lambda x: x.unsqueeze(1), lambda a: a[:, None]), (lambda x: x.unsqueeze(1).squeeze(), lambda a: a),
    (lambda x: x[:, :1].expand(2, 3, 4), lambda a: np.broadcast_to(a[:, :1], (2, 3, 4))),
    (lambda x: x.repeat(2, 1, 1), lambda a: np.tile(a, (2, 1, 1))),
    (lambda x: x.repeat_interleave(2, 1), lambda a: np.repeat(a, 2, 1)),
    (lambda x: x.flip(2), lambda a: a[:, :, ::-1]), (lambda x: x.roll(1, 2), lambda a: np.roll(a, 1, 2)),
    (lambda x: x.tril(), np.tril), (lambda x: x.triu(1), lambda a: np.triu(a, 1)),
    (lambda x: x.slice(2, 1, 3), lambda a: a[:, :, 1:3]), (lambda x: x.select(1, 2), lambda a: a[:, 2]),
    (lambda x: fovea.cat([x, x], 1), lambda a: np.concatenate([a, a], 1)),
    (lambda x: fovea.stack([x, x], 1), lambda a: np.stack([a, a], 1)),
    (lambda x: x.split([1, 2], 1)[1], lambda a: a[:, 1:]), (lambda x: x.chunk(2, 2)[1], lambda a: a[:, :, 2:]),
    (lambda x: x.unbind(0)[1], lambda a: a[1]), (lambda x: x.pad([1, 2]), lambda a: np.pad(a, ((0, 0), (0, 0), (1, 2)))),
    (lambda x: x.cumsum(2), lambda a: np.cumsum(a, 2)), (lambda x: x.cumprod(2), lambda a: np.cumprod(a, 2)),
    (lambda x: x.sort(2)[0], lambda a: np.sort(a, 2)), (lambda x: x.argsort(2), lambda a: np.argsort(a, 2, kind="stable")),
    (lambda x: x.argmax(1), lambda a: np.argmax(a, 1)), (lambda x: x.argmin(), lambda a: np.argmin(a)),
    (lambda x: x.topk(2, 2)[0], lambda a: -np.sort(-a, 2)[:, :, :2]),
    (lambda x: x.median(2)[0], lambda a: np.sort(a, 2)[:, :, 1]),
    (lambda x: x.max_with_indices(2)[1], lambda a: np.argmax(a, 2)),
    (lambda x: x.clamp(-0.5, 0.5), lambda a: np.clip(a, -0.5, 0.5)),
    (lambda x: fovea.where(x > 0, x, 0.0), lambda a: np.where(a > 0, a, 0)),
    (lambda x: fovea.where(x > 0, 1.0, x), lambda a: np.where(a > 0, 1, a)),
    (lambda x: x.masked_fill(x > 0, -1), lambda a: np.where(a > 0, -1, a)),
    (lambda x: x.masked_select(x > 0), lambda a: a[a > 0]), (lambda x: (x > 0).nonzero(), lambda a: np.argwhere(a > 0)),
    (lambda x: x @ x.transpose(1, 2), lambda a: a @ a.swapaxes(1, 2)),
    (lambda x: fovea.outer(x[0, 0], x[0, 1]), lambda a: np.outer(a[0, 0], a[0, 1])),
    (lambda x: fovea.einsum("bij,bkj->bik", [x, x]), lambda a: np.einsum("bij,bkj->bik", a, a)),
    (lambda x: x.softmax(-1), lambda a: np.exp(a) / np.exp(a).sum(-1, keepdims=True)),
    (lambda x: x.log_softmax(1), lambda a: a - np.log(np.exp(a).sum(1, keepdims=True))),
    (lambda x: x.index_select(1, fovea.tensor([2, 0])), lambda a: a[:, [2, 0]]),
    (lambda x: x.gather(2, fovea.zeros((2, 3, 1), fovea.i64)), lambda a: a[:, :, :1]),
    (lambda x: x.unfold(2, 2, 1), lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, 2)),
    (lambda x: fovea.meshgrid([x[0, 0], x[0, 1]])[1], lambda a: np.meshgrid(a[0, 0], a[0, 1], indexing="ij")[1]),
    (lambda x: x.to(fovea.f32).to(fovea.f64), lambda a: a.astype("f4").astype("f8")),
    (lambda x: ~(x > 0) & (x > -1) | (x > 1), lambda a: ~(a > 0) & (a > -1) | (a > 1)),
    (lambda x: abs(-x) + +x, lambda a: abs(a) + a),
])
def test_shapes_and_choices(call, expected):
    a, x = f64(2, 3, 4)
    same(call(x), expected(a), rtol=1e-12)


def test_losses():
    a, x = f64(4, 3)
    ids = np.array([0, 2, 1, 2])
    log_p = a - np.log(np.exp(a).sum(1, keepdims=True))
    each = -log_p[np.arange(4), ids]
    target = fovea.tensor(ids)
    same(fovea.cross_entropy(x, target), each.mean(), rtol=1e-12)
    same(fovea.cross_entropy(x, target, reduction="none"), each, rtol=1e-12)
    same(fovea.cross_entropy(x, target, ignore_index=2, reduction="sum"), each[[0, 2]].sum(), rtol=1e-12)
    same(fovea.nll_loss(x.log_softmax(1), target, reduction="sum"), each.sum(), rtol=1e-12)
    same(fovea.mse_loss(x, x.detach() * 0), (a * a).mean(), rtol=1e-12)
    same(fovea.l1_loss(x, x.detach() * 0, "sum"), np.abs(a).sum(), rtol=1e-12)
    with pytest.raises(TypeError):
        fovea.mse_loss(x, x, reduction="average")


def test_options_are_keywords():
    x, w = fovea.ones((1, 1, 5, 5)), fovea.ones((1, 1, 3, 3))
    assert fovea.conv2d(x, w, padding=1, stride=(2, 1)).shape == (1, 1, 3, 5)
    assert fovea.conv2d(x, w, dilation=2).shape == (1, 1, 1, 1)
    assert fovea.max_pool2d(x, 2).shape == (1, 1, 2, 2)
    assert fovea.avg_pool2d(x, (2, 3), stride=1).shape == (1, 1, 4, 3)
    assert fovea.interpolate(x, (10, 10), mode="bilinear").shape == (1, 1, 10, 10)
    q = fovea.randn((2, 2, 4, 8))
    y = fovea.scaled_dot_product_attention(q, q, q, causal=True)
    context, weights = fovea.plain_sdpa(q, q, q, causal=True)
    same(y, context.numpy(), rtol=1e-4, atol=1e-6)
    assert weights[0, 0, 0].tolist() == [1, 0, 0, 0]
    assert "causal" in inspect.getdoc(fovea.scaled_dot_product_attention) or fovea.scaled_dot_product_attention.__doc__
