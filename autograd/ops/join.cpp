// Joining tensors along a dimension and taking them apart: cat and stack copy runs, split, chunk and unbind are views.
// The gradient of a join is views of the incoming one; the gradient of a split is one join into a fresh buffer, zeros
// standing in for parts that got none.
// Errors: ShapeError, DTypeError, IndexError; ValueError for counts that make no sense.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/autograd/parts.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

#include <algorithm>

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

[[noreturn, gnu::noinline]] void fail_cat(std::span<const Tensor> list, size_t i, int d) {
  throw ShapeError(fmt::format("cat: tensor 0 is {}, tensor {} is {}; need equal sizes in every dimension but {}",
                               describe(list[0]), i, describe(list[i]), d));
}

bool same_but(int d, const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) return false;
  for (int k = 0; k < a.rank(); ++k)
    if (k != d && a[k] != b[k]) return false;
  return true;
}

// What create_graph differentiates needs a tensor where the others make do with zeroed memory.
std::vector<Tensor> with_zeros(std::span<const Tensor> parts, const Shape& shape, std::span<const int64_t> sizes, int d,
                               DType dtype) {
  std::vector<Tensor> out(parts.begin(), parts.end());
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i].defined()) continue;
    Shape part = shape;
    if (sizes.empty())
      part.erase(d);
    else
      part[d] = sizes[i];
    out[i] = zeros(part, dtype);
  }
  return out;
}

}  // namespace

Tensor cat(std::span<const Tensor> list, int64_t dim) {
  check_list("cat", list);
  check::rank_at_least("cat", list[0], 1);
  const int d = normalize_dim("cat", dim, list[0].dim());
  Shape shape = list[0].shape();
  PooledVector<int64_t> sizes(list.size());
  shape[d] = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!same_but(d, shape, list[i].shape())) fail_cat(list, i, d);
    sizes[i] = list[i].shape()[d];
    shape[d] += sizes[i];
    checked_numel("cat", shape);
  }
  Tensor y = join(list, sizes, shape, list[0].dtype(), d);
  record_many("cat", list, {&y, 1}, [d, sizes = std::move(sizes)](std::span<const Tensor> g, std::span<Tensor> parts) {
    int64_t begin = 0;
    for (size_t i = 0; i < sizes.size(); begin += sizes[i++])
      if (needs_grad(static_cast<int>(i))) parts[i] = slice(g[0], d, begin, begin + sizes[i]);
  });
  return y;
}

Tensor stack(std::span<const Tensor> list, int64_t dim) {
  check_list("stack", list);
  for (const Tensor& x : list) check::same_shape("stack", list[0], x);
  const int d = normalize_dim("stack", dim, list[0].dim() + 1);
  Shape shape = list[0].shape();
  shape.insert(d, static_cast<int64_t>(list.size()));
  Tensor y = join(list, {}, shape, list[0].dtype(), d);
  record_many("stack", list, {&y, 1}, [d](std::span<const Tensor> g, std::span<Tensor> parts) {
    for (size_t i = 0; i < parts.size(); ++i)
      if (needs_grad(static_cast<int>(i))) parts[i] = select(g[0], d, static_cast<int64_t>(i));
  });
  return y;
}

void detail::split_into(const Tensor& x, std::span<const int64_t> sizes, int64_t dim, std::span<Tensor> parts) {
  check::rank_at_least("split", x, 1);
  const int d = normalize_dim("split", dim, x.dim());
  int64_t begin = 0;
  bool fits = !sizes.empty() && sizes.size() <= kMostTensors;
  for (size_t i = 0; fits && i < sizes.size(); begin += sizes[i++]) {
    fits = sizes[i] >= 0 && sizes[i] <= x.shape()[d] - begin;
    if (fits) parts[i] = array::slice(x, d, begin, begin + sizes[i]);
  }
  if (!fits || begin != x.shape()[d])
    throw ShapeError(fmt::format("split: sizes [{}] for dimension {} of {}; need 1 to {} sizes >= 0 that sum to {}",
                                 fmt::join(sizes, ", "), d, describe(x), kMostTensors, x.shape()[d]));
  record_many("split", {&x, 1}, parts,
              [shape = x.shape(), dtype = x.dtype(), kept = PooledVector<int64_t>(sizes.begin(), sizes.end()), d](
                  std::span<const Tensor> g, std::span<Tensor> found) {
                found[0] =
                    grad_enabled() ? cat(with_zeros(g, shape, kept, d, dtype), d) : join(g, kept, shape, dtype, d);
              });
}

std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t dim) {
  std::vector<Tensor> parts(sizes.size());
  detail::split_into(x, sizes, dim, parts);
  return parts;
}

namespace {

PooledVector<int64_t> chunk_sizes(const Tensor& x, int64_t count, int64_t dim) {
  check::rank_at_least("chunk", x, 1);
  const int d = normalize_dim("chunk", dim, x.dim());
  if (count < 1) throw ValueError(fmt::format("chunk: {} parts of {}; need at least 1", count, describe(x)));
  const int64_t n = x.shape()[d], each = n == 0 ? 0 : (n + count - 1) / count;
  PooledVector<int64_t> sizes;
  for (int64_t left = n; left > 0; left -= each) sizes.push_back(std::min(each, left));
  if (n == 0) sizes.assign(static_cast<size_t>(count), 0);
  return sizes;
}

}  // namespace

