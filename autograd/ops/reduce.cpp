// Reductions over any dimensions. `dims` empty: all of them; keepdim leaves size 1 where a dimension was.
// sum, cumsum, max, min and the arg ones also take i64 (sum and cumsum: bool too, giving i64). Sum of nothing is 0, its
// mean NaN. Errors: IndexError for a dimension out of range; ShapeError for one given twice and for max or min of
// nothing.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/plan.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/fold.h>
#include <fovea/core/kernels/softmax.h>

namespace fovea {
namespace {

using detail::Plan;
using kernels::Fold;

Tensor run(Fold kind, const Tensor& x, unsigned reduced, const Shape& result) {
  Tensor y = empty(result, x.dtype());
  kernels::fold(kind, x.dtype(), {x.shape(), x.strides(), reduced}, x.raw(), y.raw());
  return y;
}

Tensor extreme(const char* op, Fold kind, const Tensor& x, const Dims& dims, bool keepdim) {
  check::number(op, x);
  const Plan plan(op, x, dims);
  if (plan.count == 0)
    throw ShapeError(fmt::format(
        "{}: {} has no elements to choose from along the reduced dimensions; need at least one", op, describe(x)));
  Tensor y = run(kind, x, plan.reduced, plan.result(keepdim));
  return record(op, {x}, y, [x = saved(x), y = saved(y), kept = plan.kept, dims](const Tensor& g) {
    const Tensor is_best = to(eq(x.get().detach(), array::reshape(y.get(), kept)), g.dtype());
    const Tensor share = is_best / sum(is_best, dims, true);
    return reshape(g, kept) * share;
  });
}

// x with dimension d last and contiguous, seen as rows.
Tensor rows_along(const Tensor& x, int d) {
  return x.dim() == 0 ? array::contiguous(x) : array::contiguous(array::transpose(x, d, -1));
}

Tensor arg_extreme(const char* op, bool largest, const Tensor& x, int64_t dim, bool keepdim) {
  check::number(op, x);
  const int d = normalize_dim(op, dim, x.dim());
  const int64_t n = x.dim() == 0 ? 1 : x.shape()[d];
  if (n == 0)
    throw ShapeError(fmt::format("{}: {} has no elements along dimension {}; need at least one", op, describe(x), d));
  const Tensor from = rows_along(x, d);
  Shape shape = from.shape();
  if (x.dim() > 0) shape[x.dim() - 1] = 1;
  Tensor y = empty(shape, i64);
  kernels::arg_fold(x.dtype(), largest, x.numel() / n, n, from.raw(), y.data<int64_t>());
  if (x.dim() == 0) return y;
  y = array::transpose(y, d, -1);
  return array::contiguous(keepdim ? y : array::squeeze(y, d));
}

}  // namespace

Tensor sum(const Tensor& x, Dims dims, bool keepdim) {
  check::computes("sum", x);
  if (x.dtype() == boolean) return sum(array::to(x, i64), dims, keepdim);
  const Plan plan("sum", x, dims);
  return record("sum", {x}, run(Fold::sum, x, plan.reduced, plan.result(keepdim)),
                [shape = x.shape(), kept = plan.kept](const Tensor& g) { return expand(reshape(g, kept), shape); });
}

Tensor mean(const Tensor& x, Dims dims, bool keepdim) {
  check::floating("mean", x);
  const Plan plan("mean", x, dims);
  const double share = 1 / static_cast<double>(plan.count);
  return record("mean", {x}, run(Fold::mean, x, plan.reduced, plan.result(keepdim)),
                [shape = x.shape(), kept = plan.kept, share](const Tensor& g) {
                  return expand(reshape(g * share, kept), shape);
                });
}

// sum (x - mean)^2 / (n - 1), or / n if not unbiased; NaN where that divides by zero.
namespace {
// 1 / n, or 1 / (n - 1): what the sum of squares is multiplied with. NaN where there are too few.
double inverse_count(const char* op, const Tensor& x, const Dims& dims, bool unbiased) {
  check::floating(op, x);
  const double count = static_cast<double>(Plan(op, x, dims).count) - (unbiased ? 1 : 0);
  return count > 0 ? 1 / count : NAN;
}
}  // namespace

Tensor var(const Tensor& x, Dims dims, bool unbiased, bool keepdim) {
  const double inverse = inverse_count("var", x, dims, unbiased);
  return sum(square(x - mean(x, dims, true)), dims, keepdim) * inverse;
}

// Through the norm, whose gradient at 0 is 0.
Tensor standard_deviation(const Tensor& x, Dims dims, bool unbiased, bool keepdim) {
  const double inverse = inverse_count("standard_deviation", x, dims, unbiased);
  return norm(x - mean(x, dims, true), dims, keepdim) * std::sqrt(inverse);
}

Tensor max(const Tensor& x, Dims dims, bool keepdim) { return extreme("max", Fold::max, x, dims, keepdim); }
Tensor min(const Tensor& x, Dims dims, bool keepdim) { return extreme("min", Fold::min, x, dims, keepdim); }

Tensor norm(const Tensor& x, Dims dims, bool keepdim) {
  check::floating("norm", x);
  const Plan plan("norm", x, dims);
  Tensor y = run(Fold::norm, x, plan.reduced, plan.result(keepdim));
  return record("norm", {x}, y, [x = saved(x), y = saved(y), kept = plan.kept](const Tensor& g) {
    const Tensor length = reshape(y.get(), kept);
    const Tensor unit = x.get() / masked_fill(length, eq(length.detach(), 0.0), 1);
    return reshape(g, kept) * unit;  // g / length, of a short x, may be too large where this is not
  });
}

Tensor logsumexp(const Tensor& x, Dims dims, bool keepdim) {
  check::floating("logsumexp", x);
  const Plan plan("logsumexp", x, dims);
  Shape order;
  for (const bool reduced : {false, true})
    for (int d = 0; d < x.dim(); ++d)
      if (plan.has(d) == reduced) order.append(d);
  const Tensor rows = array::contiguous(array::permute(x, order));
  Tensor y = empty(plan.result(keepdim), x.dtype());
  kernels::log_sum_exp(x.dtype(), y.numel(), plan.count, rows.raw(), y.raw());
  return record("logsumexp", {x}, y, [x = saved(x), y = saved(y), kept = plan.kept](const Tensor& g) {
    const Tensor total = reshape(y.get(), kept), nothing = scalar(-INFINITY, g.dtype());
    const Tensor safe = where(eq(total.detach(), nothing), scalar(0, g.dtype()), total);
    return reshape(g, kept) * exp(x.get() - safe);
  });
}

Tensor cumsum(const Tensor& x, int64_t dim) {
  check::computes("cumsum", x);
  if (x.dtype() == boolean) return cumsum(array::to(x, i64), dim);
  const int d = normalize_dim("cumsum", dim, x.dim());
  const Tensor from = array::contiguous(x);
  Tensor y = empty_like(from);
  const detail::Extent e = x.dim() == 0 ? detail::Extent{} : detail::extent(x.shape(), d);
  kernels::cumulative_sum(x.dtype(), e.outer, e.size, e.inner, from.raw(), y.raw());
  return record("cumsum", {x}, y, [d](const Tensor& g) { return g.dim() == 0 ? g : flip(cumsum(flip(g, d), d), d); });
}

Tensor argmax(const Tensor& x, int64_t dim, bool keepdim) { return arg_extreme("argmax", true, x, dim, keepdim); }
Tensor argmin(const Tensor& x, int64_t dim, bool keepdim) { return arg_extreme("argmin", false, x, dim, keepdim); }
Tensor argmax(const Tensor& x) {
  check::computes("argmax", x);
  return argmax(reshape(x, {-1}), 0);
}
Tensor argmin(const Tensor& x) {
  check::computes("argmin", x);
  return argmin(reshape(x, {-1}), 0);
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  check::number("sum_to", x);
  if (x.shape() == shape) return x;
  const int extra = x.dim() - shape.rank();
  unsigned reduced = 0;
  bool fits = extra >= 0;
  for (int d = 0; fits && d < x.dim(); ++d) {
    const int64_t size = d < extra ? 1 : shape[d - extra];
    fits = size == 1 || size == x.shape()[d];
    if (d < extra || size != x.shape()[d]) reduced |= 1u << d;
  }
  if (!fits)
    throw ShapeError(fmt::format("sum_to: {} was not broadcast from {}; need equal sizes or 1, counted from the back",
                                 describe(x), shape.str()));
  return record("sum_to", {x}, run(Fold::sum, x, reduced, shape),
                [from = x.shape()](const Tensor& g) { return expand(g, from); });
}

}  // namespace fovea
