// Unary elementwise ops. y has x's shape and type, which is floating; neg, abs and clamp also take i64.
#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/unary.h>

#include <numbers>

namespace fovea {
namespace {

using detail::apply;
using detail::apply_backward;
using kernels::Binary;
using kernels::Unary;
using Pair = std::array<Tensor, 2>;

// Backwards are ops themselves, so that second derivatives exist; each gives dx from (g, saved), written over g where
// nobody else holds that: what is needed afterwards goes in as a copy of the handle.
// g y, and 0 where g is 0 though y overflowed: a branch of where() that was not chosen stays without gradient.
Tensor exp_backward(Tensor&& g, const Tensor& y) {
  return record("exp_backward", {g, y}, apply_backward(Binary::exp_backward, g, y),
                [g = saved(g), y = saved(y)](const Tensor& h) {
                  return Pair{exp_backward(Tensor(h), y.get()), h * g.get()};
                });
}

Tensor tanh_backward(Tensor&& g, const Tensor& y) {
  return record("tanh_backward", {g, y}, apply_backward(Binary::tanh_backward, g, y),
                [g = saved(g), y = saved(y)](const Tensor& h) {
                  return Pair{tanh_backward(Tensor(h), y.get()), h * g.get() * y.get() * -2.0};
                });
}

Tensor sigmoid_backward(Tensor&& g, const Tensor& y) {
  return record("sigmoid_backward", {g, y}, apply_backward(Binary::sigmoid_backward, g, y),
                [g = saved(g), y = saved(y)](const Tensor& h) {
                  return Pair{sigmoid_backward(Tensor(h), y.get()), h * g.get() * (1.0 - 2.0 * y.get())};
                });
}

Tensor relu_backward(Tensor&& g, const Tensor& y) {
  return record("relu_backward", {g, y}, apply_backward(Binary::relu_backward, g, y), [y = saved(y)](const Tensor& h) {
    return Pair{relu_backward(Tensor(h), y.get()), Tensor()};
  });
}

// gelu'(x) = Phi(x) + x phi(x); gelu''(x) = phi(x) (2 - x^2)
Tensor gelu_backward(Tensor&& g, const Tensor& x) {
  return record("gelu_backward", {g, x}, apply_backward(Binary::gelu_backward, g, x),
                [g = saved(g), x = saved(x)](const Tensor& h) {
                  const double scale = 1 / std::sqrt(2 * std::numbers::pi);
                  const Tensor square_x = square(x.get());
                  const Tensor curve = exp(square_x * -0.5) * (2.0 - square_x) * scale;
                  return Pair{gelu_backward(Tensor(h), x.get()), h * g.get() * curve};
                });
}

Tensor softplus_backward(Tensor&& g, const Tensor& x) {
  return record("softplus_backward", {g, x}, apply_backward(Binary::softplus_backward, g, x),
                [g = saved(g), x = saved(x)](const Tensor& h) {
                  const Tensor s = sigmoid(x.get());
                  return Pair{softplus_backward(Tensor(h), x.get()), sigmoid_backward(h * g.get(), s)};
                });
}

}  // namespace

Tensor neg(const Tensor& x) {
  return record("neg", {x}, apply("neg", Unary::neg, x), [](const Tensor& g) { return neg(g); });
}

Tensor exp(const Tensor& x) {
  Tensor y = apply("exp", Unary::exp, x);
  return record("exp", {x}, y, [y = saved(y)](Tensor g) { return exp_backward(std::move(g), y.get()); });
}

Tensor log(const Tensor& x) {
  return record("log", {x}, apply("log", Unary::log, x), [x = saved(x)](const Tensor& g) { return g / x.get(); });
}

Tensor sqrt(const Tensor& x) {
  Tensor y = apply("sqrt", Unary::sqrt, x);
  return record("sqrt", {x}, y, [y = saved(y)](const Tensor& g) { return g / (2.0 * y.get()); });
}

Tensor log1p(const Tensor& x) {
  return record("log1p", {x}, apply("log1p", Unary::log1p, x),
                [x = saved(x)](const Tensor& g) { return g / (1.0 + x.get()); });
}

Tensor expm1(const Tensor& x) {
  Tensor y = apply("expm1", Unary::expm1, x);
  return record("expm1", {x}, y, [y = saved(y)](Tensor g) { return exp_backward(std::move(g), y.get() + 1.0); });
}

Tensor log2(const Tensor& x) {
  return record("log2", {x}, apply("log2", Unary::log2, x),
                [x = saved(x)](const Tensor& g) { return g / (x.get() * std::numbers::ln2); });
}

Tensor reciprocal(const Tensor& x) {
  Tensor y = apply("reciprocal", Unary::reciprocal, x);
  return record("reciprocal", {x}, y, [y = saved(y)](const Tensor& g) { return neg(g * square(y.get())); });
}

Tensor rsqrt(const Tensor& x) {
  Tensor y = apply("rsqrt", Unary::rsqrt, x);
  return record("rsqrt", {x}, y, [y = saved(y)](const Tensor& g) { return g * pow(y.get(), 3) * -0.5; });
}

Tensor tanh(const Tensor& x) {
  Tensor y = apply("tanh", Unary::tanh, x);
  return record("tanh", {x}, y, [y = saved(y)](Tensor g) { return tanh_backward(std::move(g), y.get()); });
}

Tensor sigmoid(const Tensor& x) {
  Tensor y = apply("sigmoid", Unary::sigmoid, x);
  return record("sigmoid", {x}, y, [y = saved(y)](Tensor g) { return sigmoid_backward(std::move(g), y.get()); });
}

Tensor relu(const Tensor& x) {
  Tensor y = apply("relu", Unary::relu, x);
  return record("relu", {x}, y, [y = saved(y)](Tensor g) { return relu_backward(std::move(g), y.get()); });
}

Tensor leaky_relu(const Tensor& x, double slope) {
  return record(
      "leaky_relu", {x}, apply("leaky_relu", Unary::leaky_relu, x, slope),
      [x = saved(x), slope](const Tensor& g) { return where(gt(x.get(), scalar(0, g.dtype())), g, g * slope); });
}

Tensor gelu(const Tensor& x) {
  return record("gelu", {x}, apply("gelu", Unary::gelu, x),
                [x = saved(x)](Tensor g) { return gelu_backward(std::move(g), x.get()); });
}

Tensor softplus(const Tensor& x) {
  return record("softplus", {x}, apply("softplus", Unary::softplus, x),
                [x = saved(x)](Tensor g) { return softplus_backward(std::move(g), x.get()); });
}

Tensor abs(const Tensor& x) {
  return record("abs", {x}, apply("abs", Unary::abs, x),
                [x = saved(x)](const Tensor& g) { return g * apply("sign", Unary::sign, x.get()); });
}

Tensor sin(const Tensor& x) {
  return record("sin", {x}, apply("sin", Unary::sin, x), [x = saved(x)](const Tensor& g) { return g * cos(x.get()); });
}

Tensor cos(const Tensor& x) {
  return record("cos", {x}, apply("cos", Unary::cos, x),
                [x = saved(x)](const Tensor& g) { return neg(g * sin(x.get())); });
}

Tensor erf(const Tensor& x) {
  return record("erf", {x}, apply("erf", Unary::erf, x), [x = saved(x)](const Tensor& g) {
    return g * exp(neg(square(x.get()))) * (2 / std::sqrt(std::numbers::pi));
  });
}

Tensor square(const Tensor& x) {
  return record("square", {x}, apply("square", Unary::square, x),
                [x = saved(x)](const Tensor& g) { return g * x.get() * 2.0; });
}

Tensor clamp(const Tensor& x, double low, double high) {
  if (!(low <= high)) throw ValueError(fmt::format("clamp: bounds [{}, {}]; need low <= high", low, high));
  if (x.defined() && !is_floating(x.dtype()))
    for (const double bound : {low, high}) require_fits("clamp", bound, x.dtype());
  return record("clamp", {x}, apply("clamp", Unary::clamp, x, low, high), [x = saved(x), low, high](const Tensor& g) {
    const Tensor at = x.get();
    const Tensor inside = logical_and(ge(at, scalar(low, g.dtype())), le(at, scalar(high, g.dtype())));
    return where(inside, g, scalar(0, g.dtype()));
  });
}

}  // namespace fovea
