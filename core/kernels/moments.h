// What the kernels that normalise share: two sums in one pass, and standardising by mean and deviation.
#pragma once

#include <fovea/core/kernels/rows.h>

#include <array>

namespace fovea::kernels {

// (x - mean) / deviation as two multiply-adds in T.
template <class T>
struct Standard {
  explicit Standard(const double* statistics)
      : mean(static_cast<T>(statistics[0])),
        scale(static_cast<T>(statistics[1])),
        lost(static_cast<T>((statistics[0] - static_cast<double>(mean)) * statistics[1])) {}
  T operator()(T x) const { return (x - mean) * scale - lost; }
  T mean, scale, lost;
};

// Two sums in one pass: body(i, first, second) adds to them.
template <class T, class Body>
std::array<double, 2> two_sums(int64_t n, Body body) {
  constexpr int L = 2 * vm::kWidth<T>;
  T first[L] = {}, second[L] = {};
  int64_t i = 0;
  for (; i + L <= n; i += L) {
#pragma omp simd
    for (int j = 0; j < L; ++j) body(i + j, first[j], second[j]);
  }
  for (int j = 0; i + j < n; ++j) body(i + j, first[j], second[j]);
  return {static_cast<double>(sum_lanes<L>(first)), static_cast<double>(sum_lanes<L>(second))};
}

}  // namespace fovea::kernels
