"""What pickles name: functions that make again what was pickled."""
import copyreg

from . import _fovea


def tensor(array, dtype, requires_grad):
    return _fovea.tensor(array, dtype, requires_grad)


# Functions of the extension go by name, in copies of modules that hold one too.
copyreg.pickle(type(_fovea.tanh), lambda function: function.__name__)
