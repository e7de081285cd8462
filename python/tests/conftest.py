"""What the tests share."""
import fovea
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def seeded():
    fovea.manual_seed(1)
    np.random.seed(1)


def same(x, expected, rtol=1e-6, atol=1e-7):
    """Whether a tensor (or number) is what NumPy has, in shape and value."""
    actual = x.detach().numpy() if isinstance(x, fovea.Tensor) else np.asarray(x)
    expected = np.asarray(expected)
    assert actual.shape == expected.shape, (actual.shape, expected.shape)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


def f64(*shape, low=-2.0, high=2.0):
    """Uniform f64 numbers: an array of NumPy, and a tensor with a copy of it that requires a gradient."""
    a = np.random.uniform(low, high, shape)
    return a, fovea.tensor(a, requires_grad=True)
