// Choosing between elements by a mask. What is not chosen gets exactly zero gradient, even where its own derivative is
// inf or NaN: the gradient is chosen, not multiplied.
// Errors: DTypeError for a mask that is not bool; ShapeError for shapes that do not broadcast.
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/compare.h>

namespace fovea {

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  check::dtype("where", "the condition", condition, boolean);
  check::same_dtype("where", a, b);
  Shape shape = a.shape();
  if (!(b.shape() == shape)) shape = broadcast_shapes("where", shape, b.shape());
  if (!(condition.shape() == shape)) shape = broadcast_shapes("where", shape, condition.shape());
  const Tensor c = array::expand(condition, shape), left = expand(a, shape), right = expand(b, shape);
  Tensor y = empty(shape, a.dtype());
  kernels::where(y.dtype(), {shape, y.strides(), c.strides(), left.strides(), right.strides()}, y.raw(), c.raw(),
                 left.raw(), right.raw());
  return record("where", {left, right}, y, [c = saved(c)](const Tensor& g) {
    const Tensor zero = scalar(0, g.dtype());
    return std::array<Tensor, 2>{needs_grad(0) ? where(c.get(), g, zero) : Tensor(),
                                 needs_grad(1) ? where(c.get(), zero, g) : Tensor()};
  });
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, double value) {
  check::computes("masked_fill", x);
  check::dtype("masked_fill", "the mask", mask, boolean);
  require_fits("masked_fill", value, x.dtype());
  const Shape shape = broadcast_shapes("masked_fill", x.shape(), mask.shape());
  const Tensor from = expand(x, shape), m = array::expand(mask, shape);
  Tensor y = empty(shape, x.dtype());
  kernels::masked_fill(y.dtype(), {shape, y.strides(), m.strides(), from.strides()}, y.raw(), m.raw(), from.raw(),
                       value);
  return record("masked_fill", {from}, y, [m = saved(m)](const Tensor& g) { return masked_fill(g, m.get(), 0); });
}

}  // namespace fovea
