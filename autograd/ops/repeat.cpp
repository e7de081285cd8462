// Elements more than once, and coordinates of a grid.
//   repeat             x tiled repeats[d] times along each dimension; dimensions of size 1 come in front as needed
//   repeat_interleave  each row along dim as often as `repeats` says, one count for all or i64 [rows]; without dim, of
//                      all elements in order
//   outer              y[i, j] = a[i] b[j]
//   meshgrid           one tensor for each vector, of the sizes of all of them; "xy" swaps the first two dimensions
// Errors: ShapeError; ValueError for a negative count or an unknown indexing; IndexError.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/core/array.h>

#include <algorithm>
#include <vector>

namespace fovea {
namespace {

void check_counts(const char* op, std::span<const int64_t> counts) {
  for (const int64_t count : counts)
    if (count < 0) throw ValueError(fmt::format("{}: {} times; need 0 or more", op, count));
}

// x, of `shape`, seen as [outer, 1, run] and expanded to [outer, times, run]; `shape` grows along d.
Tensor expand_run(const char* op, const Tensor& x, int64_t outer, int64_t times, int64_t run, Shape& shape, int d) {
  if (__builtin_mul_overflow(shape[d], times, &shape[d])) shape[d] = std::numeric_limits<int64_t>::max();
  checked_numel(op, shape);
  return reshape(expand(reshape(x, {outer, 1, run}), {outer, times, run}), shape);
}

// A number is a vector of one element.
Tensor as_vector(const char* op, const Tensor& x) {
  check::defined(op, x);
  if (x.dim() > 1) throw ShapeError(fmt::format("{}: {} must have rank 1; flatten it", op, describe(x)));
  return reshape(x, {-1});
}

}  // namespace

Tensor repeat(const Tensor& x, const Shape& repeats) {
  check::defined("repeat", x);
  check_counts("repeat", repeats.span());
  if (repeats.rank() < x.dim())
    throw ShapeError(fmt::format("repeat: counts {} for {}; need one for each dimension", repeats.str(), describe(x)));
  Shape shape = x.shape();
  while (shape.rank() < repeats.rank()) shape.insert(0, 1);
  Tensor y = reshape(x, shape);
  for (int d = 0; d < shape.rank(); ++d) {
    if (repeats[d] == 1) continue;
    const detail::Extent e = detail::extent(shape, d);
    y = expand_run("repeat", y, e.outer, repeats[d], e.run(), shape, d);
  }
  return y;
}

Tensor repeat_interleave(const Tensor& x, int64_t repeats, std::optional<int64_t> dim) {
  check::defined("repeat_interleave", x);
  check_counts("repeat_interleave", {&repeats, 1});
  const Tensor from = dim && x.dim() > 0 ? x : reshape(x, {-1});
  const int d = normalize_dim("repeat_interleave", dim.value_or(0), from.dim());
  const detail::Extent e = detail::extent(from.shape(), d);
  Shape shape = from.shape();
  return expand_run("repeat_interleave", from, e.outer * e.size, repeats, e.inner, shape, d);
}

Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<int64_t> dim) {
  check::defined("repeat_interleave", x);
  check::dtype("repeat_interleave", "repeats", repeats, i64);
  const Tensor from = dim && x.dim() > 0 ? x : reshape(x, {-1});
  const int d = normalize_dim("repeat_interleave", dim.value_or(0), from.dim());
  if (repeats.dim() != 1 || repeats.numel() != from.shape()[d])
    throw ShapeError(fmt::format("repeat_interleave: repeats {} for dimension {} of {}; need i64[{}]",
                                 describe(repeats), d, describe(from), from.shape()[d]));
  const Tensor counts = array::contiguous(repeats);
  Shape shape = from.shape();
  std::vector<int64_t> rows;
  shape[d] = 0;
  for (int64_t i = 0; i < counts.numel(); ++i) {
    const int64_t count = counts.at<int64_t>({i});
    check_counts("repeat_interleave", {&count, 1});
    if (__builtin_add_overflow(shape[d], count, &shape[d])) shape[d] = std::numeric_limits<int64_t>::max();
    checked_numel("repeat_interleave", shape);
    rows.insert(rows.end(), static_cast<size_t>(count), i);
  }
  return index_select(from, d, fovea::from(rows, {static_cast<int64_t>(rows.size())}));
}

Tensor outer(const Tensor& a, const Tensor& b) {
  check::same_dtype("outer", a, b);
  for (const Tensor* x : {&a, &b})
    if (x->dim() != 1)
      throw ShapeError(fmt::format("outer: a is {}, b is {}; need two of rank 1", describe(a), describe(b)));
  check::number("outer", a);
  return unsqueeze(a, 1) * b;
}

std::vector<Tensor> meshgrid(std::span<const Tensor> list, std::string_view indexing) {
  if (list.empty()) throw ValueError("meshgrid: the list is empty; need at least one tensor");
  if (indexing != "ij" && indexing != "xy")
    throw ValueError(fmt::format("meshgrid: indexing \"{}\"; need \"ij\" or \"xy\"", indexing));
  Shape shape;
  std::vector<Tensor> grids;
  for (const Tensor& x : list) {
    grids.push_back(as_vector("meshgrid", x));
    check::same_dtype("meshgrid", list[0], x);
    shape.append(grids.back().numel());
  }
  for (int d = 0; d < shape.rank(); ++d) {
    Shape along = Shape::filled(shape.rank(), 1);
    along[d] = shape[d];
    Tensor& grid = grids[static_cast<size_t>(d)];
    grid = expand(reshape(grid, along), shape);
    if (indexing == "xy" && shape.rank() > 1) grid = transpose(grid, 0, 1);
  }
  return grids;
}

std::vector<Tensor> meshgrid(std::initializer_list<Tensor> list, std::string_view indexing) {
  return meshgrid(std::span<const Tensor>(list.begin(), list.size()), indexing);
}

}  // namespace fovea
