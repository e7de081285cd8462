"""fovea: tensors, reverse-mode gradients, and every attention and memory mechanism.

    import fovea
    x = fovea.randn((2, 3), requires_grad=True)
    (x * x).sum().backward()
    x.grad                                        # 2 x

Ops are functions and methods, named as in PyTorch. Modules are composed by attribute: see fovea.Module.
"""
from ._fovea import *  # noqa: F401,F403
from . import pickling as _pickling  # noqa: F401
from .modes import anomaly_mode, enable_grad, no_grad, reference_mode, shared_weights  # noqa: F401
from .modules import ModuleList, Sequential, SpatialTransformer  # noqa: F401
from .notebook import report  # noqa: F401
from .weights import change_attention, collect_weights  # noqa: F401

__version__ = "0.1.0"
