// Pieces that kernels over contiguous rows share. Sums run on as many lanes as four vectors have.
#pragma once

#include <fovea/core/kernels/bits.h>
#include <fovea/core/kernels/vector_math.h>

#include <algorithm>
#include <limits>

namespace fovea::kernels {

template <class T>
inline constexpr T kNothing = -std::numeric_limits<T>::infinity();

// A mask as bytes of 0 and 1, which compilers widen to vectors; of bool they make bit masks one by one.
inline const unsigned char* as_bytes(const bool* mask) { return reinterpret_cast<const unsigned char*>(mask); }

// e^x for x <= 0; 0 where that is no normal number (below -87 and -708), so denormals never slow a training down.
// f32: x = k ln 2 + r, a polynomial in r (as in the Cephes library), k added to the exponent; at most 1 ulp off.
inline float exp_falling(float x) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  const float at = x < -87.0f ? -87.0f : x;
  const float shifted = at * 1.44269504088896341f + kRound;
  const float k = shifted - kRound;
  const float r = (at - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const auto power = static_cast<uint32_t>(bit_cast<int32_t>(shifted) - bit_cast<int32_t>(kRound) + 127) << 23;
  const float y = p * bit_cast<float>(power);
  return x < -87.0f ? 0.0f : y;
}
inline double exp_falling(double x) {
  const double y = vm::exp(x < -708.0 ? -708.0 : x);
  return x < -708.0 ? 0.0 : y;
}

// The sum of `lanes`, halves onto each other.
template <int L, class T>
T sum_lanes(T* lanes) {
#pragma GCC unroll 8
  for (int half = L / 2; half > 0; half /= 2) {
#pragma omp simd
    for (int j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

// sum_i f(i), i < n; f must do the same in a vector and alone (no elementary functions).
template <class T, class F>
T sum_of(int64_t n, F f) {
  constexpr int L = 4 * vm::kWidth<T>;
  T lanes[L] = {};
  int64_t i = 0;
  for (; i + L <= n; i += L) {
#pragma omp simd
    for (int j = 0; j < L; ++j) lanes[j] += f(i + j);
  }
  for (int j = 0; i + j < n; ++j) lanes[j] += f(i + j);
  return sum_lanes<L>(lanes);
}

// The largest element, NaN if there is one; -inf of nothing.
template <class T>
T row_max(int64_t n, const T* x) {
  constexpr int L = 4 * vm::kWidth<T>;
  const auto better = [](T v, T most) { return (v > most || v != v) ? v : most; };
  T lanes[L];
  for (int j = 0; j < L; ++j) lanes[j] = kNothing<T>;
  int64_t i = 0;
  for (; i + L <= n; i += L) {
#pragma omp simd
    for (int j = 0; j < L; ++j) lanes[j] = better(x[i + j], lanes[j]);
  }
  for (int j = 0; i + j < n; ++j) lanes[j] = better(x[i + j], lanes[j]);
#pragma GCC unroll 8
  for (int half = L / 2; half > 0; half /= 2) {
#pragma omp simd
    for (int j = 0; j < half; ++j) lanes[j] = better(lanes[j + half], lanes[j]);
  }
  return lanes[0];
}

// Calls body(values, offset, count, full) for blocks of a vector's elements of x; the last one is padded with `pad`.
template <class T, class Body>
void for_blocks(int64_t n, const T* x, T pad, Body&& body) {
  constexpr int W = 2 * vm::kWidth<T>;
  int64_t i = 0;
  for (; i + W <= n; i += W) body(x + i, i, W);
  if (i == n) return;
  T block[W];
  for (int j = 0; j < W; ++j) block[j] = i + j < n ? x[i + j] : pad;
  body(block, i, static_cast<int>(n - i));
}

// Adds e^(x_j - most) for a block of lanes, terms that are 1 to `equal` and the others to `small`; terms may be kept.
template <bool keep, int W, class T>
inline void exp_block(const T* x, T most, T* terms, T* small, T* equal) {
#pragma omp simd
  for (int j = 0; j < W; ++j) {
    const T below = x[j] - most;
    const T term = exp_falling(below);
    if constexpr (keep) terms[j] = term;
    const T one = below == 0 ? T(1) : T(0);  // then the term is exactly 1 too
    small[j] += term - one;
    equal[j] += one;
  }
}

// sum_i e^(x_i - most) - 1, most being the row's largest element: the terms equal to 1 are counted apart from the small
// ones, so that ln(1 + rest) is exact to the last bits where one element is far ahead. With `keep`, y gets the terms.
template <bool keep, class T>
T exp_rest(int64_t n, const T* x, T most, T* y) {
  constexpr int W = 2 * vm::kWidth<T>;
  T small[W] = {}, equal[W] = {};
  int64_t i = 0;
  for (; i + W <= n; i += W) exp_block<keep, W>(x + i, most, keep ? y + i : nullptr, small, equal);
  if (i < n) {
    T block[W], terms[W];
    for (int j = 0; j < W; ++j) block[j] = i + j < n ? x[i + j] : kNothing<T>;
    exp_block<keep, W>(block, most, terms, small, equal);
    if constexpr (keep) std::copy(terms, terms + (n - i), y + i);
  }
  return sum_lanes<W>(small) + (sum_lanes<W>(equal) - 1);
}

}  // namespace fovea::kernels
