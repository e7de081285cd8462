// Ops as Python functions and as methods of Tensor.
// Written by ./dev ops from autograd/ops.h; edit that.
#include <nanobind/stl/tuple.h>

#include <cstdint>

#include "common.h"

namespace fovea::python {

void bind_ops_shape(nb::module_& m, [[maybe_unused]] nb::class_<Tensor>& t) {
  both(
      m, t, "matmul", "__matmul__",
      [](const Tensor& a, const Tensor& b) -> Tensor {
        const Released others(a, b);
        return fovea::matmul(a, b);
      },
      "Products of the last two dimensions, the others broadcast; rank 1 on either side as in PyTorch.\n\nc[..., i, j] "
      "= sum_k a[..., i, k] b[..., k, j]",
      "a"_a, "b"_a);
  both(
      m, t, "outer", nullptr,
      [](const Tensor& a, const Tensor& b) -> Tensor {
        const Released others(a, b);
        return fovea::outer(a, b);
      },
      "Of two vectors.\n\ny_ij = a_i b_j", "a"_a, "b"_a);
  m.def(
      "einsum",
      [](std::string_view equation, const std::vector<Tensor>& operands) -> Tensor {
        const Released others(operands);
        return fovea::einsum(equation, operands);
      },
      "equation"_a, "operands"_a,
      "Sums of products by the letters of an equation, \"bij,bjk->bik\"; \"...\" and implicit outputs as in "
      "PyTorch.\n\ny = sum over the letters that the output leaves out of the products of the operands");
  both(
      m, t, "softmax", nullptr,
      [](const Tensor& x, int64_t dim, const Tensor* mask) -> Tensor {
        const Released others(x, mask);
        return fovea::softmax(x, dim, given(mask));
      },
      "Weights that sum to 1.\n\ny_i = e^x_i / sum_j e^x_j", "x"_a, "dim"_a, "mask"_a = nb::none());
  both(
      m, t, "log_softmax", nullptr,
      [](const Tensor& x, int64_t dim, const Tensor* mask) -> Tensor {
        const Released others(x, mask);
        return fovea::log_softmax(x, dim, given(mask));
      },
      "Masked entries are -inf.\n\ny_i = x_i - ln sum_j e^x_j", "x"_a, "dim"_a, "mask"_a = nb::none());
  both(
      m, t, "reshape", nullptr,
      [](const Tensor& x, const Shape& shape) -> Tensor {
        const Released others(x);
        return fovea::reshape(x, shape);
      },
      "One size may be -1: what is left.\n\ny holds x's elements in order", "x"_a, "shape"_a);
  t.def("reshape", [](const Tensor& x, const nb::args& shape) { return fovea::reshape(x, nb::cast<Shape>(shape)); });
  both(
      m, t, "flatten", nullptr,
      [](const Tensor& x, int64_t first, int64_t last) -> Tensor {
        const Released others(x);
        return fovea::flatten(x, first, last);
      },
      "Dimensions first to last as one.\n\ndimensions first..last become one", "x"_a, "first"_a = 0, "last"_a = -1);
  both(
      m, t, "permute", nullptr,
      [](const Tensor& x, const Shape& order) -> Tensor {
        const Released others(x);
        return fovea::permute(x, order);
      },
      "Dimension order[d] at place d.\n\ny[i_order[0], i_order[1], ...] = x[i_0, i_1, ...]", "x"_a, "order"_a);
  t.def("permute", [](const Tensor& x, const nb::args& order) { return fovea::permute(x, nb::cast<Shape>(order)); });
  both(
      m, t, "transpose", nullptr,
      [](const Tensor& x, int64_t a, int64_t b) -> Tensor {
        const Released others(x);
        return fovea::transpose(x, a, b);
      },
      "Two dimensions change places.\n\ntwo dimensions change places", "x"_a, "a"_a, "b"_a);
  both(
      m, t, "t", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::t(x);
      },
      "Of a matrix; rank 0 and 1 stay as they are.\n\ny_ij = x_ji", "x"_a);
  both(
      m, t, "tril", nullptr,
      [](const Tensor& x, int64_t diagonal) -> Tensor {
        const Released others(x);
        return fovea::tril(x, diagonal);
      },
      "Matrices with 0 above the diagonal.\n\ny_ij = x_ij if j - i <= diagonal else 0", "x"_a, "diagonal"_a = 0);
  both(
      m, t, "triu", nullptr,
      [](const Tensor& x, int64_t diagonal) -> Tensor {
        const Released others(x);
        return fovea::triu(x, diagonal);
      },
      "Matrices with 0 below the diagonal.\n\ny_ij = x_ij if j - i >= diagonal else 0", "x"_a, "diagonal"_a = 0);
  both(
      m, t, "slice", nullptr,
      [](const Tensor& x, int64_t dim, int64_t begin, int64_t end, int64_t step) -> Tensor {
        const Released others(x);
        return fovea::slice(x, dim, begin, end, step);
      },
      "Every step-th from begin to before end along dim; negative bounds count from the back, those beyond are "
      "cut.\n\ny[i] = x[begin + i step] along dim",
      "x"_a, "dim"_a, "begin"_a, "end"_a = INT64_MAX, "step"_a = 1);
  both(
      m, t, "select", nullptr,
      [](const Tensor& x, int64_t dim, int64_t index) -> Tensor {
        const Released others(x);
        return fovea::select(x, dim, index);
      },
      "One position; the dimension goes.\n\ny = x[.., index, ..]", "x"_a, "dim"_a, "index"_a);
  both(
      m, t, "expand", nullptr,
      [](const Tensor& x, const Shape& shape) -> Tensor {
        const Released others(x);
        return fovea::expand(x, shape);
      },
      "Repeats sizes of 1; -1 keeps a size.\n\nsizes of 1 repeat, new dimensions in front", "x"_a, "shape"_a);
  t.def("expand", [](const Tensor& x, const nb::args& shape) { return fovea::expand(x, nb::cast<Shape>(shape)); });
  both(
      m, t, "repeat", nullptr,
      [](const Tensor& x, const Shape& repeats) -> Tensor {
        const Released others(x);
        return fovea::repeat(x, repeats);
      },
      "Tiled so often along each dimension.\n\ny[i] = x[i mod n]", "x"_a, "repeats"_a);
  t.def("repeat", [](const Tensor& x, const nb::args& repeats) { return fovea::repeat(x, nb::cast<Shape>(repeats)); });
  both(
      m, t, "repeat_interleave", nullptr,
      [](const Tensor& x, int64_t repeats, std::optional<int64_t> dim) -> Tensor {
        const Released others(x);
        return fovea::repeat_interleave(x, repeats, dim);
      },
      "Each position of dim so often, or as often as i64 [n] says; without dim, of all elements in order.\n\ny[i] = "
      "x[i / repeats]",
      "x"_a, "repeats"_a, "dim"_a = nb::none());
  both(
      m, t, "repeat_interleave", nullptr,
      [](const Tensor& x, const Tensor& repeats, std::optional<int64_t> dim) -> Tensor {
        const Released others(x, repeats);
        return fovea::repeat_interleave(x, repeats, dim);
      },
      "Each position of dim so often, or as often as i64 [n] says; without dim, of all elements in order.\n\ny[i] = "
      "x[i / repeats]",
      "x"_a, "repeats"_a, "dim"_a = nb::none());
  both(
      m, t, "squeeze", nullptr,
      [](const Tensor& x, std::optional<int64_t> dim) -> Tensor {
        const Released others(x);
        return fovea::squeeze(x, dim);
      },
      "Without a dimension of size 1, or all.\n\nwithout the dimensions of size 1", "x"_a, "dim"_a = nb::none());
  both(
      m, t, "unsqueeze", nullptr,
      [](const Tensor& x, int64_t dim) -> Tensor {
        const Released others(x);
        return fovea::unsqueeze(x, dim);
      },
      "With a new dimension of size 1 at dim.\n\na new dimension of size 1", "x"_a, "dim"_a);
  both(
      m, t, "unfold", nullptr,
      [](const Tensor& x, int64_t dim, int64_t size, int64_t step) -> Tensor {
        const Released others(x);
        return fovea::unfold(x, dim, size, step);
      },
      "Windows of dim, as a new last one.\n\ny[.., w, .., i] = x[.., w step + i, ..]", "x"_a, "dim"_a, "size"_a,
      "step"_a);
  both(
      m, t, "contiguous", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::contiguous(x);
      },
      "X itself if it lies in row-major order.\n\ny = x, row-major", "x"_a);
  both(
      m, t, "clone", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::clone(x);
      },
      "A copy in memory of its own.\n\ny = x, other memory", "x"_a);
  both(
      m, t, "to", nullptr,
      [](const Tensor& x, DType dtype) -> Tensor {
        const Released others(x);
        return fovea::to(x, dtype);
      },
      "In another element type.\n\ny = x in another element type", "x"_a, "dtype"_a);
}

}  // namespace fovea::python
