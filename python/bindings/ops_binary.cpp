// Ops as Python functions and as methods of Tensor.
// Written by ./dev ops from autograd/ops.h; edit that.
#include <nanobind/stl/tuple.h>

#include <cstdint>

#include "common.h"

namespace fovea::python {

void bind_ops_binary(nb::module_& m, [[maybe_unused]] nb::class_<Tensor>& t) {
  both(
      m, t, "add", "__add__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::add(a, *b.tensor);
        return fovea::add(a, b.number);
      },
      "I64 too, which wraps around.\n\ny = a + b", "a"_a, "b"_a);
  both(
      m, t, "sub", "__sub__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::sub(a, *b.tensor);
        return fovea::sub(a, b.number);
      },
      "I64 too.\n\ny = a - b", "a"_a, "b"_a);
  m.def(
      "sub",
      [](double a, const Tensor& b) -> Tensor {
        const Released others(b);
        return fovea::sub(a, b);
      },
      "a"_a, "b"_a, "I64 too.\n\ny = a - b");
  both(
      m, t, "mul", "__mul__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::mul(a, *b.tensor);
        return fovea::mul(a, b.number);
      },
      "I64 too.\n\ny = a b", "a"_a, "b"_a);
  both(
      m, t, "div", "__truediv__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::div(a, *b.tensor);
        return fovea::div(a, b.number);
      },
      "Of floating types.\n\ny = a / b", "a"_a, "b"_a);
  m.def(
      "div",
      [](double a, const Tensor& b) -> Tensor {
        const Released others(b);
        return fovea::div(a, b);
      },
      "a"_a, "b"_a, "Of floating types.\n\ny = a / b");
  both(
      m, t, "pow", "__pow__",
      [](const Tensor& base, Operand exponent) -> Tensor {
        const Released others(base, exponent);
        if (exponent.tensor != nullptr) return fovea::pow(base, *exponent.tensor);
        return fovea::pow(base, exponent.number);
      },
      "Gradient of the exponent: 0 at base 0, NaN below.\n\ny = a^b", "base"_a, "exponent"_a);
  both(
      m, t, "minimum", nullptr,
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        return fovea::minimum(a, b.like(a));
      },
      "A tie shares the gradient evenly.\n\ny = min(a, b)", "a"_a, "b"_a);
  both(
      m, t, "maximum", nullptr,
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        return fovea::maximum(a, b.like(a));
      },
      "A tie shares the gradient evenly.\n\ny = max(a, b)", "a"_a, "b"_a);
  both(
      m, t, "floor_divide", "__floordiv__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        return fovea::floor_divide(a, b.like(a));
      },
      "Towards minus infinity; no gradient.\n\nfloor(a / b)", "a"_a, "b"_a);
  both(
      m, t, "remainder", "__mod__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        return fovea::remainder(a, b.like(a));
      },
      "Sign of b, as in Python; no gradient.\n\na - b floor(a / b)", "a"_a, "b"_a);
  both(
      m, t, "eq", "__eq__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::eq(a, *b.tensor);
        return fovea::eq(a, b.number);
      },
      "Elementwise, as all six; equal(a, b) asks for the whole.\n\na == b", "a"_a, "b"_a);
  both(
      m, t, "ne", "__ne__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::ne(a, *b.tensor);
        return fovea::ne(a, b.number);
      },
      "Not equal; NaN is not equal to itself.\n\na != b", "a"_a, "b"_a);
  both(
      m, t, "lt", "__lt__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::lt(a, *b.tensor);
        return fovea::lt(a, b.number);
      },
      "Less than.\n\na < b", "a"_a, "b"_a);
  both(
      m, t, "le", "__le__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::le(a, *b.tensor);
        return fovea::le(a, b.number);
      },
      "Less or equal.\n\na <= b", "a"_a, "b"_a);
  both(
      m, t, "gt", "__gt__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::gt(a, *b.tensor);
        return fovea::gt(a, b.number);
      },
      "Greater than.\n\na > b", "a"_a, "b"_a);
  both(
      m, t, "ge", "__ge__",
      [](const Tensor& a, Operand b) -> Tensor {
        const Released others(a, b);
        if (b.tensor != nullptr) return fovea::ge(a, *b.tensor);
        return fovea::ge(a, b.number);
      },
      "Greater or equal.\n\na >= b", "a"_a, "b"_a);
  both(
      m, t, "logical_and", "__and__",
      [](const Tensor& a, const Tensor& b) -> Tensor {
        const Released others(a, b);
        return fovea::logical_and(a, b);
      },
      "What is not 0 counts as true.\n\na and b", "a"_a, "b"_a);
  both(
      m, t, "logical_or", "__or__",
      [](const Tensor& a, const Tensor& b) -> Tensor {
        const Released others(a, b);
        return fovea::logical_or(a, b);
      },
      "What is not 0 counts as true.\n\na or b", "a"_a, "b"_a);
  both(
      m, t, "logical_not", "__invert__",
      [](const Tensor& a) -> Tensor {
        const Released others(a);
        return fovea::logical_not(a);
      },
      "What is not 0 counts as true.\n\nnot a", "a"_a);
  both(
      m, t, "isfinite", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::isfinite(x);
      },
      "True where neither infinite nor NaN.\n\nneither inf nor NaN", "x"_a);
  both(
      m, t, "isnan", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::isnan(x);
      },
      "Not a number.\n\nx is NaN", "x"_a);
  both(
      m, t, "isinf", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::isinf(x);
      },
      "Infinite, of either sign.\n\nx is inf or -inf", "x"_a);
  both(
      m, t, "all", nullptr,
      [](const Tensor& x) -> bool {
        const Released others(x);
        return fovea::all(x);
      },
      "Whether all elements are true, or along dims; true of nothing.\n\ny = x_0 and x_1 and ..", "x"_a);
  both(
      m, t, "all", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::all(x, dims, keepdim);
      },
      "Whether all elements are true, or along dims; true of nothing.\n\ny = x_0 and x_1 and ..", "x"_a,
      "dims"_a.none(), "keepdim"_a = false);
  both(
      m, t, "any", nullptr,
      [](const Tensor& x) -> bool {
        const Released others(x);
        return fovea::any(x);
      },
      "Whether one element is true, or along dims; false of nothing.\n\ny = x_0 or x_1 or ..", "x"_a);
  both(
      m, t, "any", nullptr,
      [](const Tensor& x, Dims dims, bool keepdim) -> Tensor {
        const Released others(x);
        return fovea::any(x, dims, keepdim);
      },
      "Whether one element is true, or along dims; false of nothing.\n\ny = x_0 or x_1 or ..", "x"_a, "dims"_a.none(),
      "keepdim"_a = false);
  both(
      m, t, "allclose", nullptr,
      [](const Tensor& a, const Tensor& b, double rtol, double atol) -> bool {
        const Released others(a, b);
        return fovea::allclose(a, b, rtol, atol);
      },
      "Same shape and |a - b| <= atol + rtol |b| everywhere; NaN equals nothing.", "a"_a, "b"_a, "rtol"_a = 1e-5,
      "atol"_a = 1e-8);
  both(
      m, t, "equal", nullptr,
      [](const Tensor& a, const Tensor& b) -> bool {
        const Released others(a, b);
        return fovea::equal(a, b);
      },
      "Same shape, type and elements, bit by bit: NaN equals NaN.", "a"_a, "b"_a);
  m.def(
      "where",
      [](const Tensor& condition, Operand a, Operand b) -> Tensor {
        const Released others(condition, a, b);
        return fovea::where(condition, a.like(b), b.like(a));
      },
      "condition"_a, "a"_a, "b"_a, "A where the condition holds, else b.\n\ny = condition ? a : b");
}

}  // namespace fovea::python
