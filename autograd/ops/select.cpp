// Elements by a condition.
//   nonzero        i64 [n, rank], the coordinates of what is not 0, in order
//   masked_select  [n], the elements of x where mask is true, in order; both broadcast
// Errors: DTypeError for a mask that is not bool; ShapeError for shapes that do not broadcast.
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/scan.h>

namespace fovea {

Tensor nonzero(const Tensor& x) {
  check::defined("nonzero", x);
  const Tensor truth = array::contiguous(array::to(x, boolean));
  const bool* from = truth.data<bool>();
  Tensor y = empty({kernels::count_true(truth.numel(), from), x.dim()}, i64);
  kernels::true_positions(truth.shape(), from, y.data<int64_t>());
  return y;
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check::defined("masked_select", x);
  check::dtype("masked_select", "mask", mask, boolean);
  const Shape shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
  const Tensor positions = nonzero(array::reshape(array::expand(mask, shape), {shape.numel()}));
  return index_select(reshape(expand(x, shape), {shape.numel()}), 0, array::reshape(positions, {positions.size(0)}));
}

}  // namespace fovea
