// softmax    y_i = e^x_i / sum_j e^x_j              log_softmax    y_i = x_i - ln sum_j e^x_j
// over one dimension. With a mask, only entries where it is true take part: the others get 0 (-inf) whatever they hold,
// and no gradient; a row without any gets 0 (-inf) everywhere, one with a NaN that takes part is NaN. An entry of -inf
// counts as masked in log_softmax's gradient. The mask broadcasts to x as a view.
// Errors: DTypeError for x not floating or a mask not bool; ShapeError for a mask that does not broadcast to x.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/softmax.h>

namespace fovea {
namespace {

// The formula: the row's largest element is taken off first, so that nothing overflows.
Tensor plain(bool logarithm, const Tensor& x, int dim, const Tensor& mask) {
  if (x.numel() == 0) return x;
  const Tensor zero = scalar(0, x.dtype()), one = scalar(1, x.dtype()), nothing = scalar(-INFINITY, x.dtype());
  const Tensor most = max(mask.defined() ? where(mask, x.detach(), nothing) : x.detach(), dim, true);
  const Tensor shift = where(eq(most, nothing), mask.defined() ? zero : most, most);
  const Tensor below = mask.defined() ? where(mask, x - shift, zero) : x - shift;
  const Tensor terms = mask.defined() ? where(mask, exp(below), zero) : exp(below);
  const Tensor total = sum(terms, dim, true);
  const Tensor safe = where(eq(total.detach(), zero), one, total);
  if (!logarithm) return terms / safe;
  const Tensor y = below - log(safe);
  return mask.defined() ? where(mask, y, nothing) : y;
}

Tensor plain_backward(bool logarithm, const Tensor& g, const Tensor& y, int dim) {
  if (!logarithm) return y * (g - sum(g * y, dim, true));
  const Tensor zero = scalar(0, g.dtype()), masked = eq(y.detach(), scalar(-INFINITY, g.dtype()));
  const Tensor counted = where(masked, zero, g);
  return counted - exp(y) * sum(counted, dim, true);
}

Tensor fused_backward(bool logarithm, const Tensor& g, const Tensor& y, int dim) {
  const Tensor from = array::contiguous(g), result = array::contiguous(y);
  Tensor dx = empty_like(from);
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < y.dim(); ++d) (d < dim ? outer : inner) *= d == dim ? 1 : y.shape()[d];
  kernels::softmax_backward(y.dtype(), logarithm, outer, y.shape()[dim], inner, from.raw(), result.raw(), dx.raw());
  return dx;
}

// A shape or strides without one dimension.
Shape without(const Shape& shape, int dim) {
  Shape out = shape;
  out.erase(dim);
  return out;
}

// x of rank 1 or more; the mask has x's shape or is undefined.
Tensor over_rows(bool logarithm, const Tensor& x, int dim, const Tensor& mask) {
  if (reference_mode()) return plain(logarithm, x, dim, mask);
  Tensor y = empty_like(x);
  const Shape mask_strides = mask.defined() ? mask.strides() : Shape::filled(x.dim(), 0);
  const bool alone = x.shape()[dim] == 1;  // then no step is taken
  kernels::softmax(
      x.dtype(), logarithm,
      {{without(x.shape(), dim), without(y.strides(), dim), without(x.strides(), dim), without(mask_strides, dim)},
       x.shape()[dim],
       alone ? 1 : y.stride(dim),
       alone ? 1 : x.stride(dim),
       mask_strides[dim],
       mask.defined() ? mask.data<bool>() : nullptr},
      x.raw(), y.raw());
  return record(logarithm ? "log_softmax" : "softmax", {x}, y, [y = saved(y), logarithm, dim](const Tensor& g) {
    return grad_enabled() ? plain_backward(logarithm, g, y.get(), dim) : fused_backward(logarithm, g, y.get(), dim);
  });
}

Tensor over(const char* op, bool logarithm, const Tensor& x, int64_t dim, const Tensor& mask) {
  check::floating(op, x);
  const int d = normalize_dim(op, dim, x.dim());
  Tensor keep;
  if (mask.defined()) {
    check::dtype(op, "the mask", mask, boolean);
    if (!(broadcast_shapes(op, x.shape(), mask.shape()) == x.shape()))
      throw ShapeError(fmt::format("{}: the mask {} is larger than x {}; need a shape that broadcasts to x's", op,
                                   describe(mask), describe(x)));
    keep = array::expand(mask, x.shape());
  }
  if (x.dim() == 0) {
    if (mask.defined()) keep = array::reshape(keep, {1});
    return reshape(over_rows(logarithm, reshape(x, {1}), 0, keep), {});
  }
  return over_rows(logarithm, x, d, keep);
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t dim, const Tensor& mask) { return over("softmax", false, x, dim, mask); }
Tensor log_softmax(const Tensor& x, int64_t dim, const Tensor& mask) { return over("log_softmax", true, x, dim, mask); }

}  // namespace fovea
