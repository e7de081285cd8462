// Comparisons and logic (bool results) and whole-number division. None has a gradient; all broadcast.
// Errors: DTypeError for operands of two types; ShapeError; ValueError for an i64 divisor of 0.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/plan.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/compare.h>

#include <cmath>

namespace fovea {
namespace {

using kernels::Compare;
using kernels::Division;
using kernels::Logical;

// Calls body(y, a, b, loop) with both operands in their common shape and y empty.
template <class Body>
Tensor broadcast(const char* op, const Tensor& a, const Tensor& b, DType result, Body&& body) {
  check::same_dtype(op, a, b);
  const Shape shape = a.shape() == b.shape() ? a.shape() : broadcast_shapes(op, a.shape(), b.shape());
  const Tensor left = array::expand(a, shape), right = array::expand(b, shape);
  Tensor y = empty(shape, result);
  body(y, left, right, kernels::Loop<3>(shape, y.strides(), left.strides(), right.strides()));
  return y;
}

Tensor compare(const char* op, Compare kind, const Tensor& a, const Tensor& b) {
  check::computes(op, a);
  return broadcast(op, a, b, boolean,
                   [kind](const Tensor& y, const Tensor& u, const Tensor& v, const kernels::Loop<3>& loop) {
                     kernels::compare(kind, u.dtype(), loop, y.raw(), u.raw(), v.raw());
                   });
}

// Against a number, in f64 where elements of a's type cannot hold it.
Tensor compare(const char* op, Compare kind, const Tensor& a, double b) {
  check::defined(op, a);
  const bool held = is_floating(a.dtype()) || (a.dtype() == i64 && std::trunc(b) == b && b >= -0x1p63 && b < 0x1p63);
  return held ? compare(op, kind, a, scalar(b, a.dtype())) : compare(op, kind, to(a, f64), scalar(b, f64));
}

// As in PyTorch, any number that is not 0 is true.
Tensor as_bool(const char* op, const Tensor& x) {
  check::defined(op, x);
  return array::to(x, boolean);
}

Tensor logical(const char* op, Logical kind, const Tensor& a, const Tensor& b) {
  return broadcast(op, as_bool(op, a), as_bool(op, b), boolean,
                   [kind](const Tensor& y, const Tensor& u, const Tensor& v, const kernels::Loop<3>& loop) {
                     kernels::logical(kind, loop, y.raw(), u.raw(), v.raw());
                   });
}

Tensor divide(const char* op, Division kind, const Tensor& a, const Tensor& b) {
  check::same_dtype(op, a, b);
  check::number(op, a);
  if (b.dtype() == i64 && a.numel() > 0 && kernels::any_zero({b.shape(), b.strides()}, b.raw()))
    throw ValueError(fmt::format("{}: {} divided by {}, which holds 0; i64 has no infinity, cast with to(x, f64)", op,
                                 describe(a), describe(b)));
  return broadcast(op, a, b, a.dtype(),
                   [kind](const Tensor& y, const Tensor& u, const Tensor& v, const kernels::Loop<3>& loop) {
                     kernels::divide(kind, u.dtype(), loop, y.raw(), u.raw(), v.raw());
                   });
}

}  // namespace

Tensor eq(const Tensor& a, const Tensor& b) { return compare("eq", Compare::eq, a, b); }
Tensor ne(const Tensor& a, const Tensor& b) { return compare("ne", Compare::ne, a, b); }
Tensor lt(const Tensor& a, const Tensor& b) { return compare("lt", Compare::lt, a, b); }
Tensor le(const Tensor& a, const Tensor& b) { return compare("le", Compare::le, a, b); }
Tensor gt(const Tensor& a, const Tensor& b) { return compare("gt", Compare::gt, a, b); }
Tensor ge(const Tensor& a, const Tensor& b) { return compare("ge", Compare::ge, a, b); }

Tensor eq(const Tensor& a, double b) { return compare("eq", Compare::eq, a, b); }
Tensor ne(const Tensor& a, double b) { return compare("ne", Compare::ne, a, b); }
Tensor lt(const Tensor& a, double b) { return compare("lt", Compare::lt, a, b); }
Tensor le(const Tensor& a, double b) { return compare("le", Compare::le, a, b); }
Tensor gt(const Tensor& a, double b) { return compare("gt", Compare::gt, a, b); }
Tensor ge(const Tensor& a, double b) { return compare("ge", Compare::ge, a, b); }

Tensor logical_and(const Tensor& a, const Tensor& b) { return logical("logical_and", Logical::conjunction, a, b); }
Tensor logical_or(const Tensor& a, const Tensor& b) { return logical("logical_or", Logical::disjunction, a, b); }

Tensor logical_not(const Tensor& a) {
  const Tensor x = as_bool("logical_not", a);
  Tensor y = empty_like(x);
  kernels::logical_not({x.shape(), y.strides(), x.strides()}, y.raw(), x.raw());
  return y;
}

Tensor isfinite(const Tensor& x) {
  check::computes("isfinite", x);
  Tensor y = empty(x.shape(), boolean);
  kernels::isfinite(x.dtype(), {x.shape(), y.strides(), x.strides()}, y.raw(), x.raw());
  return y;
}

// A number equals itself, NaN does not.
Tensor isnan(const Tensor& x) {
  check::computes("isnan", x);
  return ne(x, x);
}

Tensor isinf(const Tensor& x) {
  check::computes("isinf", x);
  return is_floating(x.dtype()) ? eq(abs(x.detach()), INFINITY) : zeros(x.shape(), boolean);
}

bool all(const Tensor& x) {
  const Tensor t = as_bool("all", x);
  return kernels::all({t.shape(), t.strides()}, t.raw());
}

bool any(const Tensor& x) {
  const Tensor t = as_bool("any", x);
  return kernels::any({t.shape(), t.strides()}, t.raw());
}

// Counted, so that what sums numbers does it.
Tensor all(const Tensor& x, Dims dims, bool keepdim) {
  const Tensor no = logical_not(as_bool("all", x));
  detail::Plan("all", x, dims);
  return eq(sum(no, dims, keepdim), 0);
}

Tensor any(const Tensor& x, Dims dims, bool keepdim) {
  const Tensor yes = as_bool("any", x);
  detail::Plan("any", x, dims);
  return gt(sum(yes, dims, keepdim), 0);
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol) {
  check::same_dtype("allclose", a, b);
  check::computes("allclose", a);
  return a.shape() == b.shape() &&
         kernels::allclose(a.dtype(), {a.shape(), a.strides(), b.strides()}, a.raw(), b.raw(), rtol, atol);
}

bool equal(const Tensor& a, const Tensor& b) {
  check::defined("equal", a);
  check::defined("equal", b);
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         kernels::identical(a.dtype(), {a.shape(), a.strides(), b.strides()}, a.raw(), b.raw());
}

Tensor floor_divide(const Tensor& a, const Tensor& b) { return divide("floor_divide", Division::quotient, a, b); }
Tensor remainder(const Tensor& a, const Tensor& b) { return divide("remainder", Division::remainder, a, b); }

}  // namespace fovea
