// Sorting and choosing the largest. Positions come from a kernel; the values are gathered from them, and so is the
// gradient: d x[position] = g. Equal elements keep their order; NaN counts as the largest.
// A tensor of rank 0 is one element along dimension 0. Errors: IndexError for dim, ValueError for k. Cost: O(n log n) a
// row.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/sort.h>

namespace fovea {
namespace {

// i64, x's shape but for k along d.
Tensor positions(const Tensor& x, int d, int64_t k, bool descending) {
  if (x.dim() == 0) return zeros({}, i64);
  const Tensor rows = array::contiguous(array::transpose(x, d, -1));
  Shape shape = rows.shape();
  const int64_t n = shape.back();
  shape[shape.rank() - 1] = k;
  Tensor found = empty(shape, i64);
  if (k > 0) kernels::sort_positions(x.dtype(), rows.numel() / n, n, k, descending, rows.raw(), found.data<int64_t>());
  return array::contiguous(array::transpose(found, d, -1));
}

int64_t length(const Tensor& x, int d) { return x.dim() == 0 ? 1 : x.shape()[d]; }

// The values at `order` beside it.
std::pair<Tensor, Tensor> in_order(const Tensor& x, int d, const Tensor& order) {
  return {x.dim() == 0 ? clone(x) : gather(x, d, order), order};
}

}  // namespace

Tensor argsort(const Tensor& x, int64_t dim, bool descending) {
  check::computes("argsort", x);
  const int d = normalize_dim("argsort", dim, x.dim());
  return positions(x, d, length(x, d), descending);
}

std::pair<Tensor, Tensor> sort(const Tensor& x, int64_t dim, bool descending) {
  check::computes("sort", x);
  const int d = normalize_dim("sort", dim, x.dim());
  return in_order(x, d, positions(x, d, length(x, d), descending));
}

std::pair<Tensor, Tensor> topk(const Tensor& x, int64_t k, int64_t dim) {
  check::computes("topk", x);
  const int d = normalize_dim("topk", dim, x.dim());
  const int64_t least = x.dim() == 0 ? 1 : 0, most = length(x, d);  // rank 0 has no dimension that could be 0
  if (k < least || k > most)
    throw ValueError(fmt::format("topk: {} of dimension {} of {}; need {} to {}", k, d, describe(x), least, most));
  return in_order(x, d, positions(x, d, k, true));
}

}  // namespace fovea
