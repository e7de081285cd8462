#include <fovea/core/kernels/batch_norm.h>
#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/moments.h>

#include <algorithm>
#include <cmath>

namespace fovea::kernels {
namespace {

// Calls body(first element) for each example of a channel.
template <class Body>
void each_row(const BatchNormSizes& n, int64_t channel, const Body& body) {
  for (int64_t i = 0; i < n.examples; ++i) body((i * n.channels + channel) * n.length);
}

template <class Body>
void each_channel(const BatchNormSizes& n, const Body& body) {
  parallel_for(n.channels, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n.examples * n.length)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t c = begin; c < end; ++c) body(c);
               });
}

// Mean and variance of what is too large for sums of squares in T.
template <class T>
void wide_channel(const BatchNormSizes& n, int64_t c, const T* x, double* moments) {
  const double count = static_cast<double>(n.examples * n.length);
  double mean = 0, variance = 0;
  each_row(n, c, [&](int64_t at) {
    for (int64_t i = 0; i < n.length; ++i) mean += static_cast<double>(x[at + i]) / count;
  });
  each_row(n, c, [&](int64_t at) {
    for (int64_t i = 0; i < n.length; ++i) {
      const double d = static_cast<double>(x[at + i]) - mean;
      variance += d * (d / count);
    }
  });
  moments[0] = mean, moments[1] = variance;
}

template <class T>
void channel_moments(const BatchNormSizes& n, int64_t c, const T* x, double* moments) {
  const double share = 1 / static_cast<double>(n.examples * n.length);
  double sum = 0, off = 0, squares = 0;
  each_row(n, c, [&](int64_t at) {
    sum += static_cast<double>(sum_of<T>(n.length, [row = x + at](int64_t i) { return row[i]; }));
  });
  const T about = static_cast<T>(sum * share);
  each_row(n, c, [&](int64_t at) {
    const auto [first, second] = two_sums<T>(n.length, [row = x + at, about](int64_t i, T& shift, T& square) {
      const T d = row[i] - about;
      shift += d;
      square += d * d;
    });
    off += first, squares += second;
  });
  const double shift = off * share;
  moments[0] = static_cast<double>(about) + shift;
  moments[1] = std::max(0.0, squares * share - shift * shift);
  if (!std::isfinite(squares)) wide_channel(n, c, x, moments);
}

template <class T>
void channel_backward(const BatchNormSizes& n, int64_t c, bool of_batch, const T* g, const T* x, T weight,
                      const double* statistics, T* dx, T* dweight, T* dbias) {
  const Standard<T> standard(statistics);
  double sum_g = 0, sum_gh = 0;
  each_row(n, c, [&](int64_t at) {
    const auto [first, second] = two_sums<T>(n.length, [=](int64_t i, T& of_g, T& of_gh) {
      of_g += g[at + i];
      of_gh += g[at + i] * standard(x[at + i]);
    });
    sum_g += first, sum_gh += second;
  });
  *dweight = static_cast<T>(sum_gh), *dbias = static_cast<T>(sum_g);
  const double share = of_batch ? 1 / static_cast<double>(n.examples * n.length) : 0;
  const T scale = standard.scale * weight, mean_g = static_cast<T>(sum_g * share),
          mean_gh = static_cast<T>(sum_gh * share);
  each_row(n, c, [&](int64_t at) {
#pragma omp simd
    for (int64_t i = 0; i < n.length; ++i) dx[at + i] = scale * ((g[at + i] - mean_g) - standard(x[at + i]) * mean_gh);
  });
}

}  // namespace

void batch_moments(DType dtype, const BatchNormSizes& n, const void* x, double* moments) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    each_channel(n, [&](int64_t c) { channel_moments(n, c, static_cast<const T*>(x), moments + 2 * c); });
  });
}

void batch_norm(DType dtype, const BatchNormSizes& n, const void* x, const void* weight, const void* bias,
                const double* statistics, void* y) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    each_channel(n, [&](int64_t c) {
      const Standard<T> standard(statistics + 2 * c);
      const T factor = static_cast<const T*>(weight)[c], offset = static_cast<const T*>(bias)[c];
      each_row(n, c, [&](int64_t at) {
        const T* from = static_cast<const T*>(x) + at;
        T* to = static_cast<T*>(y) + at;
#pragma omp simd
        for (int64_t i = 0; i < n.length; ++i) to[i] = standard(from[i]) * factor + offset;
      });
    });
  });
}

void batch_norm_backward(DType dtype, const BatchNormSizes& n, bool of_batch, const void* g, const void* x,
                         const void* weight, const double* statistics, void* dx, void* dweight, void* dbias) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    each_channel(n, [&](int64_t c) {
      channel_backward(n, c, of_batch, static_cast<const T*>(g), static_cast<const T*>(x),
                       static_cast<const T*>(weight)[c], statistics + 2 * c, static_cast<T*>(dx),
                       static_cast<T*>(dweight) + c, static_cast<T*>(dbias) + c);
    });
  });
}

}  // namespace fovea::kernels