void detail::chunk_into(const Tensor& x, int64_t dim, std::span<Tensor> parts) {
  const PooledVector<int64_t> sizes = chunk_sizes(x, static_cast<int64_t>(parts.size()), dim);
  if (sizes.size() != parts.size())
    throw ShapeError(fmt::format("chunk: dimension {} of {} gives {} parts of equal size, not {}; use split", dim,
                                 describe(x), sizes.size(), parts.size()));
  split_into(x, sizes, dim, parts);
}

std::vector<Tensor> chunk(const Tensor& x, int64_t count, int64_t dim) {
  const PooledVector<int64_t> sizes = chunk_sizes(x, count, dim);
  std::vector<Tensor> parts(sizes.size());
  detail::split_into(x, sizes, dim, parts);
  return parts;
}

void detail::unbind_into(const Tensor& x, int64_t dim, std::span<Tensor> parts) {
  check::rank_at_least("unbind", x, 1);
  const int d = normalize_dim("unbind", dim, x.dim());
  const int64_t n = x.shape()[d];
  if (n != static_cast<int64_t>(parts.size()))
    throw ShapeError(
        fmt::format("unbind: dimension {} of {} gives {} parts, not {}", dim, describe(x), n, parts.size()));
  for (int64_t i = 0; i < n; ++i) parts[static_cast<size_t>(i)] = array::select(x, d, i);
  record_many("unbind", {&x, 1}, parts,
              [shape = x.shape(), dtype = x.dtype(), d](std::span<const Tensor> g, std::span<Tensor> found) {
                found[0] = grad_enabled() ? stack(with_zeros(g, shape, {}, d, dtype), d) : join(g, {}, shape, dtype, d);
              });
}

std::vector<Tensor> unbind(const Tensor& x, int64_t dim) {
  check::rank_at_least("unbind", x, 1);
  const int64_t n = x.shape()[normalize_dim("unbind", dim, x.dim())];
  if (n > static_cast<int64_t>(kMostTensors))
    throw ValueError(
        fmt::format("unbind: {} along dimension {}; at most {} parts at once", describe(x), dim, kMostTensors));
  std::vector<Tensor> parts(static_cast<size_t>(n));
  detail::unbind_into(x, dim, parts);
  return parts;
}

Tensor pad(const Tensor& x, const std::vector<int64_t>& padding, double value) {
  check::defined("pad", x);
  if (padding.size() % 2 != 0 || padding.size() > 2 * static_cast<size_t>(x.dim()))
    throw ShapeError(fmt::format("pad: {} numbers for {}; need (before, after) for at most {} dimensions",
                                 padding.size(), describe(x), x.dim()));
  Shape shape = x.shape(), begin = Shape::filled(x.dim(), 0);
  for (size_t i = 0; i < padding.size(); i += 2) {
    const int d = x.dim() - 1 - static_cast<int>(i / 2);
    if (padding[i] < 0 || padding[i + 1] < 0)
      throw ValueError(
          fmt::format("pad: ({}, {}) for dimension {}; to cut elements off use slice", padding[i], padding[i + 1], d));
    begin[d] = padding[i];
    for (const size_t side : {i, i + 1})
      if (__builtin_add_overflow(shape[d], padding[side], &shape[d])) shape[d] = std::numeric_limits<int64_t>::max();
  }
  checked_numel("pad", shape);
  require_fits("pad", value, x.dtype());
  Tensor y = full(shape, value, x.dtype());
  Tensor middle = y;
  for (int d = 0; d < x.dim(); ++d) middle = array::slice(middle, d, begin[d], begin[d] + x.shape()[d]);
  array::copy(middle, x);
  return record("pad", {x}, y, [sizes = x.shape(), begin](const Tensor& g) {
    Tensor cut = g;
    for (int d = 0; d < sizes.rank(); ++d)
      if (cut.shape()[d] != sizes[d]) cut = slice(cut, d, begin[d], begin[d] + sizes[d]);
    return cut;
  });
}

Tensor roll(const Tensor& x, int64_t shift, int64_t dim) {
  check::rank_at_least("roll", x, 1);
  const int d = normalize_dim("roll", dim, x.dim());
  const int64_t n = x.shape()[d], by = n == 0 ? 0 : (shift % n + n) % n;
  const Tensor parts[] = {array::slice(x, d, n - by, n), array::slice(x, d, 0, n - by)};
  const int64_t sizes[] = {by, n - by};
  return record("roll", {x}, join(parts, sizes, x.shape(), x.dtype(), d),
                [by, d](const Tensor& g) { return roll(g, -by, d); });
}

Tensor cat(std::initializer_list<Tensor> list, int64_t dim) {
  return cat(std::span<const Tensor>(list.begin(), list.size()), dim);
}
Tensor stack(std::initializer_list<Tensor> list, int64_t dim) {
  return stack(std::span<const Tensor>(list.begin(), list.size()), dim);
}

}  // namespace fovea
