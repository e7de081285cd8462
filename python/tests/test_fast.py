"""The short way of small steps is the long way, in values, gradients, types and errors."""
import fovea
import numpy as np
import pytest
from conftest import f64, same


@pytest.mark.parametrize("size", [3, 5000])
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "exp"])
def test_methods(name, size):
    a, x = f64(size)
    y = getattr(x, name)()
    assert fovea.equal(y.detach(), getattr(fovea, name)(x).detach())
    (short,), (long,) = (fovea.grad(f.sum(), x) for f in (y, getattr(fovea, name)(x)))
    assert fovea.equal(short, long)


@pytest.mark.parametrize("sign, name", [("+", "add"), ("-", "sub"), ("*", "mul"), ("/", "div")])
@pytest.mark.parametrize("size", [3, 5000])
def test_operators(sign, name, size):
    (a, x), (b, y) = f64(size, low=1), f64(size, low=1)
    for left, right, first, second in ((x, y, a, b), (x, 2.5, a, 2.5), (2.5, x, 2.5, a), (x, 2, a, 2),
                                       (x, np.float32(2), a, 2.0), (fovea.Parameter(x), y, a, b)):
        same(eval(f"left {sign} right"), eval(f"first {sign} second"), rtol=1e-12)  # noqa: S307


def test_errors_are_the_same():
    with pytest.raises(fovea.ShapeError, match="add"):
        fovea.ones((2,)) + fovea.ones((3,))
    with pytest.raises(fovea.DTypeError, match="mul"):
        fovea.ones((2,)) * fovea.ones((2,), fovea.f64)
    with pytest.raises(fovea.ValueError):
        fovea.arange(3) * 0.5
    with pytest.raises(fovea.DTypeError, match="tanh"):
        fovea.arange(3).tanh()
    for other in ("a", None, [1.0], object()):
        with pytest.raises(TypeError):
            fovea.ones((2,)) + other
        with pytest.raises(TypeError):
            other - fovea.ones((2,))
    with pytest.raises(TypeError):
        fovea.ones((2,)).tanh(1)

    class Other:
        def __radd__(self, x):
            return "theirs"

    assert fovea.ones((2,)) + Other() == "theirs"


def test_objects_are_used_again():
    """A tensor's Python object comes from a pool: nothing of the one before is left in it."""
    for _ in range(1000):
        x = fovea.ones((2,), requires_grad=True)
        y = x * 2 + 1
        assert y.requires_grad and y.grad is None and not (x.detach() * 2).requires_grad
        y.sum().backward()
        assert x.grad.tolist() == [2, 2]
