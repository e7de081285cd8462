// The arrays of tests/golden/optim.safetensors, and comparison in f64.
#pragma once

#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/safetensors.h>
#include <tests/catch.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace fovea::test {

inline Tensor golden(const std::string& name) {
  static const SafetensorsFile file = load_safetensors(FOVEA_TEST_DATA "/optim.safetensors");
  for (const auto& [key, tensor] : file.tensors)
    if (key == name) return tensor;
  throw FileError("no golden values named " + name);
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

// Equal bit by bit.
inline bool same_bits(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) return false;
  const Tensor x = array::contiguous(a), y = array::contiguous(b);
  return std::memcmp(x.raw(), y.raw(), static_cast<size_t>(x.numel() * item_size(x.dtype()))) == 0;
}

inline Tensor leaf(const Tensor& values) { return array::clone(values.detach()).requires_grad_(); }

}  // namespace fovea::test
