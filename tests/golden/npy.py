"""Files of NumPy itself, of all the kinds that must load and some that must not."""

import os
import warnings

import numpy as np
from numpy.lib import format as npy

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npy")
os.makedirs(folder, exist_ok=True)


def write(name, array, version=None):
    with open(os.path.join(folder, name + ".npy"), "wb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        npy.write_array(file, array, version)


plain = np.arange(6, dtype=np.float32).reshape(2, 3)
write("c_order", plain)
write("fortran_order", np.asfortranarray(plain))
write("version2", plain, (2, 0))
write("version3", plain, (3, 0))
write("scalar", np.float64(2.5))
write("bools", np.array([True, False, True]))
write("bytes", np.array([[0, 1, 255]], np.uint8))
write("ids", np.array([-(2**31), 7, 2**31 - 1], np.int32))
write("object", np.array([None, {}], dtype=object))
write("half", plain.astype(np.float16))
write("big_endian", plain.astype(">f4"))
write("structured", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i8")]))
