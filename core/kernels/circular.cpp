// A shifted row is two runs of memory, so inner loops are flat.
#include <fovea/core/kernels/circular.h>
#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/rows.h>

#include <algorithm>

namespace fovea::kernels {
namespace {

// Where element 0 of the row shifted by k - K / 2 comes from.
int64_t origin(int64_t k, int64_t K, int64_t n) { return ((K / 2 - k) % n + n) % n; }

template <class Body>
void for_all_rows(int64_t rows, int64_t work, Body&& body) {
  parallel_for(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, work)), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) body(r);
  });
}

template <class T>
void convolve_row(int64_t n, int64_t K, const T* w, const T* s, T* y) {
  std::fill(y, y + n, T(0));
  for (int64_t k = 0; k < K; ++k) {
    const T factor = s[k];
    const int64_t from = origin(k, K, n), first = n - from;
#pragma omp simd
    for (int64_t i = 0; i < first; ++i) y[i] += factor * w[from + i];
#pragma omp simd
    for (int64_t i = 0; i < from; ++i) y[first + i] += factor * w[i];
  }
}

template <class T>
void correlate_row(int64_t n, int64_t K, const T* g, const T* w, T* y) {
  for (int64_t k = 0; k < K; ++k) {
    const int64_t from = origin(k, K, n), first = n - from;
    y[k] = sum_of<T>(first, [=](int64_t i) { return g[i] * w[from + i]; }) +
           sum_of<T>(from, [=](int64_t i) { return g[first + i] * w[i]; });
  }
}

}  // namespace

void circular_convolution(DType dtype, int64_t rows, int64_t n, int64_t K, const void* w, const void* s, void* y) {
  if (n == 0) return;
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    for_all_rows(rows, n * K, [&](int64_t r) {
      convolve_row(n, K, static_cast<const T*>(w) + r * n, static_cast<const T*>(s) + r * K,
                   static_cast<T*>(y) + r * n);
    });
  });
}

void circular_correlation(DType dtype, int64_t rows, int64_t n, int64_t K, const void* g, const void* w, void* y) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    for_all_rows(rows, n * K, [&](int64_t r) {
      T* to = static_cast<T*>(y) + r * K;
      if (n == 0) return std::fill(to, to + K, T(0));
      correlate_row(n, K, static_cast<const T*>(g) + r * n, static_cast<const T*>(w) + r * n, to);
    });
  });
}

}  // namespace fovea::kernels
