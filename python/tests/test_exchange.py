"""Arrays and DLPack both ways, lifetimes, what is refused."""
import copy
import gc
import pickle
import weakref

import fovea
import numpy as np
import pytest
from conftest import same

DTYPES = {"float32": fovea.f32, "float64": fovea.f64, "int64": fovea.i64, "bool": fovea.boolean, "uint8": fovea.u8,
          "int32": fovea.i32}


@pytest.mark.parametrize("dtype", DTYPES)
def test_types(dtype):
    a = np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)
    for x in (fovea.from_numpy(a), fovea.from_dlpack(a), fovea.tensor(a)):
        assert x.dtype == DTYPES[dtype] and x.tolist() == a.tolist()
        back = x.numpy()
        assert back.dtype == a.dtype and back.tolist() == a.tolist()
        assert np.from_dlpack(x).tolist() == a.tolist()
    assert fovea.from_numpy(a).data_ptr() == fovea.from_dlpack(a).data_ptr() == a.ctypes.data
    assert fovea.tensor(a).data_ptr() != a.ctypes.data


@pytest.mark.parametrize("part", [
    lambda a: a, lambda a: a.T, lambda a: a[1:, ::2], lambda a: a[:, 1], lambda a: a[None], lambda a: a[0:0],
    lambda a: np.broadcast_to(a[:1], (3, 4)).copy(), lambda a: np.array(5.0), lambda a: a.reshape(2, 2, 3)])
def test_layouts(part):
    a = part(np.arange(12.0).reshape(3, 4))
    x = fovea.from_numpy(a)
    same(x, a)
    assert x.numel() == 0 or x.data_ptr() == a.ctypes.data
    same(x * 1, a)
    y = x.numpy()
    assert y.strides == a.strides or a.size <= 1 or 1 in a.shape
    if a.size:
        y[...] = 3
        assert x.sum().item() == 3 * a.size == a.sum()


@pytest.mark.parametrize("array, error", [
    (np.zeros(3)[::-1], fovea.ShapeError), (np.zeros(3, "float16"), fovea.DTypeError),
    (np.zeros(3, "complex64"), fovea.DTypeError), (np.zeros(3, "int16"), fovea.DTypeError),
    (np.zeros(3, ">f8"), fovea.ValueError), (np.frombuffer(bytes(24)), fovea.ValueError),
    (np.frombuffer(bytearray(25), "f8", 3, 1), fovea.ValueError),
    (np.zeros(3, [("a", "f8"), ("b", "f4")])["a"], fovea.ValueError), (np.zeros((1,) * 9), fovea.ShapeError),
    ([1.0], TypeError)])
def test_what_from_numpy_refuses(array, error):
    with pytest.raises(error):
        fovea.from_numpy(array)


@pytest.mark.parametrize("array, dtype", [
    (np.arange(3.0)[::-1], fovea.f64), (np.arange(3, dtype="float16"), fovea.f32), (np.arange(3, dtype="int16"), fovea.i64),
    (np.arange(3, dtype=">f8"), fovea.f64), (np.frombuffer(np.arange(3.0).tobytes()), fovea.f64),
    (np.arange(3, dtype="uint32"), fovea.i64), (np.zeros(3, [("a", "f8"), ("b", "f4")])["a"], fovea.f64)])
def test_what_tensor_copies_instead(array, dtype):
    x = fovea.tensor(array)
    assert x.dtype == dtype and x.tolist() == array.tolist()


def test_tensor_refuses_what_is_no_number():
    for bad in ("text", object(), [1, "a"], {}, np.array(["a"]), np.zeros(2, "complex128")):
        with pytest.raises((TypeError, fovea.DTypeError)):
            fovea.tensor(bad)


def test_the_array_lives_as_long_as_its_tensors():
    class Array(np.ndarray):
        pass

    a = np.arange(1000.0).view(Array)
    died = weakref.ref(a)
    x = fovea.from_numpy(a)
    row, weight = x.reshape(10, 100)[3], fovea.ones((1000,), fovea.f64, requires_grad=True)
    del a
    y = (x * weight).sum()
    del x
    gc.collect()
    assert died() is not None and row[0].item() == 300
    del row
    y.backward()
    assert weight.grad[7].item() == 7
    del y, weight
    gc.collect()
    assert died() is None


def test_the_tensor_lives_as_long_as_its_arrays():
    before = fovea.memory_stats().live_bytes
    x = fovea.full((100000,), 2.0)
    a, capsule = x.numpy(), np.from_dlpack(x)
    del x
    gc.collect()
    assert fovea.memory_stats().live_bytes - before >= 400000
    assert a.sum() == capsule.sum() == 200000
    del a, capsule
    gc.collect()
    assert fovea.memory_stats().live_bytes - before < 400000


def test_numpy_functions_take_tensors():
    x = fovea.tensor([[1.0, 4.0]])
    assert np.sqrt(x).tolist() == [[1, 2]] and np.asarray(x, "int32").dtype == np.int32
    assert isinstance(np.float32(2) * x, fovea.Tensor) and isinstance(np.ones(1)[0] + x, fovea.Tensor)
    assert np.array(x) is not x.numpy()


def test_tape_keeps_to_itself():
    x = fovea.ones((2,), requires_grad=True)
    for export in (lambda: x.numpy(), lambda: np.asarray(x), lambda: np.from_dlpack(x)):
        with pytest.raises(fovea.AutogradError, match="detach"):
            export()
    assert x.detach().numpy().tolist() == [1, 1]


