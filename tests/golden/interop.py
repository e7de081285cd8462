"""A safetensors file that fovea must load bit by bit."""

import os

import golden
import numpy as np

golden.save(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "interop.safetensors"),
    {
        "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
        "scalar": np.float64(2.5),
        "flags": np.array([True, False, True]),
        "whole": np.array([-1, 2**53 + 1]),
        "image": np.array([[0, 255], [7, 128]], np.uint8),
        "ids": np.array([-(2**31), 2**31 - 1], np.int32),
        "empty": np.zeros((0, 3), np.float32),
    },
    {"made by": "NumPy"},
)
