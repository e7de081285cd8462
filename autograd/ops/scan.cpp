// Products: over dimensions (prod) and running along one (cumprod). Gradients are products of the other elements, never
// a quotient, so that zeros do no harm.
//   prod     halves are multiplied until one element is left: log2 n ops of decreasing size, n products in all
//   cumprod  y_i = x_0 x_1 .. x_i; d x_i = y_{i-1} r_i with r_i = g_i + x_{i+1} r_{i+1}
// Also of i64; bool gives i64. The product of nothing is 1.
// Errors: IndexError for a dimension out of range; ShapeError for one given twice.
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/plan.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/scan.h>

namespace fovea {
namespace {

// The product over the last dimension.
Tensor product_of_rows(Tensor x) {
  if (x.size(-1) == 0) x = pad(x, {0, 1}, 1);
  for (int64_t n = x.size(-1); n > 1; n = x.size(-1)) {
    const int64_t half = n / 2;
    const Tensor pairs = slice(x, -1, 0, half) * slice(x, -1, half, 2 * half);
    x = n % 2 == 0 ? pairs : cat({pairs, slice(x, -1, n - 1)}, -1);
  }
  return squeeze(x, -1);
}

// cumprod in ops: after the step of distance s each element is the product of the 2 s up to it (Hillis and Steele
// 1986).
Tensor plain_cumprod(const Tensor& x, int64_t dim) {
  Tensor y = x;
  const int64_t n = x.dim() == 0 ? 1 : x.size(dim);
  for (int64_t s = 1; s < n; s *= 2) y = cat({slice(y, dim, 0, s), slice(y, dim, s) * slice(y, dim, 0, n - s)}, dim);
  return y;
}

}  // namespace

Tensor prod(const Tensor& x, Dims dims, bool keepdim) {
  check::defined("prod", x);
  if (x.dtype() == boolean) return prod(array::to(x, i64), dims, keepdim);
  check::number("prod", x);
  const detail::Plan plan("prod", x, dims);
  Shape order, rows;
  for (int d = 0; d < x.dim(); ++d)
    if (!plan.has(d)) {
      order.append(d);
      rows.append(x.shape()[d]);
    }
  for (int d = 0; d < x.dim(); ++d)
    if (plan.has(d)) order.append(d);
  rows.append(plan.count);
  const Tensor y = x.dim() == 0 ? clone(x) : product_of_rows(reshape(permute(x, order), rows));
  return keepdim ? reshape(y, plan.kept) : y;
}

Tensor cumprod(const Tensor& x, int64_t dim) {
  check::defined("cumprod", x);
  if (x.dtype() == boolean) return cumprod(array::to(x, i64), dim);
  check::number("cumprod", x);
  const int d = normalize_dim("cumprod", dim, x.dim());
  if (reference_mode()) return plain_cumprod(x, d);
  const Tensor from = array::contiguous(x);
  Tensor y = empty_like(from);
  const detail::Extent e = x.dim() == 0 ? detail::Extent{} : detail::extent(x.shape(), d);
  kernels::cumulative_product(x.dtype(), e.outer, e.size, e.inner, from.raw(), y.raw());
  return record("cumprod", {x}, y, [x = saved(x), y = saved(y), e, d](const Tensor& g) {
    const Tensor x0 = x.get();
    if (grad_enabled()) {
      const auto formula = [d](std::span<const Tensor> in) { return std::vector<Tensor>{plain_cumprod(in[0], d)}; };
      return plain_vjp(formula, {&x0, 1}, {&g, 1})[0];
    }
    const Tensor from_g = array::contiguous(g), from_x = array::contiguous(x0);
    Tensor dx = empty_like(from_x);
    kernels::cumulative_product_backward(g.dtype(), e.outer, e.size, e.inner, from_g.raw(), from_x.raw(), y.get().raw(),
                                         dx.raw());
    return dx;
  });
}

}  // namespace fovea
