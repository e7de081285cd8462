// Views and copies of one tensor. A view shares the elements of its argument and costs no more than its description;
// the vjp undoes it. The gradient of a part is written into zeros (slice_backward, select_backward, unfold_backward).
// Errors: ShapeError, IndexError, ValueError as in core/array.h.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

#include <algorithm>

namespace fovea {
namespace {

// Zeros of `shape` with g in rows begin, begin + step, ... along d.
Tensor place(const Tensor& g, const Shape& shape, int d, int64_t begin, int64_t count, int64_t step) {
  const detail::Extent e = detail::extent(shape, d);
  const int64_t item = item_size(g.dtype());
  if (step == 1 && g.is_contiguous()) {
    Tensor y = empty(shape, g.dtype());
    const int64_t bytes = count * e.inner * item;
    kernels::copy_runs_into_zeros(e.outer, bytes, {y.raw(), begin * e.inner * item, e.run() * item}, {g.raw(), bytes});
    return y;
  }
  Tensor y = zeros(shape, g.dtype());
  if (count == 0) return y;
  const Tensor part = array::slice(y, d, begin, begin + (count - 1) * step + 1, step);
  array::copy(part, array::reshape(g, part.shape()));
  return y;
}

Tensor slice_backward(const Tensor& g, const Shape& shape, int d, int64_t begin, int64_t step) {
  const int64_t count = g.shape()[d];
  return record("slice_backward", {g}, place(g, shape, d, begin, count, step),
                [d, begin, count, step](const Tensor& h) {
                  return slice(h, d, begin, count == 0 ? begin : begin + (count - 1) * step + 1, step);
                });
}

Tensor select_backward(const Tensor& g, const Shape& shape, int d, int64_t index) {
  return record("select_backward", {g}, place(g, shape, d, index, 1, 1),
                [d, index](const Tensor& h) { return select(h, d, index); });
}

// Windows that overlap add up.
Tensor unfold_backward(const Tensor& g, const Shape& shape, int d, int64_t size, int64_t step) {
  Tensor y = zeros(shape, g.dtype());
  const int64_t windows = g.shape()[d];
  for (int64_t i = 0; i < size; ++i)
    array::slice(y, d, i, i + (windows - 1) * step + 1, step).add_(array::select(g, -1, i));
  return record("unfold_backward", {g}, y, [d, size, step](const Tensor& h) { return unfold(h, d, size, step); });
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  check::defined("reshape", x);
  return record("reshape", {x}, array::reshape(x, shape),
                [shape = x.shape()](const Tensor& g) { return reshape(g, shape); });
}

Tensor flatten(const Tensor& x, int64_t first, int64_t last) {
  check::defined("flatten", x);
  const int rank = std::max(x.dim(), 1);  // a number flattens to one element
  const int from = normalize_dim("flatten", first, rank), to = normalize_dim("flatten", last, rank);
  if (from > to) check::shape_error("flatten", "the first dimension comes after the last; swap them");
  if (x.dim() == 0) return reshape(x, {1});
  Shape shape;
  for (int d = 0; d < x.dim(); ++d) {
    if (d <= from || d > to)
      shape.append(x.shape()[d]);
    else
      shape[from] *= x.shape()[d];
  }
  return reshape(x, shape);
}

Tensor permute(const Tensor& x, const Shape& order) {
  check::defined("permute", x);
  return record("permute", {x}, array::permute(x, order), [order](const Tensor& g) {
    Shape inverse = order;
    for (int i = 0; i < order.rank(); ++i) inverse[normalize_dim("permute", order[i], order.rank())] = i;
    return permute(g, inverse);
  });
}

Tensor transpose(const Tensor& x, int64_t a, int64_t b) {
  check::defined("transpose", x);
  return record("transpose", {x}, array::transpose(x, a, b), [a, b](const Tensor& g) { return transpose(g, a, b); });
}

Tensor t(const Tensor& x) {
  check::defined("t", x);
  if (x.dim() > 2)
    check::shape_error("t", fmt::format("{} is no matrix; name two dimensions for transpose", describe(x)));
  return x.dim() == 2 ? transpose(x, 0, 1) : x;
}

Tensor slice(const Tensor& x, int64_t dim, int64_t begin, int64_t end, int64_t step) {
  check::defined("slice", x);
  return record("slice", {x}, array::slice(x, dim, begin, end, step),
                [shape = x.shape(), dim, begin, step](const Tensor& g) {
                  const int d = normalize_dim("slice", dim, shape.rank());
                  const int64_t first = std::clamp<int64_t>(begin < 0 ? begin + shape[d] : begin, 0, shape[d]);
                  return slice_backward(g, shape, d, first, step);
                });
}

Tensor select(const Tensor& x, int64_t dim, int64_t index) {
  check::defined("select", x);
  return record("select", {x}, array::select(x, dim, index), [shape = x.shape(), dim, index](const Tensor& g) {
    const int d = normalize_dim("select", dim, shape.rank());
    return select_backward(g, shape, d, index < 0 ? index + shape[d] : index);
  });
}

Tensor expand(const Tensor& x, const Shape& shape) {
  check::defined("expand", x);
  if (x.shape() == shape) return x;
  return record("expand", {x}, array::expand(x, shape),
                [shape = x.shape()](const Tensor& g) { return sum_to(g, shape); });
}

Tensor squeeze(const Tensor& x, std::optional<int64_t> dim) {
  check::defined("squeeze", x);
  return record("squeeze", {x}, array::squeeze(x, dim),
                [shape = x.shape()](const Tensor& g) { return reshape(g, shape); });
}

Tensor unsqueeze(const Tensor& x, int64_t dim) {
  check::defined("unsqueeze", x);
  return record("unsqueeze", {x}, array::unsqueeze(x, dim), [dim](const Tensor& g) { return squeeze(g, dim); });
}

Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step) {
  check::defined("unfold", x);
  return record("unfold", {x}, array::unfold(x, dim, size, step),
                [shape = x.shape(), dim, size, step](const Tensor& g) {
                  return unfold_backward(g, shape, normalize_dim("unfold", dim, shape.rank()), size, step);
                });
}

Tensor contiguous(const Tensor& x) {
  check::defined("contiguous", x);
  if (x.is_contiguous()) return x;
  return record("contiguous", {x}, array::clone(x), [](const Tensor& g) { return g; });
}

Tensor clone(const Tensor& x) {
  check::defined("clone", x);
  return record("clone", {x}, array::clone(x), [](const Tensor& g) { return g; });
}

Tensor to(const Tensor& x, DType dtype) {
  check::defined("to", x);
  if (x.dtype() == dtype) return x;
  if (!is_floating(dtype) || !is_floating(x.dtype())) return array::to(x, dtype);
  return record("to", {x}, array::to(x, dtype), [from = x.dtype()](const Tensor& g) { return to(g, from); });
}

}  // namespace fovea
