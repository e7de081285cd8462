// Clipping: the formulas, huge and broken gradients, and that a failure changes nothing.
#include <fovea/core/array.h>
#include <fovea/optim/clip.h>
#include <fovea/optim/saved_state.h>
#include <tests/optim/golden_values.h>

using namespace fovea;
using namespace fovea::test;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor with_gradient(const Tensor& gradient) {
  Tensor p = zeros(gradient.shape(), gradient.dtype()).requires_grad_();
  p.set_grad(gradient);
  return p;
}

}  // namespace

TEST_CASE("clip_grad_norm_ scales all gradients by one factor", "[optim]") {
  const std::vector<Tensor> p = {with_gradient(tensor({3.0, 0.0})), with_gradient(tensor({4.0f})),
                                 zeros({2}).requires_grad_()};
  CHECK(clip_grad_norm_(p, 1) == 5);
  CHECK(p[0].grad().at({0}) == Approx(3 / (5 + 1e-6)).epsilon(1e-14));
  CHECK(p[1].grad().at({0}) == Approx(4 / (5 + 1e-6)));
  CHECK_FALSE(p[2].grad().defined());
  CHECK(p[0].at({0}) == 0);
}

TEST_CASE("a parameter that is given twice is clipped as two, as in PyTorch", "[optim]") {
  const Tensor p = with_gradient(tensor({3.0, 4.0}));
  CHECK(clip_grad_norm_(std::vector<Tensor>{p, p}, 1) == Approx(5 * std::sqrt(2)));
  CHECK(p.grad().at({0}) == Approx(3.0 / 50));
}

TEST_CASE("clip_grad_norm_ leaves short gradients alone", "[optim]") {
  const std::vector<Tensor> p = {with_gradient(tensor({0.3, 0.4}))};
  const Tensor before = array::clone(p[0].grad());
  CHECK(clip_grad_norm_(p, 0.51) == Approx(0.5));
  CHECK(clip_grad_norm_(p, kInfinity) == Approx(0.5));
  CHECK(equal(p[0].grad(), before));
  CHECK(clip_grad_norm_({}, 1) == 0);
}

TEST_CASE("the norm of huge gradients does not overflow", "[optim]") {  // pytorch#46849
  const std::vector<Tensor> single = {with_gradient(full({4}, 1e20, f32)), with_gradient(full({12}, -1e20, f32))};
  CHECK(clip_grad_norm_(single, 1) == Approx(4e20));
  CHECK(single[1].grad().at({11}) == Approx(-0.25));
  const std::vector<Tensor> twofold = {with_gradient(full({4}, 1e200, f64)), with_gradient(full({12}, 1e200, f64))};
  CHECK(clip_grad_norm_(twofold, 1) == Approx(4e200));
  CHECK(twofold[0].grad().at({1}) == Approx(0.25));
}

TEST_CASE("the norm is summed in f64, alike for every length", "[optim]") {
  for (const int64_t n : {1, 7, 8, 9, 1000, 32768, 32769, 100003}) {
    const std::vector<Tensor> p = {with_gradient(full({n}, 0.1, f32))};
    const double x = static_cast<double>(0.1f);
    CHECK(clip_grad_norm_(p, kInfinity) == Approx(std::sqrt(static_cast<double>(n)) * x).epsilon(1e-12));
  }
}

TEST_CASE("gradients that are not finite throw and nothing is changed", "[optim]") {  // pytorch#46849
  for (const double broken : {std::nan(""), kInfinity, -kInfinity}) {
    for (const DType dtype : {f32, f64}) {
      Tensor bad = full({3}, 100, dtype);
      bad.set({1}, broken);
      const std::vector<Tensor> p = {with_gradient(full({2}, 1e20, dtype)), with_gradient(bad)};
      const Tensor first = array::clone(p[0].grad()), second = array::clone(p[1].grad());
      CHECK_THROWS_AS(clip_grad_norm_(p, 1), AutogradError);
      CHECK_THROWS_WITH(clip_grad_norm_(p, 1), contains("parameter 1") && contains(std::isnan(broken) ? "NaN" : "inf"));
      CHECK_THROWS_WITH(clip_grad_value_(p, 1), contains("clip_grad_value_") && contains("parameter 1"));
      CHECK(equal(p[0].grad(), first));
      CHECK(equal(p[1].grad(), second));
      CHECK(p[0].at({0}) == 0);
    }
  }
}

TEST_CASE("clip_grad_value_ bounds each component", "[optim]") {
  const std::vector<Tensor> p = {with_gradient(tensor({-20.0, -10.0, 0.5, 10.5, 1e300})), zeros({1}).requires_grad_()};
  clip_grad_value_(p, 10);
  CHECK(equal(p[0].grad(), tensor({-10.0, -10.0, 0.5, 10.0, 10.0})));
  CHECK_FALSE(p[1].grad().defined());
}

TEST_CASE("gradients that are not contiguous are clipped", "[optim]") {
  const std::vector<Tensor> p = {with_gradient(array::expand(tensor({2.0}), {4}))};
  CHECK(clip_grad_norm_(p, 1) == 4);
  CHECK(p[0].grad().at({3}) == Approx(0.5));
  Tensor(p[0]).set_grad(array::expand(tensor({2.0}), {4}));
  clip_grad_value_(p, 1.5);
  CHECK(p[0].grad().at({2}) == 1.5);
}

TEST_CASE("bounds of clipping must be positive", "[optim]") {
  const std::vector<Tensor> p = {with_gradient(tensor({1.0}))};
  for (const double bound : {0.0, -1.0, std::nan("")}) {
    CHECK_THROWS_AS(clip_grad_norm_(p, bound), ValueError);
    CHECK_THROWS_AS(clip_grad_value_(p, bound), ValueError);
  }
  CHECK(p[0].grad().at({0}) == 1);
}
