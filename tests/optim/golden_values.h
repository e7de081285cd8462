// The arrays of tests/golden/optim.safetensors, and comparison in f64.
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <tests/golden.h>

#include <cmath>
#include <limits>
#include <string>

namespace fovea::test {

inline const Tensor& golden(const std::string& name) {
  static const GoldenFile file("optim");
  return file[name];
}

// The largest |a - b| / (atol / rtol + |b|): at most rtol when a is close to b. NaN counts as infinitely far.
inline double distance(const Tensor& a, const Tensor& b, double atol_per_rtol = 0) {
  REQUIRE(a.shape() == b.shape());
  const Tensor x = array::clone(array::to(a, f64)), y = array::clone(array::to(b, f64));
  double largest = 0;
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double p = x.data<double>()[i], q = y.data<double>()[i];
    const double d = p == q ? 0 : std::abs(p - q) / (atol_per_rtol + std::abs(q));
    if (!(d <= largest)) largest = std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
  }
  return largest;
}

inline Tensor leaf(const Tensor& values) { return array::clone(values.detach()).requires_grad_(); }

}  // namespace fovea::test
