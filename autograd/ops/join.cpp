// Joining tensors along a dimension and taking them apart: cat and stack copy runs, split, chunk and unbind are views.
// The gradient of a join is views of the incoming one; the gradient of a split is one join into a fresh buffer, zeros
// standing in for parts that got none.
// Errors: ShapeError, DTypeError, IndexError; ValueError for counts that make no sense.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

namespace fovea {
namespace {

constexpr size_t kMostTensors = 65535;  // a node counts its inputs and outputs in 16 bits

void check_list(const char* op, std::span<const Tensor> list) {
  if (list.empty()) throw ValueError(fmt::format("{}: the list is empty; need at least one tensor", op));
  if (list.size() > kMostTensors)
    throw ValueError(fmt::format("{}: {} tensors; at most {} go at once", op, list.size(), kMostTensors));
  for (const Tensor& x : list) check::same_dtype(op, list[0], x);
}

// Writes `part` (or zeros if undefined) into `size` rows of y from row `begin` along d.
void put(const Tensor& y, const detail::Extent& e, int d, int64_t begin, int64_t size, const Tensor& part) {
  const int64_t item = item_size(y.dtype()), bytes = size * e.inner * item;
  if (bytes == 0 || e.outer == 0) return;
  const kernels::Runs target{y.raw(), begin * e.inner * item, e.run() * item};
  if (!part.defined()) return kernels::zero_runs(e.outer, bytes, target);
  const int64_t step = detail::outer_step(part, d);
  if (step >= 0) return kernels::copy_runs(e.outer, bytes, target, {part.raw(), step * item});
  const Tensor rows = array::slice(y, d, begin, begin + size);
  array::copy(rows, array::reshape(part, rows.shape()));
}

// The gradient of split and unbind: parts[i], sizes[i] rows each, as one tensor of `shape`.
Tensor join(std::span<const Tensor> parts, std::span<const int64_t> sizes, const Shape& shape, DType dtype, int d) {
  Tensor y = empty(shape, dtype);
  const detail::Extent e = detail::extent(shape, d);
  int64_t begin = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t size = sizes.empty() ? 1 : sizes[i];
    put(y, e, d, begin, size, parts[i]);
    begin += size;
  }
  return y;
}

std::vector<Tensor> with_zeros(std::span<const Tensor> parts, std::span<const Tensor> like) {
  std::vector<Tensor> out(parts.begin(), parts.end());
  for (size_t i = 0; i < out.size(); ++i)
    if (!out[i].defined()) out[i] = zeros_like(like[i]);
  return out;
}

}  // namespace

Tensor cat(std::span<const Tensor> list, int64_t dim) {
  check_list("cat", list);
  check::rank_at_least("cat", list[0], 1);
  const int d = normalize_dim("cat", dim, list[0].dim());
  Shape shape = list[0].shape();
  std::vector<int64_t> sizes(list.size());
  shape[d] = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    Shape same = list[i].shape();
    if (same.rank() == shape.rank()) sizes[i] = same[d], same[d] = shape[d];
    if (!(same == shape))
      throw ShapeError(fmt::format("cat: tensor 0 is {}, tensor {} is {}; need equal sizes but along dimension {}",
                                   describe(list[0]), i, describe(list[i]), d));
    shape[d] += sizes[i];
    // The next one is compared without its own size.
    same = shape;
  }
  Tensor y = join(list, sizes, shape, list[0].dtype(), d);
  return record_list("cat", list, y, [d, sizes = std::move(sizes)](const Tensor& g) {
    std::vector<Tensor> parts(sizes.size());
    int64_t begin = 0;
    for (size_t i = 0; i < sizes.size(); begin += sizes[i++])
      if (needs_grad(static_cast<int>(i))) parts[i] = slice(g, d, begin, begin + sizes[i]);
    return parts;
  });
}

