// Lengths, cosines and deviations of very small and very large numbers: what fits its type is right, value and
// gradient.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <tests/catch.h>

#include <functional>

using namespace fovea;

namespace {

using Formula = std::function<Tensor(const Tensor&)>;

Tensor some() { return reshape(tensor({3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0, 6.0}), {2, 4}); }
Tensor others() { return reshape(tensor({2.0, -3.0, 1.0, 0.5, 1.0, -1.0, 4.0, 2.0}), {2, 4}); }

bool close(const Tensor& found, const Tensor& wanted, double tolerance) {
  return all(isfinite(found)) && max(abs(to(found, f64) - wanted)).item() <= tolerance * max(abs(wanted)).item();
}

std::pair<Tensor, Tensor> value_and_gradient(const Formula& f, const Tensor& at) {
  Tensor x = at.detach().requires_grad_();
  const Tensor y = f(x);
  const Tensor weights = to(slice(reshape(others(), {-1}), 0, 0, y.numel()), y.dtype());
  return {y.detach(), grad({y}, {x}, {.grad_outputs = {reshape(weights, y.shape())}})[0]};
}

// f(s x) = s^power f(x), and its gradient s^(power - 1) times that at x.
void check_scaled(const Formula& f, double s, int power, DType type) {
  const auto [value, gradient] = value_and_gradient(f, some());
  const auto [scaled_value, scaled_gradient] = value_and_gradient(f, to(some() * s, type));
  const double tolerance = type == f32 ? 1e-5 : 1e-13;
  CAPTURE(s, power);
  CHECK(close(scaled_value, value * std::pow(s, power), tolerance));
  CHECK(close(scaled_gradient, gradient * std::pow(s, power - 1), tolerance));
}

}  // namespace

TEST_CASE("lengths and deviations of small and large numbers", "[scales]") {
  const bool reference = GENERATE(false, true);
  const auto run = [&] {
    for (const DType type : {f32, f64})
      for (const double s : {type == f32 ? 1e-30 : 1e-200, type == f32 ? 1e25 : 1e200}) {
        check_scaled([](const Tensor& x) { return norm(x, 1); }, s, 1, type);
        check_scaled([](const Tensor& x) { return norm(x, 0); }, s, 1, type);
        check_scaled([](const Tensor& x) { return norm(x); }, s, 1, type);
        check_scaled([](const Tensor& x) { return standard_deviation(x, 1); }, s, 1, type);
        check_scaled([](const Tensor& x) { return standard_deviation(x, {}, false); }, s, 1, type);
        check_scaled([](const Tensor& x) { return mean(x, 0); }, s, 1, type);
        check_scaled([](const Tensor& x) { return normalize(x, 1); }, s, 0, type);
        check_scaled([](const Tensor& x) { return normalize(x, 0); }, s, 0, type);
      }
    for (const double s : {1e-17, 1e18}) check_scaled([](const Tensor& x) { return var(x, 1); }, s, 2, f32);
  };
  if (!reference) return run();
  const ReferenceMode plain;
  run();
}

TEST_CASE("lengths whose squares do not fit double, beside others", "[scales]") {
  CHECK(norm(full({4}, 1e300, f64)).item() == test::Approx(2e300));
  CHECK(norm(tensor({1e-300, 1e-320, 1e300})).item() == test::Approx(1e300));
  const Tensor rows = norm(tensor({3e-200, 4e-200, 3.0, 4.0, 3e200, 4e200}, {3, 2}), 1);
  CHECK(rows.at({0}) == test::Approx(5e-200));
  CHECK(rows.at({1}) == 5);
  CHECK(rows.at({2}) == test::Approx(5e200));
  CHECK(norm(zeros({3}, f64)).item() == 0);
  CHECK(norm(tensor({1.0, HUGE_VAL})).item() == HUGE_VAL);
}

TEST_CASE("the cosine of vectors of any length", "[scales]") {
  const Tensor b = others();
  const Tensor wanted = cosine_similarity(some(), b, 1);
  for (const DType type : {f32, f64})
    for (const double s : {1e-30, 1e-18, 1.0, 1e25})
      for (const double u : {1e-30, 1.0, 1e25}) {
        CAPTURE(s, u);
        const Tensor other = to(b * u, type);
        check_scaled([&](const Tensor& x) { return cosine_similarity(x, to(other, x.dtype()), 1); }, s, 0, type);
        check_scaled([&](const Tensor& x) { return cosine_similarity(to(other, x.dtype()), x, 1); }, s, 0, type);
        CHECK(close(cosine_similarity(to(some() * s, type), other, 1), wanted, 1e-6));
        const Tensor a = to(some() * s, type);
        CHECK(close(cosine_similarity(a, to(some() * u, type), 1), ones({2}, f64), 1e-5));
      }
}

TEST_CASE("a given eps holds lengths up, as in PyTorch", "[scales]") {
  const Tensor a = to(some() * 1e-30, f32), b = to(others(), f32);
  const Tensor wanted = to(sum(some() * others(), 1) / norm(others(), 1), f64) * 1e-22;
  CHECK(close(cosine_similarity(a, b, 1, 1e-8), wanted, 1e-5));
  CHECK(close(normalize(a, 1, 1e-12), some() * 1e-18, 1e-5));
  // Below the lengths it changes nothing.
  check_scaled([&](const Tensor& x) { return cosine_similarity(x, to(b, x.dtype()), 1, 1e-35); }, 1e-30, 0, f32);
  check_scaled([](const Tensor& x) { return normalize(x, 1, 1e-35); }, 1e-30, 0, f32);
}

TEST_CASE("vectors of length 0 have no direction and no gradient", "[scales]") {
  const Tensor zero = zeros({2, 4});
  for (const Formula& f : {Formula([](const Tensor& x) { return normalize(x, 1); }),
                           Formula([](const Tensor& x) { return cosine_similarity(x, x, 1); }),
                           Formula([](const Tensor& x) { return cosine_similarity(x, to(others(), f32), 1); }),
                           Formula([](const Tensor& x) { return norm(x, 1); })}) {
    const auto [value, gradient] = value_and_gradient(f, zero);
    CHECK(equal(value, zeros_like(value)));
    CHECK(equal(abs(gradient), zero));
  }
}
