// An array seen along one dimension: `outer` blocks of `size` rows of `inner` elements. Shared by the families that
// move whole rows; internal to autograd/ops.
#pragma once

#include <fovea/core/kernels/index.h>
#include <fovea/core/tensor.h>

namespace fovea::detail {

struct Extent {
  int64_t outer = 1, size = 1, inner = 1;
  int64_t run() const { return size * inner; }
};

inline Extent extent(const Shape& shape, int dim) {
  Extent e;
  for (int d = 0; d < dim; ++d) e.outer *= shape[d];
  e.size = shape[dim];
  for (int d = dim + 1; d < shape.rank(); ++d) e.inner *= shape[d];
  return e;
}

// Elements from one outer block to the next if the dimensions from `dim` on are dense and those before step evenly (a
// contiguous tensor, or columns cut from one); -1 if they are not.
inline int64_t outer_step(const Tensor& x, int dim) {
  const Shape &shape = x.shape(), strides = x.strides();
  int64_t expected = 1;
  for (int d = shape.rank() - 1; d >= dim; --d) {
    if (shape[d] == 1) continue;
    if (strides[d] != expected) return -1;
    expected *= shape[d];
  }
  int64_t step = 0, next = 0;
  for (int d = dim - 1; d >= 0; --d) {
    if (shape[d] == 1) continue;
    if (step == 0)
      step = strides[d];
    else if (strides[d] != next)
      return -1;
    next = strides[d] * shape[d];
    if (step == 0) return -1;
  }
  return step;
}

}  // namespace fovea::detail
