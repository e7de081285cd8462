"""Switches of the calling thread, each a context manager and a decorator."""
import contextlib

from ._fovea import _Sharing, _set_mode


class _Mode(contextlib.ContextDecorator):
    _name, _on = "", True

    def __init__(self):
        self._before = []

    def __enter__(self):
        self._before.append(_set_mode(self._name, self._on))
        return self

    def __exit__(self, *error):
        _set_mode(self._name, self._before.pop())


class no_grad(_Mode):
    """Nothing is recorded within."""

    _name, _on = "grad", False


class enable_grad(_Mode):
    """Ops are recorded within, inside no_grad too."""

    _name = "grad"


class reference_mode(_Mode):
    """Fused ops run the readable formulas that stand beside them."""

    _name = "reference"


class anomaly_mode(_Mode):
    """The first op that makes a NaN or inf raises AutogradError, which names it."""

    _name = "anomaly"


class shared_weights(contextlib.ContextDecorator):
    """Around a training step of many small products with the same weights, as of a recurrent model: their gradients
    are gathered into one product. Trainer opens it by itself."""

    def __enter__(self):
        self._open = _Sharing()
        return self

    def __exit__(self, *error):
        self._open.close()
