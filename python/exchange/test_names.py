"""Every op and layer of PyTorch's is here by its name, or docs/beside-pytorch.md says what there is of it."""
import inspect
import pathlib
import re
import types

import fovea
import torch
import torch.nn.functional as F

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "beside-pytorch.md").read_text(encoding="utf-8")
KNOWN = set(re.findall(r"`(\w+)`", PAGE)) | set(dir(fovea)) | set(dir(fovea.Tensor))
FUNCTION = (types.BuiltinFunctionType, types.FunctionType)


def public(module):
    return {name for name in dir(module) if not name.startswith("_") and not name.endswith("_")}


def test_ops():
    ops = {name for name in public(torch) & public(torch.Tensor) if isinstance(getattr(torch, name), FUNCTION)}
    assert len(ops) > 300 and sorted(ops - KNOWN) == []


def test_functions_of_networks():
    helpers = {"assert_int_or_pair", "boolean_dispatch", "handle_torch_function", "has_torch_function",
               "has_torch_function_unary", "has_torch_function_variadic"}
    functions = {name for name in public(F) if isinstance(getattr(F, name), FUNCTION)} - helpers
    assert len(functions) > 100 and sorted(functions - KNOWN) == []


def test_layers():
    layers = {name for name in public(torch.nn) if inspect.isclass(getattr(torch.nn, name))}
    assert len(layers) > 150 and sorted(layers - KNOWN) == []
