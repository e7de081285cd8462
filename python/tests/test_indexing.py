"""x[...] and x[...] = y against NumPy."""
import fovea
import numpy as np
import pytest
from conftest import same

ids, mask, row_mask = np.array([2, 0, 1]), np.arange(24).reshape(2, 3, 4) % 3 == 0, np.array([True, False, True])
BASIC = [0, -1, slice(None), slice(1, None), slice(-2, None), slice(0, 2, 2), None, Ellipsis, (0, 1), (0, 1, 2),
         (slice(None), 1), (Ellipsis, 0), (Ellipsis, None), (0, Ellipsis, 1), (slice(None), None, 1), (None, None, 0),
         (slice(0, 1), slice(1, 3), slice(None, None, 2)), (Ellipsis, slice(1, 2)), (), (1, slice(None), slice(3, 1))]
ADVANCED = [np.array([1, 0, 1]), np.array([[0, 1], [1, 1]]), np.array([True, False]), mask, (slice(None), ids), (0, ids),
            (Ellipsis, ids), (slice(None), row_mask), (0, row_mask), (slice(None), ids, slice(1, 3)),
            (slice(None), slice(None), np.array([[0, 3], [1, 2]])), (0, mask[0]), (None, np.array([1, 0])), [1, 0]]


def ours(index):
    """The same index with tensors for arrays."""
    if isinstance(index, tuple):
        return tuple(map(ours, index))
    return fovea.tensor(index) if isinstance(index, np.ndarray) else index


@pytest.mark.parametrize("index", BASIC, ids=str)
def test_views(index):
    a = np.arange(24.0).reshape(2, 3, 4)
    x = fovea.from_numpy(a)
    part = x[index]
    same(part, a[index])
    if part.numel():
        assert part.shares_storage(x)


@pytest.mark.parametrize("number", range(len(ADVANCED)))
def test_ids_and_masks(number):
    index, a = ADVANCED[number], np.arange(24.0).reshape(2, 3, 4)
    x = fovea.from_numpy(a)
    same(x[ours(index)], a[index])
    same(x[index], a[index])  # NumPy's arrays are taken too
    w = fovea.tensor(a, requires_grad=True)
    w[ours(index)].sum().backward()
    expected = np.zeros_like(a)
    np.add.at(expected, index, 1)
    same(w.grad, expected)


@pytest.mark.parametrize("number", range(len(BASIC) + len(ADVANCED)))
def test_assignment(number):
    index = (BASIC + ADVANCED)[number]
    for value in (7.0, None):
        a = np.arange(24.0).reshape(2, 3, 4)
        x = fovea.tensor(a)
        if value is None:
            value = np.random.uniform(0, 1, a[index].shape)
        x[ours(index)] = value if isinstance(value, float) else fovea.tensor(value)
        a[index] = value
        same(x, a)


def test_assignment_broadcasts_and_accumulates():
    x = fovea.zeros((2, 3))
    x[0] = fovea.tensor([1.0, 2.0, 3.0])
    x[:, 1] += 10
    x[1] -= x[0]
    assert x.tolist() == [[1, 12, 3], [-1, -2, -3]]


@pytest.mark.parametrize("index", [2, -3, (0, 0, 0, 0), (Ellipsis, Ellipsis), (0, 3)])
def test_outside(index):
    with pytest.raises(IndexError):
        fovea.zeros((2, 3, 4))[index]


def test_refused():
    x = fovea.zeros((2, 3))
    with pytest.raises(ValueError, match="step"):
        x[::-1]
    with pytest.raises(fovea.ShapeError):
        x[fovea.tensor([True, False, True])]
    w = fovea.zeros((3,))
    w.requires_grad_()
    with pytest.raises(fovea.AutogradError):
        w[0] = 1
    with pytest.raises(fovea.AutogradError):
        w[fovea.tensor([0])] = 1
    with fovea.no_grad():
        w[0] = 1
    assert w[0].item() == 1


@pytest.mark.parametrize("place", [2**70, -2**70, (0, 2**70)])
def test_a_place_that_no_integer_holds_is_an_index_error(place):
    with pytest.raises(IndexError):
        fovea.ones((1, 1))[place]
