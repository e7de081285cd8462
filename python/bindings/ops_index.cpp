// Ops as Python functions and as methods of Tensor.
// Written by ./dev ops from autograd/ops.h; edit that.
#include <nanobind/stl/tuple.h>

#include <cstdint>

#include "common.h"

namespace fovea::python {

void bind_ops_index(nb::module_& m, [[maybe_unused]] nb::class_<Tensor>& t) {
  m.def(
      "cat",
      [](const std::vector<Tensor>& list, int64_t dim) -> Tensor {
        const Released others(list);
        return fovea::cat(list, dim);
      },
      "list"_a, "dim"_a, "One behind the other along dim.\n\ny = [a; b; ..] along dim");
  m.def(
      "stack",
      [](const std::vector<Tensor>& list, int64_t dim) -> Tensor {
        const Released others(list);
        return fovea::stack(list, dim);
      },
      "list"_a, "dim"_a, "Side by side along a new dim.\n\ny[.., i, ..] = x_i");
  both(
      m, t, "split", nullptr,
      [](const Tensor& x, const std::vector<int64_t>& sizes, int64_t dim) -> std::vector<Tensor> {
        const Released others(x);
        return fovea::split(x, sizes, dim);
      },
      "Parts of these sizes.\n\nx = [y_1; y_2; ..] along dim", "x"_a, "sizes"_a, "dim"_a);
  both(
      m, t, "chunk", nullptr,
      [](const Tensor& x, int64_t count, int64_t dim) -> std::vector<Tensor> {
        const Released others(x);
        return fovea::chunk(x, count, dim);
      },
      "`count` equal parts, the last may be short.\n\nsplit into count parts of ceil(n / count)", "x"_a, "count"_a,
      "dim"_a);
  both(
      m, t, "unbind", nullptr,
      [](const Tensor& x, int64_t dim) -> std::vector<Tensor> {
        const Released others(x);
        return fovea::unbind(x, dim);
      },
      "All positions of dim, each without it.\n\ny_i = x[.., i, ..]", "x"_a, "dim"_a);
  m.def(
      "meshgrid",
      [](const std::vector<Tensor>& list, std::string_view indexing) -> std::vector<Tensor> {
        const Released others(list);
        return fovea::meshgrid(list, indexing);
      },
      "list"_a, "indexing"_a = "ij",
      "The coordinates of a grid, one tensor for each vector; \"xy\" instead of \"ij\" swaps the first two "
      "dimensions.\n\ny_k[i_0, i_1, ..] = x_k[i_k]");
  both(
      m, t, "pad", nullptr,
      [](const Tensor& x, const std::vector<int64_t>& padding, double value) -> Tensor {
        const Released others(x);
        return fovea::pad(x, padding, value);
      },
      "With `value` around it: (before, after) of the last dimension, then of the one before it, and so on.\n\nx with "
      "`value` around it",
      "x"_a, "padding"_a, "value"_a = 0);
  both(
      m, t, "roll", nullptr,
      [](const Tensor& x, int64_t shift, int64_t dim) -> Tensor {
        const Released others(x);
        return fovea::roll(x, shift, dim);
      },
      "Moved on by shift, around the end.\n\ny[(i + shift) mod n] = x[i]", "x"_a, "shift"_a, "dim"_a);
  both(
      m, t, "flip", nullptr,
      [](const Tensor& x, int64_t dim) -> Tensor {
        const Released others(x);
        return fovea::flip(x, dim);
      },
      "In the other direction.\n\ny[n - 1 - i] = x[i]", "x"_a, "dim"_a);
  both(
      m, t, "gather", nullptr,
      [](const Tensor& x, int64_t dim, const Tensor& index) -> Tensor {
        const Released others(x, index);
        return fovea::gather(x, dim, index);
      },
      "Along dim, one element for each of index.\n\ny[i, j] = x[index[i, j], j] for dim 0", "x"_a, "dim"_a, "index"_a);
  both(
      m, t, "scatter", nullptr,
      [](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) -> Tensor {
        const Released others(x, index, source);
        return fovea::scatter(x, dim, index, source);
      },
      "Writes each element of source into x where gather would read it; of equal positions the last stays.\n\ny = x, "
      "then y[index[i, j], j] = source[i, j] for dim 0",
      "x"_a, "dim"_a, "index"_a, "source"_a);
  both(
      m, t, "scatter", nullptr,
      [](const Tensor& x, int64_t dim, const Tensor& index, double value) -> Tensor {
        const Released others(x, index);
        return fovea::scatter(x, dim, index, value);
      },
      "Writes each element of source into x where gather would read it; of equal positions the last stays.\n\ny = x, "
      "then y[index[i, j], j] = source[i, j] for dim 0",
      "x"_a, "dim"_a, "index"_a, "value"_a);
  both(
      m, t, "scatter_add", nullptr,
      [](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) -> Tensor {
        const Released others(x, index, source);
        return fovea::scatter_add(x, dim, index, source);
      },
      "Adds each element of source to x where gather would read it.\n\ny = x, then y[index[i, j], j] += source[i, j] "
      "for dim 0",
      "x"_a, "dim"_a, "index"_a, "source"_a);
  both(
      m, t, "index_select", nullptr,
      [](const Tensor& x, int64_t dim, const Tensor& index) -> Tensor {
        const Released others(x, index);
        return fovea::index_select(x, dim, index);
      },
      "Whole slices of dim.\n\ny[.., i, ..] = x[.., index[i], ..]", "x"_a, "dim"_a, "index"_a);
  both(
      m, t, "index_add", nullptr,
      [](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, double alpha) -> Tensor {
        const Released others(x, index, source);
        return fovea::index_add(x, dim, index, source, alpha);
      },
      "Adds alpha times each slice of source to x where index_select would read it.\n\ny = x, then y[.., index[i], ..] "
      "+= alpha source[.., i, ..]",
      "x"_a, "dim"_a, "index"_a, "source"_a, "alpha"_a = 1);
  both(
      m, t, "slice_scatter", nullptr,
      [](const Tensor& x, const Tensor& source, int64_t dim, int64_t begin, int64_t end, int64_t step) -> Tensor {
        const Released others(x, source);
        return fovea::slice_scatter(x, source, dim, begin, end, step);
      },
      "A copy of x in which the slice is source.\n\ny = x, then y[begin:end:step] = source", "x"_a, "source"_a, "dim"_a,
      "begin"_a, "end"_a = INT64_MAX, "step"_a = 1);
  both(
      m, t, "select_scatter", nullptr,
      [](const Tensor& x, const Tensor& source, int64_t dim, int64_t index) -> Tensor {
        const Released others(x, source);
        return fovea::select_scatter(x, source, dim, index);
      },
      "X with source at index.\n\ny = x, then y[index] = source", "x"_a, "source"_a, "dim"_a, "index"_a);
  both(
      m, t, "masked_select", nullptr,
      [](const Tensor& x, const Tensor& mask) -> Tensor {
        const Released others(x, mask);
        return fovea::masked_select(x, mask);
      },
      "[n], the elements where mask is true.\n\nthe elements of x where mask", "x"_a, "mask"_a);
  both(
      m, t, "nonzero", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::nonzero(x);
      },
      "I64 [n, rank], where x is not 0.\n\nthe coordinates of x_i != 0", "x"_a);
  both(
      m, t, "masked_fill", nullptr,
      [](const Tensor& x, const Tensor& mask, double value) -> Tensor {
        const Released others(x, mask);
        return fovea::masked_fill(x, mask, value);
      },
      "Value where mask is true.\n\ny = mask ? value : x", "x"_a, "mask"_a, "value"_a);
  both(
      m, t, "sort", nullptr,
      [](const Tensor& x, int64_t dim, bool descending) -> std::pair<Tensor, Tensor> {
        const Released others(x);
        return fovea::sort(x, dim, descending);
      },
      "Values, positions; stable.\n\ny = x in order along dim", "x"_a, "dim"_a, "descending"_a = false);
  both(
      m, t, "argsort", nullptr,
      [](const Tensor& x, int64_t dim, bool descending) -> Tensor {
        const Released others(x);
        return fovea::argsort(x, dim, descending);
      },
      "Positions; stable.\n\npositions of x in order along dim", "x"_a, "dim"_a, "descending"_a = false);
  both(
      m, t, "topk", nullptr,
      [](const Tensor& x, int64_t k, int64_t dim) -> std::pair<Tensor, Tensor> {
        const Released others(x);
        return fovea::topk(x, k, dim);
      },
      "Values, positions; largest first.\n\nthe k largest along dim, largest first", "x"_a, "k"_a, "dim"_a);
}

}  // namespace fovea::python
