#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/moments.h>
#include <fovea/core/kernels/norm.h>
#include <fovea/core/kernels/rows.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

namespace fovea::kernels {
namespace {

constexpr int64_t kRows = 64;  // whose products go into one partial sum of dweight

// Mean and variance of what is too large for sums of squares in T.
template <class T>
std::pair<double, double> wide_moments(int64_t n, const T* x) {
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < n; ++i) mean += static_cast<double>(x[i]) / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i)
    variance += (static_cast<double>(x[i]) - mean) * ((static_cast<double>(x[i]) - mean) / static_cast<double>(n));
  return {mean, variance};
}

template <class T>
void forward_row(int64_t n, const T* x, const T* weight, const T* bias, double eps, T* y, double* statistics) {
  const double share = 1 / static_cast<double>(n);
  const T about = static_cast<T>(static_cast<double>(sum_of<T>(n, [x](int64_t i) { return x[i]; })) * share);
  const auto [off, squares] = two_sums<T>(n, [=](int64_t i, T& first, T& second) {
    const T d = x[i] - about;
    first += d;
    second += d * d;
  });
  const double shift = off * share;
  double mean = static_cast<double>(about) + shift, variance = std::max(0.0, squares * share - shift * shift);
  if (!std::isfinite(squares)) std::tie(mean, variance) = wide_moments(n, x);
  statistics[0] = mean;
  statistics[1] = 1 / std::sqrt(variance + eps);
  const Standard<T> standard(statistics);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = standard(x[i]) * weight[i] + bias[i];
}

// Mean square of a row, summed in double where squares do not fit T.
template <class T>
double mean_square(int64_t n, const T* x) {
  double sum = static_cast<double>(sum_of<T>(n, [x](int64_t i) { return x[i] * x[i]; }));
  if (!std::isfinite(sum)) {
    sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  return sum / static_cast<double>(n);
}

template <class T>
void rms_row(int64_t n, const T* x, const T* weight, double eps, T* y, double* statistics) {
  statistics[0] = 0;
  statistics[1] = 1 / std::sqrt(mean_square(n, x) + eps);
  const T scale = static_cast<T>(statistics[1]);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * scale * weight[i];
}

// Adds to dweight and dbias, which hold at most kRows rows' terms. Not centred: h does not depend on the row's mean.
template <bool kCentred, class T>
void backward_row(int64_t n, const T* g, const T* x, const T* weight, const double* statistics, T* dx, T* dweight,
                  T* dbias) {
  const Standard<T> standard(statistics);
  const auto [sum_u, sum_uh] = two_sums<T>(n, [=](int64_t i, T& first, T& second) {
    const T u = g[i] * weight[i], h = standard(x[i]);
    first += u;
    second += u * h;
    dweight[i] += g[i] * h;
    dbias[i] += g[i];
  });
  const T scale = standard.scale, mean_u = kCentred ? static_cast<T>(sum_u / static_cast<double>(n)) : T(0),
          mean_uh = static_cast<T>(sum_uh / static_cast<double>(n));
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dx[i] = scale * ((g[i] * weight[i] - mean_u) - standard(x[i]) * mean_uh);
}

// dbias may be null.
template <bool kCentred, class T>
void backward(int64_t rows, int64_t n, const T* g, const T* x, const T* weight, const double* statistics, T* dx,
              T* dweight, T* dbias) {
  const int64_t pieces = (rows + kRows - 1) / kRows;
  std::vector<T> parts(static_cast<size_t>(pieces * 2 * n), T(0));
  parallel_chunks(pieces, [&](int64_t piece) {
    T* part = parts.data() + piece * 2 * n;
    for (int64_t r = piece * kRows; r < std::min(rows, (piece + 1) * kRows); ++r)
      backward_row<kCentred>(n, g + r * n, x + r * n, weight, statistics + 2 * r, dx + r * n, part, part + n);
  });
  std::vector<double> totals(static_cast<size_t>(2 * n), 0.0);
  for (int64_t piece = 0; piece < pieces; ++piece)
    for (int64_t i = 0; i < 2 * n; ++i)
      totals[static_cast<size_t>(i)] += static_cast<double>(parts[static_cast<size_t>(piece * 2 * n + i)]);
  for (int64_t i = 0; i < n; ++i) {
    dweight[i] = static_cast<T>(totals[static_cast<size_t>(i)]);
    if (dbias != nullptr) dbias[i] = static_cast<T>(totals[static_cast<size_t>(n + i)]);
  }
}

}  // namespace

void layer_norm(DType dtype, int64_t rows, int64_t n, const void* x, const void* weight, const void* bias, double eps,
                void* y, double* statistics) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r)
        forward_row(n, static_cast<const T*>(x) + r * n, static_cast<const T*>(weight), static_cast<const T*>(bias),
                    eps, static_cast<T*>(y) + r * n, statistics + 2 * r);
    });
  });
}

void layer_norm_backward(DType dtype, int64_t rows, int64_t n, const void* g, const void* x, const void* weight,
                         const double* statistics, void* dx, void* dweight, void* dbias) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    backward<true>(rows, n, static_cast<const T*>(g), static_cast<const T*>(x), static_cast<const T*>(weight),
                   statistics, static_cast<T*>(dx), static_cast<T*>(dweight), static_cast<T*>(dbias));
  });
}

void rms_norm(DType dtype, int64_t rows, int64_t n, const void* x, const void* weight, double eps, void* y,
              double* statistics) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r)
        rms_row(n, static_cast<const T*>(x) + r * n, static_cast<const T*>(weight), eps, static_cast<T*>(y) + r * n,
                statistics + 2 * r);
    });
  });
}

void rms_norm_backward(DType dtype, int64_t rows, int64_t n, const void* g, const void* x, const void* weight,
                       const double* statistics, void* dx, void* dweight) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    backward<false>(rows, n, static_cast<const T*>(g), static_cast<const T*>(x), static_cast<const T*>(weight),
                    statistics, static_cast<T*>(dx), static_cast<T*>(dweight), static_cast<T*>(nullptr));
  });
}

void keep_scaled(DType dtype, int64_t n, const void* x, const bool* keep, double scale, void* y) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T factor = static_cast<T>(scale);
    parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
      const T* from = static_cast<const T*>(x);
      T* to = static_cast<T*>(y);
      const unsigned char* kept = as_bytes(keep);
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        const T scaled = from[i] * factor;
        to[i] = kept[i] != 0 ? scaled : T(0);
      }
    });
  });
}

}  // namespace fovea::kernels
