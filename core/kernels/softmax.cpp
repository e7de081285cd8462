#include <fovea/core/kernels/rows.h>
#include <fovea/core/kernels/softmax.h>

#include <algorithm>

namespace fovea::kernels {
namespace {

int64_t rows_a_piece(int64_t n) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)); }

// y = x where the mask is true, else -inf.
template <class T>
void mask_row(int64_t n, const T* x, const unsigned char* mask, int64_t step, T* y) {
  if (step == 1) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = mask[i] != 0 ? x[i] : kNothing<T>;
    return;
  }
  for (int64_t i = 0; i < n; ++i) y[i] = mask[i * step] != 0 ? x[i] : kNothing<T>;
}

// x may be y. `masked`: a row of -inf gives nothing instead of NaN.
template <bool logarithm, class T>
void softmax_row(int64_t n, const T* x, T* y, bool masked) {
  const T most = row_max(n, x);
  if (masked && most == kNothing<T>) return std::fill(y, y + n, logarithm ? kNothing<T> : T(0));
  if constexpr (logarithm) {
    const T rest = vm::log1p(exp_rest<false, T>(n, x, most, nullptr));
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - most) - rest;
  } else {
    const T scale = T(1) / (T(1) + exp_rest<true>(n, x, most, y));
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] *= scale;
  }
}

template <bool logarithm, class T>
void softmax_rows(const SoftmaxRows& loop, const T* x, T* y) {
  loop.rows.parallel_rows(rows_a_piece(loop.n), [&](const int64_t* at, int64_t count) {
    for (int64_t r = 0; r < count; ++r) {
      T* to = y + at[0] + r * loop.rows.inner_stride(0);
      const T* from = x + at[1] + r * loop.rows.inner_stride(1);
      if (loop.mask != nullptr) {
        mask_row(loop.n, from, as_bytes(loop.mask) + at[2] + r * loop.rows.inner_stride(2), loop.mask_step, to);
        from = to;
      }
      softmax_row<logarithm>(loop.n, from, to, loop.mask != nullptr);
    }
  });
}

template <class T>
void backward_row(int64_t n, const T* g, const T* y, T* dx) {
  const T inner = sum_of<T>(n, [=](int64_t i) { return g[i] * y[i]; });
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) dx[i] = y[i] * (g[i] - inner);
}

template <class T>
void log_backward_row(int64_t n, const T* g, const T* y, T* dx) {
  const T total = sum_of<T>(n, [=](int64_t i) { return y[i] == kNothing<T> ? T(0) : g[i]; });
  constexpr int W = 2 * vm::kWidth<T>;
  for_blocks(n, y, T(0), [&](const T* block, int64_t i, int count) {
    T made[W];
#pragma omp simd
    for (int j = 0; j < W; ++j) made[j] = exp_falling(block[j]) * total;
    for (int j = 0; j < count; ++j) dx[i + j] = block[j] == kNothing<T> ? T(0) : g[i + j] - made[j];
  });
}

}  // namespace

void softmax(DType dtype, bool logarithm, const SoftmaxRows& loop, const void* x, void* y) {
  if (loop.n == 0) return;
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    if (logarithm)
      softmax_rows<true>(loop, static_cast<const T*>(x), static_cast<T*>(y));
    else
      softmax_rows<false>(loop, static_cast<const T*>(x), static_cast<T*>(y));
  });
}

void softmax_backward(DType dtype, bool logarithm, int64_t rows, int64_t n, const void* g, const void* y, void* dx) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto row = logarithm ? log_backward_row<T> : backward_row<T>;
    parallel_for(rows, rows_a_piece(n), [&](int64_t begin, int64_t end) {
      for (int64_t at = begin * n; at < end * n; at += n)
        row(n, static_cast<const T*>(g) + at, static_cast<const T*>(y) + at, static_cast<T*>(dx) + at);
    });
  });
}

void log_sum_exp(DType dtype, int64_t rows, int64_t n, const void* x, void* y) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, rows_a_piece(n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* row = static_cast<const T*>(x) + r * n;
        const T most = row_max(n, row);
        const bool finite = most - most == 0;
        static_cast<T*>(y)[r] = finite ? most + vm::log1p(exp_rest<false, T>(n, row, most, nullptr)) : most;
      }
    });
  });
}

}  // namespace fovea::kernels
