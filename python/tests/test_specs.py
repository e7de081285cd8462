"""The samples of every op's spec, called from Python: values to the bit, gradients as C++ has them.

The samples come from fovea_spec_samples (spec_samples.cpp), which ./dev python builds and runs. A sample's call is code:
here it is found again among the op's own arguments, and an op for which none fits has to stand in NOT_PLAIN.
"""
import itertools
import os

import fovea
import pytest

FILE = os.environ.get("FOVEA_SPEC_SAMPLES",
                      os.path.join(os.path.dirname(__file__), "../../build/python/samples.safetensors"))


def read():
    samples = {}
    for key, x in fovea.load_safetensors(FILE).items():
        op, number, label, part = key.split("|")
        samples.setdefault(op, {}).setdefault((int(number), label), {})[part] = x
    return samples


SAMPLES = read() if os.path.exists(FILE) else {}


def dims_of(x):
    return list(range(-x.ndim, x.ndim)) or [0, -1]


def candidates(name, inputs):
    """Arguments behind the tensors with which a spec may have called its op."""
    x = inputs[0]
    dims = dims_of(x)
    yield ()
    for d in dims:
        yield (d,)
    for d in dims:
        yield from ((d, flag) for flag in (True, False))
    for pair in itertools.permutations(range(max(x.ndim, 1)), 2):
        yield from (pair, (pair,), (pair, True))
    yield ((),)
    for number in (0.5, 2.0, 3.0, -1.0, 1, 2, 3, -2):
        yield (number,)
        yield from ((d, number) for d in dims)


def calls(name, inputs):
    """op(inputs.., arguments..), and for ops of lists op([inputs..], arguments..)."""
    op = getattr(fovea, name)
    for arguments in candidates(name, inputs):
        yield lambda given, a=arguments: op(*given, *a)
        yield lambda given, a=arguments: op(list(given), *a)
        if len(inputs) > 1:
            yield lambda given, a=arguments: op(given[0], *a, *given[1:])


def first(y):
    return y if isinstance(y, fovea.Tensor) else y[0] if isinstance(y, (tuple, list)) and y else None


def agrees(call, inputs, sample):
    """Whether the call gives the sample's values to the bit, and its gradients."""
    leaves = [x.clone().requires_grad_() if x.dtype == fovea.f64 else x for x in inputs]
    try:
        y = first(call(leaves))
    except (TypeError, fovea.Error):
        return False
    out = sample["out"]
    if y is None or y.shape != out.shape or y.dtype != out.dtype or not fovea.equal(y, out):
        return False
    f64 = [i for i, x in enumerate(leaves) if x.dtype == fovea.f64]
    expected = [sample.get(f"grad{k}") for k in range(len(f64))]
    if all(each is None for each in expected):
        return True
    if not y.requires_grad:
        return False
    gradients = fovea.grad((y * y).sum(), [leaves[i] for i in f64], allow_unused=True)
    return all(want is None or got is not None and fovea.allclose(got, want, 1e-9, 1e-10)
               for got, want in zip(gradients, expected))


# Ops whose specs call them with arguments that are not guessed here, or together with other ops.
NOT_PLAIN = set("""affine_grid batch_norm binary_cross_entropy cat einsum gru_sequence huber_loss kl_div lstm_sequence masked_fill meshgrid
    pad rnn_sequence split stack unfold""".split())
# Names of specs that are no ops: forms of one, and what others record.
NO_OPS = {"add_scalar", "alias", "div_scalar", "mul_scalar", "pow_scalar"}


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - NO_OPS))
def test_samples(name):
    replayed = 0
    for sample in SAMPLES[name].values():
        inputs = [sample[f"in{i}"] for i in range(sum(part.startswith("in") for part in sample))]
        replayed += any(agrees(call, inputs, sample) for call in calls(name, inputs))
    assert (replayed == 0) == (name in NOT_PLAIN), (name, replayed, len(SAMPLES[name]))


def test_there_are_samples():
    assert len(SAMPLES) > 100, f"{FILE} is missing: ./dev python writes it"
