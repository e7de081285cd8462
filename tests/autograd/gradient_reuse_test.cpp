// A vjp may write its result over a gradient that nobody else holds. These are the ways in which somebody does.
#include <fovea/core/array.h>
#include <fovea/fovea.h>

#include "tests/catch.h"

namespace fovea {
namespace {

Tensor values(double first) { return arange(first, first + 4, 1, f64) * 0.25; }

// d tanh(x)/dx and d(x w)/dx by hand.
Tensor tanh_slope(const Tensor& x) { return 1.0 - square(tanh(x)); }

TEST_CASE("a gradient that the caller gave to backward is his afterwards") {
  const Tensor seed = values(1), before = array::clone(seed);
  for (const bool product : {false, true}) {
    Tensor x = values(-2);
    x.requires_grad_();
    const Tensor y = product ? x * values(3) : tanh(x);
    y.backward(seed);
    REQUIRE(equal(seed, before));
    const NoGrad guard;
    REQUIRE(allclose(x.grad(), before * (product ? values(3) : tanh_slope(values(-2)))));
  }
}

TEST_CASE("a gradient that a hook kept is not written over") {
  Tensor x = values(-2);
  x.requires_grad_();
  const Tensor y = tanh(x);
  Tensor seen;
  register_hook(y, [&seen](const Tensor& g) { return seen = g; });
  sum(y * 3.0).backward();
  REQUIRE(equal(seen, full({4}, 3, f64)));
}

TEST_CASE("a gradient that goes two ways reaches both whole") {
  Tensor a = values(-1), b = values(1);
  a.requires_grad_();
  b.requires_grad_();
  const Tensor seed = values(5);
  (tanh(a) + tanh(b)).backward(seed + 0.0);
  const NoGrad guard;
  REQUIRE(allclose(a.grad(), seed * tanh_slope(values(-1))));
  REQUIRE(allclose(b.grad(), seed * tanh_slope(values(1))));
}

TEST_CASE("grad() of a tensor on the way returns what arrived there") {
  Tensor x = values(-2);
  x.requires_grad_();
  const Tensor y = sigmoid(x), z = sum(y * y);
  const std::vector<Tensor> found = grad({z}, {y, x});
  const NoGrad guard;
  REQUIRE(allclose(found[0], y * 2.0));
  REQUIRE(allclose(found[1], y * 2.0 * y * (1.0 - y)));
}

TEST_CASE("a graph that is kept gives the same gradients twice") {
  Tensor x = values(-2), w = values(2);
  x.requires_grad_();
  w.requires_grad_();
  const Tensor y = sum(sigmoid(tanh(x * w) * w));
  const std::vector<Tensor> once = grad({y}, {x, w}, {.retain_graph = true}), twice = grad({y}, {x, w});
  for (size_t i = 0; i < 2; ++i) REQUIRE(equal(once[i], twice[i]));
}

}  // namespace
}  // namespace fovea