def test_pickles_and_copies():
    x = fovea.randn((2, 3), requires_grad=True)
    for y in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert fovea.equal(x.detach(), y.detach()) and y.requires_grad and not y.shares_storage(x)


def test_dlpack_protocol():
    x = fovea.ones((2, 3))
    assert x.__dlpack_device__() == (1, 0)
    assert "dltensor" in repr(x.__dlpack__())
    y = fovea.from_dlpack(x.T)
    y[0, 1] = 5
    assert x[1, 0].item() == 5


def test_dlpack_of_a_tape_of_others_is_refused():
    class Leaf:
        requires_grad = True

        def __dlpack__(self, **options):
            return fovea.ones(2).__dlpack__(**options)

        def __dlpack_device__(self):
            return (1, 0)

    with pytest.raises(fovea.AutogradError, match="detach"):
        fovea.from_dlpack(Leaf())
    leaf = Leaf()
    leaf.requires_grad = False
    assert fovea.from_dlpack(leaf).tolist() == [1, 1]
    with pytest.raises(TypeError, match="may be written"):
        fovea.from_dlpack(3)


@pytest.mark.parametrize("data", [2**70, [2**63], [[1, -2**63 - 1]], np.array([1, 2**63], "u8")])
def test_whole_numbers_that_do_not_fit_are_refused(data):
    with pytest.raises(fovea.ValueError, match="i64 does not hold"):
        fovea.tensor(data)
    assert fovea.tensor(np.array([1, 2**63 - 1], "u8")).tolist() == [1, 2**63 - 1]
    assert fovea.tensor([2**63 - 1, -2**63]).tolist() == [2**63 - 1, -2**63]


def test_files_name_what_is_no_tensor(tmp_path):
    for save in (fovea.save_safetensors, fovea.save_checkpoint):
        with pytest.raises(TypeError, match="x is of type ndarray; need fovea.Tensor, which fovea.tensor"):
            save(tmp_path / "file", {"x": np.ones(2)})
        with pytest.raises(TypeError, match="a name is of type int"):
            save(tmp_path / "file", {1: fovea.ones(2)})
    assert not list(tmp_path.iterdir())
    with pytest.raises(TypeError, match="a parameter is of type int"):
        fovea.Adam([1, 2])


def test_numbers():
    x = fovea.tensor([[1.5]])
    assert float(x) == 1.5 and int(x) == 1 and bool(x) and x.item() == 1.5 and len(x) == 1
    assert [1, 2, 3][fovea.tensor(1)] == 2 and list(range(5))[fovea.tensor(1):] == [1, 2, 3, 4]
    assert isinstance(fovea.tensor(3).item(), int) and fovea.tensor(True).item() is True
    assert [row.tolist() for row in fovea.tensor([[1], [2]])] == [[1], [2]]
    assert len({x, x}) == 1 and repr(x).startswith("f32[1, 1]")
    for bad in (lambda: bool(fovea.ones(2)), lambda: len(fovea.tensor(1)), lambda: iter(fovea.tensor(1)),
                lambda: float(fovea.ones(2)), lambda: [0][fovea.tensor(1.0)]):
        with pytest.raises((TypeError, fovea.Error)):
            bad()


@pytest.mark.parametrize("make, expected", [
    (lambda: fovea.zeros(3), np.zeros(3)), (lambda: fovea.ones((2, 1)), np.ones((2, 1))),
    (lambda: fovea.full([2], 5), np.full(2, 5)), (lambda: fovea.arange(5), np.arange(5)),
    (lambda: fovea.arange(1, 5, 2), np.arange(1, 5, 2)), (lambda: fovea.arange(0.0, 1.0, 0.25), np.arange(0, 1, 0.25)),
    (lambda: fovea.linspace(0, 1, 5), np.linspace(0, 1, 5)), (lambda: fovea.eye(3), np.eye(3)),
    (lambda: fovea.one_hot(fovea.tensor([1, 0]), 3), np.eye(3)[[1, 0]]), (lambda: fovea.scalar(2), np.array(2.0)),
    (lambda: fovea.zeros_like(fovea.ones(2)), np.zeros(2)), (lambda: fovea.tensor([]), np.zeros(0)),
    (lambda: fovea.tensor([[]]), np.zeros((1, 0))), (lambda: fovea.tensor((1, 2.5)), np.array([1, 2.5])),
    (lambda: fovea.tensor([fovea.tensor(1.0), 2]), np.array([1.0, 2]))])
def test_creation(make, expected):
    same(make(), expected)


def test_random_numbers_are_the_generators():
    assert fovea.equal(fovea.randn((5,), generator=fovea.Generator(3)), fovea.randn((5,), generator=fovea.Generator(3)))
    fovea.manual_seed(5)
    a = fovea.rand((4,))
    fovea.manual_seed(5)
    assert fovea.equal(a, fovea.rand((4,))) and 0 <= a.min().item() <= a.max().item() < 1
    g = fovea.Generator(1)
    fovea.randn((8,), generator=g)
    key, counter = g.key, g.counter
    b = fovea.randint((9,), 0, 100, generator=g)
    g.set_state(key, counter)
    assert fovea.equal(b, fovea.randint((9,), 0, 100, generator=g))
    assert sorted(fovea.permutation(6).tolist()) == list(range(6))
