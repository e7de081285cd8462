// Elementary functions that loops can call on whole vectors: glibc's libmvec, reached through `omp simd` (its own
// headers offer it only under -ffast-math, which fovea never uses). Other systems get the scalar functions. map()
// evaluates in blocks of a fixed width, a tail padded to one, so an element's value never depends on its position.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#if defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
extern "C" {
#pragma omp declare simd notinbranch
float expf(float) noexcept;
#pragma omp declare simd notinbranch
float logf(float) noexcept;
#pragma omp declare simd notinbranch
float log1pf(float) noexcept;
#pragma omp declare simd notinbranch
float expm1f(float) noexcept;
#pragma omp declare simd notinbranch
float log2f(float) noexcept;
#pragma omp declare simd notinbranch
float tanhf(float) noexcept;
#pragma omp declare simd notinbranch
float erff(float) noexcept;
#pragma omp declare simd notinbranch
float sinf(float) noexcept;
#pragma omp declare simd notinbranch
float cosf(float) noexcept;
#pragma omp declare simd notinbranch
float powf(float, float) noexcept;
#pragma omp declare simd notinbranch
double exp(double) noexcept;
#pragma omp declare simd notinbranch
double log(double) noexcept;
#pragma omp declare simd notinbranch
double log1p(double) noexcept;
#pragma omp declare simd notinbranch
double expm1(double) noexcept;
#pragma omp declare simd notinbranch
double log2(double) noexcept;
#pragma omp declare simd notinbranch
double tanh(double) noexcept;
#pragma omp declare simd notinbranch
double erf(double) noexcept;
#pragma omp declare simd notinbranch
double sin(double) noexcept;
#pragma omp declare simd notinbranch
double cos(double) noexcept;
#pragma omp declare simd notinbranch
double pow(double, double) noexcept;
}
#endif

namespace fovea::kernels::vm {

inline float exp(float x) { return ::expf(x); }
inline double exp(double x) { return ::exp(x); }
inline float log(float x) { return ::logf(x); }
inline double log(double x) { return ::log(x); }
inline float log1p(float x) { return ::log1pf(x); }
inline double log1p(double x) { return ::log1p(x); }
inline float expm1(float x) { return ::expm1f(x); }
inline double expm1(double x) { return ::expm1(x); }
inline float log2(float x) { return ::log2f(x); }
inline double log2(double x) { return ::log2(x); }
inline float tanh(float x) { return ::tanhf(x); }
inline double tanh(double x) { return ::tanh(x); }
inline float erf(float x) { return ::erff(x); }
inline double erf(double x) { return ::erf(x); }
inline float sin(float x) { return ::sinf(x); }
inline double sin(double x) { return ::sin(x); }
inline float cos(float x) { return ::cosf(x); }
inline double cos(double x) { return ::cos(x); }
inline float pow(float x, float y) { return ::powf(x, y); }
inline double pow(double x, double y) { return ::pow(x, y); }
template <class T>
T sigmoid(T x) {
  return T(1) / (T(1) + vm::exp(-x));
}

// Elements a block: one AVX-512 vector.
template <class T>
inline constexpr int kWidth = 64 / static_cast<int>(sizeof(T));
// What sums and products are computed in: those of whole numbers wrap around, as in PyTorch.
template <class T>
using Wrapping = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;

// y[i sy] = f(x[i sx]): blocks are brought together, computed as any other, and written back. y may be x.
template <class T, class F>
[[gnu::noinline]] void map_apart(int64_t n, const T* x, int64_t sx, T* y, int64_t sy, F f) {
  constexpr int W = kWidth<T>;
  for (int64_t i = 0; i < n; i += W) {
    T block[W];
    for (int j = 0; j < W; ++j) block[j] = x[(i + j < n ? i + j : i) * sx];
#pragma omp simd
    for (int j = 0; j < W; ++j) block[j] = f(block[j]);
    for (int j = 0; j < W && i + j < n; ++j) y[(i + j) * sy] = block[j];
  }
}

// y[i] = f(x[i]), contiguous; y may be x.
template <class T, class F>
inline void map(int64_t n, const T* x, T* y, F f) {
  constexpr int W = kWidth<T>;
  int64_t i = 0;
  for (; i + W <= n; i += W) {
#pragma omp simd
    for (int j = 0; j < W; ++j) y[i + j] = f(x[i + j]);
  }
  if (i < n) map_apart(n - i, x + i, 1, y + i, 1, f);
}

// y[i sy] = f(a[i sa], b[i sb]); y may be a or b.
template <class T, class F>
[[gnu::noinline]] void map2_apart(int64_t n, const T* a, int64_t sa, const T* b, int64_t sb, T* y, int64_t sy, F f) {
  constexpr int W = kWidth<T>;
  for (int64_t i = 0; i < n; i += W) {
    T left[W], right[W];
    for (int j = 0; j < W; ++j) {
      const int64_t at = i + j < n ? i + j : i;
      left[j] = a[at * sa];
      right[j] = b[at * sb];
    }
#pragma omp simd
    for (int j = 0; j < W; ++j) left[j] = f(left[j], right[j]);
    for (int j = 0; j < W && i + j < n; ++j) y[(i + j) * sy] = left[j];
  }
}

// y[i] = f(a[i sa], b[i sb]) for steps of 1, or of 0 in one of them; y may be an operand of step 1.
template <int sa = 1, int sb = 1, class T, class F>
inline void map2(int64_t n, const T* a, const T* b, T* y, F f) {
  constexpr int W = kWidth<T>;
  const T a0 = sa == 0 ? *a : T(), b0 = sb == 0 ? *b : T();
  int64_t i = 0;
  for (; i + W <= n; i += W) {
#pragma omp simd
    for (int j = 0; j < W; ++j) y[i + j] = f(sa == 0 ? a0 : a[i + j], sb == 0 ? b0 : b[i + j]);
  }
  if (i < n) map2_apart(n - i, a + i * sa, sa, b + i * sb, sb, y + i, 1, f);
}

}  // namespace fovea::kernels::vm
