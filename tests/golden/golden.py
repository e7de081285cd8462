"""Safetensors for the scripts that make golden values: save(path, {name: array}) and load(path).

Arrays are NumPy's; tensors of PyTorch are taken too. Only the types fovea knows: f32, f64, i64, bool, u8, i32.

Import this module (or cases.py) before NumPy and PyTorch: the last bits of what they compute depend on the kernels
they choose for the CPU and on the number of threads. Both are set here, so that a script writes the same bytes on any
x86-64 CPU with AVX2.
"""

import json
import os
import struct
import sys

if "numpy" in sys.modules or "torch" in sys.modules:
    raise ImportError("golden: import it before numpy and torch, which choose their kernels when they are loaded")
os.environ.update(OPENBLAS_CORETYPE="Haswell", ATEN_CPU_CAPABILITY="avx2", OMP_NUM_THREADS="1")

import numpy as np

_NAMES = {"float32": "F32", "float64": "F64", "int64": "I64", "bool": "BOOL", "uint8": "U8", "int32": "I32"}
_TYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "BOOL": "|b1", "U8": "|u1", "I32": "<i4"}


def save(path, arrays, metadata=None):
    """Writes the arrays in the order of the dictionary; metadata maps strings to strings."""
    header, blobs, end = {}, [], 0
    if metadata:
        header["__metadata__"] = dict(metadata)
    for name, array in arrays.items():
        array = np.asarray(array.detach() if hasattr(array, "detach") else array)
        blob = array.astype(array.dtype.newbyteorder("<")).tobytes()
        offsets = [end, end + len(blob)]
        header[name] = {"dtype": _NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": offsets}
        blobs.append(blob)
        end = offsets[1]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load(path):
    """The arrays of a file and its metadata."""
    with open(path, "rb") as file:
        content = file.read()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    data = content[8 + size :]
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(data[begin:end], _TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays, metadata
