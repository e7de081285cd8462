"""Tensors: made, read, written, exchanged with NumPy."""
import gc

import fovea
import numpy as np
import pytest


def test_made_from_lists():
    x = fovea.tensor([[1, 2], [3, 4]])
    assert x.dtype == fovea.i64 and x.shape == (2, 2) and x.tolist() == [[1, 2], [3, 4]]
    assert fovea.tensor(2.5).dtype == fovea.f32
    assert fovea.tensor([True, False]).dtype == fovea.boolean
    with pytest.raises(fovea.ShapeError):
        fovea.tensor([[1, 2], [3]])


def test_numpy_shares_memory_both_ways():
    a = np.arange(6.0).reshape(2, 3)
    x = fovea.from_numpy(a)
    x[0, 1] = 9
    assert a[0, 1] == 9
    x.numpy()[1, 2] = -1
    assert a[1, 2] == -1 and x[1, 2].item() == -1
    assert x.numpy().__array_interface__["data"][0] == a.__array_interface__["data"][0]


def test_lifetimes():
    x = fovea.from_numpy(np.full(1000, 3.0))
    gc.collect()
    assert x.sum().item() == 3000
    y = fovea.full((1000,), 2.0).numpy()
    gc.collect()
    assert y.sum() == 2000


def test_backward():
    x = fovea.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4, 6]
    with pytest.raises(fovea.AutogradError):
        x.numpy()
