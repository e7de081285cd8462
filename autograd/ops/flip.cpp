// Turning a dimension around. It is its own gradient.
// Errors: IndexError, AutogradError.
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

namespace fovea {

Tensor flip(const Tensor& x, int64_t dim) {
  check::defined("flip", x);
  if (x.dim() == 0) return reshape(flip(reshape(x, {1}), dim), {});  // as in PyTorch
  const int d = normalize_dim("flip", dim, x.dim());
  const int64_t n = x.shape()[d];
  Shape strides = x.strides();
  strides[d] = -strides[d];
  const Tensor backwards = array::as_strided(x, x.shape(), strides, n > 0 ? (n - 1) * x.stride(d) : 0);
  return record("flip", {x}, array::clone(backwards), [d](const Tensor& g) { return flip(g, d); });
}

}  // namespace fovea
