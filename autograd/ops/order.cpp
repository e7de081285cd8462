// Best and middle elements along a dimension, with their positions (i64). The values are gathered from the positions,
// and so is the gradient: the element at the position gets it all.
//   max_with_indices, min_with_indices   PyTorch's max(x, dim), min(x, dim): the first of equals; NaN wins
//   median                               the lower of two middle ones; NaN if one element is. Of all elements: those
//                                        equal to it share the gradient evenly
// Also of i64. Errors: IndexError for dim; ShapeError for nothing to choose from; DTypeError for bool.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>

namespace fovea {
namespace {

using Sorted = std::pair<Tensor, Tensor>;

// dim counted from the front, where x has an element.
int dim_with_elements(const char* op, const Tensor& x, int64_t dim) {
  check::number(op, x);
  const int d = normalize_dim(op, dim, x.dim());
  if (x.dim() > 0 && x.shape()[d] == 0)
    throw ShapeError(fmt::format("{}: {} has no elements along dimension {}; need at least one", op, describe(x), d));
  return d;
}

// x at positions [.., 1, ..] along d.
Sorted take(const Tensor& x, int d, const Tensor& positions, bool keepdim) {
  const Tensor values = gather(x, d, positions);
  if (keepdim || x.dim() == 0) return {values, positions};
  return {squeeze(values, d), squeeze(positions, d)};
}

}  // namespace

Sorted max_with_indices(const Tensor& x, int64_t dim, bool keepdim) {
  const int d = dim_with_elements("max_with_indices", x, dim);
  return take(x, d, argmax(x.detach(), d, true), keepdim);
}

Sorted min_with_indices(const Tensor& x, int64_t dim, bool keepdim) {
  const int d = dim_with_elements("min_with_indices", x, dim);
  return take(x, d, argmin(x.detach(), d, true), keepdim);
}

// In ascending order NaN come last, in the order they stand.
Sorted median(const Tensor& x, int64_t dim, bool keepdim) {
  const int d = dim_with_elements("median", x, dim);
  if (x.dim() == 0) return {clone(x), zeros({}, i64)};
  const int64_t n = x.shape()[d], lower = (n - 1) / 2;
  const Tensor order = argsort(x.detach(), d), numbers = sum(eq(x.detach(), x.detach()), d, true);
  const Tensor middle =
      where(lt(numbers, static_cast<double>(n)), numbers, full_like(numbers, static_cast<double>(lower)));
  return take(x, d, gather(order, d, middle), keepdim);
}

Tensor median(const Tensor& x) {
  check::number("median", x);
  if (x.numel() == 0) throw ShapeError(fmt::format("median: {} has no elements; need at least one", describe(x)));
  const Tensor y = median(reshape(x.detach(), {-1}), 0).first;
  return record("median", {x}, y, [x = saved(x), y = saved(y)](const Tensor& g) {
    const Tensor at = x.get().detach(), m = y.get().detach();
    const Tensor is_median = to(logical_or(eq(at, m), logical_and(isnan(at), isnan(m))), g.dtype());
    return g * (is_median / sum(is_median));
  });
}

}  // namespace fovea
