// Ops as Python functions and as methods of Tensor.
// Written by ./dev ops from autograd/ops.h; edit that.
#include <nanobind/stl/tuple.h>

#include <cstdint>

#include "common.h"

namespace fovea::python {

void bind_ops_unary(nb::module_& m, [[maybe_unused]] nb::class_<Tensor>& t) {
  both(
      m, t, "neg", "__neg__",
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::neg(x);
      },
      "Each element with the other sign.\n\ny = -x", "x"_a);
  both(
      m, t, "exp", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::exp(x);
      },
      "Exponential.\n\ny = e^x", "x"_a);
  both(
      m, t, "log", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::log(x);
      },
      "Natural logarithm.\n\ny = ln x", "x"_a);
  both(
      m, t, "log1p", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::log1p(x);
      },
      "Log(1 + x), exact near 0.\n\ny = ln(1 + x)", "x"_a);
  both(
      m, t, "expm1", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::expm1(x);
      },
      "Exp(x) - 1, exact near 0.\n\ny = e^x - 1", "x"_a);
  both(
      m, t, "log2", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::log2(x);
      },
      "Logarithm to base 2.\n\ny = ln x / ln 2", "x"_a);
  both(
      m, t, "sqrt", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::sqrt(x);
      },
      "Square root.\n\ny = x^1/2", "x"_a);
  both(
      m, t, "rsqrt", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::rsqrt(x);
      },
      "1 / sqrt(x).\n\ny = x^-1/2", "x"_a);
  both(
      m, t, "reciprocal", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::reciprocal(x);
      },
      "1 / x.\n\ny = 1 / x", "x"_a);
  both(
      m, t, "tanh", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::tanh(x);
      },
      "Hyperbolic tangent.\n\ny = tanh x", "x"_a);
  both(
      m, t, "sigmoid", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::sigmoid(x);
      },
      "Logistic function.\n\ny = 1 / (1 + e^-x)", "x"_a);
  both(
      m, t, "relu", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::relu(x);
      },
      "Gradient 0 at 0.\n\ny = max(x, 0)", "x"_a);
  both(
      m, t, "leaky_relu", nullptr,
      [](const Tensor& x, double slope) -> Tensor {
        const Released others(x);
        return fovea::leaky_relu(x, slope);
      },
      "Gradient `slope` at 0.\n\ny = x if x >= 0 else slope x", "x"_a, "slope"_a = 0.01);
  both(
      m, t, "gelu", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::gelu(x);
      },
      "Exact, by the normal distribution's Phi.\n\ny = x Phi(x)", "x"_a);
  both(
      m, t, "softplus", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::softplus(x);
      },
      "Log(1 + exp(x)) without overflow.\n\ny = max(x, 0) + log1p(e^-|x|)", "x"_a);
  both(
      m, t, "silu", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::silu(x);
      },
      "X sigmoid(x).\n\ny = x / (1 + e^-x)", "x"_a);
  both(
      m, t, "elu", nullptr,
      [](const Tensor& x, double alpha) -> Tensor {
        const Released others(x);
        return fovea::elu(x, alpha);
      },
      "Alpha (exp(x) - 1) below 0.\n\ny = x if x > 0 else alpha (e^x - 1)", "x"_a, "alpha"_a = 1);
  both(
      m, t, "logsigmoid", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::logsigmoid(x);
      },
      "Log(sigmoid(x)) without overflow.\n\ny = min(x, 0) - log1p(e^-|x|)", "x"_a);
  both(
      m, t, "glu", nullptr,
      [](const Tensor& x, int64_t dim) -> Tensor {
        const Released others(x);
        return fovea::glu(x, dim);
      },
      "Half of dim gated by the sigmoid of the other.\n\ny = a sigmoid(b), x = [a; b]", "x"_a, "dim"_a = -1);
  both(
      m, t, "abs", "__abs__",
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::abs(x);
      },
      "Gradient 0 at 0.\n\ny = |x|", "x"_a);
  both(
      m, t, "sign", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::sign(x);
      },
      "-1, 0 or 1; gradient 0.\n\ny = 1, 0 or -1 as x is above, at or below 0", "x"_a);
  both(
      m, t, "floor", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::floor(x);
      },
      "Gradient 0.\n\ny = the largest whole number <= x", "x"_a);
  both(
      m, t, "ceil", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::ceil(x);
      },
      "Gradient 0.\n\ny = the smallest whole number >= x", "x"_a);
  both(
      m, t, "round", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::round(x);
      },
      "Half to even; gradient 0.\n\ny = the nearest whole number, half to even", "x"_a);
  both(
      m, t, "sin", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::sin(x);
      },
      "Of radians.\n\ny = sin x", "x"_a);
  both(
      m, t, "cos", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::cos(x);
      },
      "Of radians.\n\ny = cos x", "x"_a);
  both(
      m, t, "erf", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::erf(x);
      },
      "Error function.\n\ny = 2/sqrt(pi) int_0^x e^-t^2 dt", "x"_a);
  both(
      m, t, "square", nullptr,
      [](const Tensor& x) -> Tensor {
        const Released others(x);
        return fovea::square(x);
      },
      "X times itself.\n\ny = x^2", "x"_a);
  both(
      m, t, "clamp", nullptr,
      [](const Tensor& x, double low, double high) -> Tensor {
        const Released others(x);
        return fovea::clamp(x, low, high);
      },
      "Gradient 1 inside and at the bounds.\n\ny = min(max(x, low), high)", "x"_a, "low"_a, "high"_a);
}

}  // namespace fovea::python
