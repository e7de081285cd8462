// Ops as Python functions and as methods of Tensor.
// Written by ./dev ops from autograd/ops.h; edit that.
#include <nanobind/stl/tuple.h>

#include <cstdint>

#include "common.h"

namespace fovea::python {

void bind_ops_reduce(nb::module_& m, [[maybe_unused]] nb::class_<Tensor>& t) {
  both(
      m, t, "sum", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::sum(x, dims, keepdim);
      },
      "Bool counts, in i64.\n\ny = sum_i x_i", "x"_a, "dims"_a = nb::none(), "keepdim"_a = false);
  both(
      m, t, "prod", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::prod(x, dims, keepdim);
      },
      "Bool counts, in i64; 1 of nothing.\n\ny = prod_i x_i", "x"_a, "dims"_a = nb::none(), "keepdim"_a = false);
  both(
      m, t, "mean", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::mean(x, dims, keepdim);
      },
      "NaN of nothing.\n\ny = 1/n sum_i x_i", "x"_a, "dims"_a = nb::none(), "keepdim"_a = false);
  both(
      m, t, "var", nullptr,
      [](const Tensor& x, Dims dims, bool unbiased, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::var(x, dims, unbiased, keepdim);
      },
      "Unbiased: over n - 1.\n\ny = 1/(n-1) sum_i (x_i - mean x)^2", "x"_a, "dims"_a = nb::none(), "unbiased"_a = true,
      "keepdim"_a = false);
  both(
      m, t, "standard_deviation", nullptr,
      [](const Tensor& x, Dims dims, bool unbiased, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::standard_deviation(x, dims, unbiased, keepdim);
      },
      "PyTorch's std, a name that C++ has taken; gradient 0 at 0.\n\ny = (var x)^1/2", "x"_a, "dims"_a = nb::none(),
      "unbiased"_a = true, "keepdim"_a = false);
  both(
      m, t, "std", nullptr,
      [](const Tensor& x, Dims dims, bool unbiased, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::standard_deviation(x, dims, unbiased, keepdim);
      },
      "PyTorch's std, a name that C++ has taken; gradient 0 at 0.\n\ny = (var x)^1/2", "x"_a, "dims"_a = nb::none(),
      "unbiased"_a = true, "keepdim"_a = false);
  both(
      m, t, "max", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::max(x, dims, keepdim);
      },
      "Ties share the gradient evenly.\n\ny = max_i x_i", "x"_a, "dims"_a = nb::none(), "keepdim"_a = false);
  both(
      m, t, "min", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::min(x, dims, keepdim);
      },
      "Ties share the gradient evenly.\n\ny = min_i x_i", "x"_a, "dims"_a = nb::none(), "keepdim"_a = false);
  both(
      m, t, "max_with_indices", nullptr,
      [](const Tensor& x, int64_t dim, bool keepdim) -> std::pair<Tensor, Tensor> {
        const Released others(x);
        return fovea::max_with_indices(x, dim, keepdim);
      },
      "Values, and positions of the first of equals: PyTorch's max(x, dim). The gradient goes to the position.\n\ny = "
      "max_i x_i and the first such i",
      "x"_a, "dim"_a, "keepdim"_a = false);
  both(
      m, t, "min_with_indices", nullptr,
      [](const Tensor& x, int64_t dim, bool keepdim) -> std::pair<Tensor, Tensor> {
        const Released others(x);
        return fovea::min_with_indices(x, dim, keepdim);
      },
      "Values, and positions of the first of equals: PyTorch's min(x, dim). The gradient goes to the position.\n\ny = "
      "min_i x_i and the first such i",
      "x"_a, "dim"_a, "keepdim"_a = false);
  both(
      m, t, "median", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::median(x);
      },
      "The lower of two; equals share the gradient; along dim also the position.\n\ny = the element at (n - 1) / 2 in "
      "order, and where it stands",
      "x"_a);
  both(
      m, t, "median", nullptr,
      [](const Tensor& x, int64_t dim, bool keepdim) -> std::pair<Tensor, Tensor> {
        const Released others(x);
        return fovea::median(x, dim, keepdim);
      },
      "The lower of two; equals share the gradient; along dim also the position.\n\ny = the element at (n - 1) / 2 in "
      "order, and where it stands",
      "x"_a, "dim"_a, "keepdim"_a = false);
  both(
      m, t, "norm", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::norm(x, dims, keepdim);
      },
      "Euclidean; gradient 0 at 0.\n\ny = (sum_i x_i^2)^1/2", "x"_a, "dims"_a = nb::none(), "keepdim"_a = false);
  both(
      m, t, "logsumexp", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::logsumexp(x, dims, keepdim);
      },
      "Without overflow.\n\ny = ln sum_i e^x_i", "x"_a, "dims"_a.none(), "keepdim"_a = false);
  both(
      m, t, "cumsum", nullptr,
      [](const Tensor& x, int64_t dim) -> Tensor {
        const Released others(x);
        return fovea::cumsum(x, dim);
      },
      "Sums so far along dim.\n\ny_i = x_0 + .. + x_i", "x"_a, "dim"_a);
  both(
      m, t, "cumprod", nullptr,
      [](const Tensor& x, int64_t dim) -> Tensor {
        const Released others(x);
        return fovea::cumprod(x, dim);
      },
      "Products so far along dim.\n\ny_i = x_0 .. x_i", "x"_a, "dim"_a);
  both(
      m, t, "argmax", nullptr,
      [](const Tensor& x, int64_t dim, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::argmax(x, dim, keepdim);
      },
      "I64, the first of equals; no gradient.", "x"_a, "dim"_a, "keepdim"_a = false);
  both(
      m, t, "argmax", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::argmax(x);
      },
      "Position among all elements in order.", "x"_a);
  both(
      m, t, "argmin", nullptr,
      [](const Tensor& x, int64_t dim, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::argmin(x, dim, keepdim);
      },
      "I64, the first of equals; no gradient.", "x"_a, "dim"_a, "keepdim"_a = false);
  both(
      m, t, "argmin", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::argmin(x);
      },
      "Position among all elements in order.", "x"_a);
  both(
      m, t, "sum_to", nullptr,
      [](const Tensor& x, const Shape& shape) -> Tensor {
        const Released others(x);
        return fovea::sum_to(x, shape);
      },
      "Undoes a broadcast from `shape`.\n\ny = sum of x over what a broadcast repeated", "x"_a, "shape"_a);
  t.def("sum_to", [](const Tensor& x, const nb::args& shape) { return fovea::sum_to(x, nb::cast<Shape>(shape)); });
}

}  // namespace fovea::python
