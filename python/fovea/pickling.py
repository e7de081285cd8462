"""What pickles name: functions that make again what was pickled."""
from . import _fovea


def tensor(array, dtype, requires_grad):
    return _fovea.tensor(array, dtype, requires_grad)
