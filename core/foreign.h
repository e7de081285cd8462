// Tensors over memory that another owns: an array of NumPy, a mapped file, a buffer of the caller's.
// `data` is the first element, aligned for its type, and strides count elements: 0 or more. Nothing is copied: writes
// go both ways. `release` is called once, on whichever thread lets go of the last handle, view or tape that holds the
// elements; it must not throw. If foreign throws, it has not been called and never will be.
// Errors: ShapeError for negative sizes or strides, ValueError for an address that the type does not allow.
#pragma once

#include <fovea/core/tensor.h>

#include <functional>

namespace fovea {

Tensor foreign(void* data, const Shape& shape, const Shape& strides, DType dtype, std::function<void()> release);

}  // namespace fovea
