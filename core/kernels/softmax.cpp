#include <fovea/core/kernels/rows.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/kernels/softmax.h>

#include <algorithm>

namespace fovea::kernels {
namespace {

int64_t rows_a_piece(int64_t n) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)); }

// A few rows whose elements stand `step` apart, brought together. Reading them side by side uses whole cache lines.
constexpr int64_t kColumns = 16;
int64_t tile_pitch(int64_t n) { return n + kColumns; }  // rows a power of two apart would share cache sets

template <class T>
void gather(int64_t n, int64_t columns, const T* x, int64_t step, int64_t apart, T* tile) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t c = 0; c < columns; ++c) tile[c * tile_pitch(n) + i] = x[i * step + c * apart];
}

template <class T>
void scatter(int64_t n, int64_t columns, const T* tile, T* y, int64_t step, int64_t apart) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t c = 0; c < columns; ++c) y[i * step + c * apart] = tile[c * tile_pitch(n) + i];
}

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

// Rows of a few elements: as many side by side as a vector has lanes, with the sums of softmax_row and backward_row.
constexpr int kShort = 8;

// f(i) over i < n <= kShort, added up as sum_lanes does, for every row of a block.
template <int W, class T>
void sum_short(T (&terms)[kShort][W], T* sums) {
#pragma GCC unroll 4
  for (int half = kShort / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) {
#pragma omp simd
      for (int r = 0; r < W; ++r) terms[i][r] += terms[i + half][r];
    }
  std::copy(terms[0], terms[0] + W, sums);
}

template <class T>
void softmax_short(int64_t rows, int64_t n, const T* x, T* y) {
  constexpr int W = vm::kWidth<T>;
  for (int64_t first = 0; first < rows; first += W) {
    const int64_t count = std::min<int64_t>(W, rows - first), at = first * n;
    T terms[kShort][W], small[kShort][W] = {}, equal[kShort][W] = {}, most[W], rest[W], ones[W];
    for (int64_t i = 0; i < n; ++i)
      for (int r = 0; r < W; ++r) terms[i][r] = r < count ? x[at + r * n + i] : T(0);
    std::fill(most, most + W, kNothing<T>);
    for (int64_t i = 0; i < n; ++i) {
#pragma omp simd
      for (int r = 0; r < W; ++r) most[r] = terms[i][r] > most[r] || terms[i][r] != terms[i][r] ? terms[i][r] : most[r];
    }
    for (int64_t i = 0; i < n; ++i) {
#pragma omp simd
      for (int r = 0; r < W; ++r) {
        const T below = terms[i][r] - most[r], term = exp_falling(below), one = below == 0 ? T(1) : T(0);
        terms[i][r] = term, small[i][r] = term - one, equal[i][r] = one;
      }
    }
    sum_short(small, rest), sum_short(equal, ones);
#pragma omp simd
    for (int r = 0; r < W; ++r) rest[r] = T(1) / (T(1) + (rest[r] + (ones[r] - 1)));
    for (int64_t i = 0; i < n; ++i)
      for (int r = 0; r < count; ++r) y[at + r * n + i] = terms[i][r] * rest[r];
  }
}

template <class T>
void backward_short(int64_t rows, int64_t n, const T* g, const T* y, T* dx) {
  constexpr int W = vm::kWidth<T>;
  for (int64_t first = 0; first < rows; first += W) {
    const int64_t count = std::min<int64_t>(W, rows - first), at = first * n;
    T products[kShort][W] = {}, inner[W];
    for (int64_t i = 0; i < n; ++i)
      for (int r = 0; r < count; ++r) products[i][r] = g[at + r * n + i] * y[at + r * n + i];
    sum_short(products, inner);
    for (int64_t i = 0; i < n; ++i)
      for (int r = 0; r < count; ++r) dx[at + r * n + i] = y[at + r * n + i] * (g[at + r * n + i] - inner[r]);
  }
}

template <bool logarithm, class T>
void softmax_rows(const SoftmaxRows& loop, const T* x, T* y) {
  const int64_t y_apart = loop.rows.inner_stride(0), x_apart = loop.rows.inner_stride(1);
  const unsigned char* mask = as_bytes(loop.mask);
  const auto row = [&](const T* from, int64_t mask_at, T* to) {
    if (mask != nullptr) mask_row(loop.n, from, mask + mask_at, loop.mask_step, to);
    softmax_row<logarithm>(loop.n, mask != nullptr ? to : from, to, mask != nullptr);
  };
  const bool together = loop.x_step == 1 && loop.y_step == 1;
  loop.rows.parallel_rows(rows_a_piece(loop.n), [&](const int64_t* at, int64_t count) {
    const auto mask_at = [&](int64_t r) { return at[2] + r * loop.rows.inner_stride(2); };
    if (!logarithm && together && mask == nullptr && loop.n <= kShort && x_apart == loop.n && y_apart == loop.n)
      return softmax_short(count, loop.n, x + at[1], y + at[0]);
    if (together) {
      for (int64_t r = 0; r < count; ++r) row(x + at[1] + r * x_apart, mask_at(r), y + at[0] + r * y_apart);
      return;
    }
    const int64_t pitch = tile_pitch(loop.n);
    const Scratch<T> tile(std::min(kColumns, count) * pitch);
    for (int64_t first = 0; first < count; first += kColumns) {
      const int64_t columns = std::min(kColumns, count - first);
      gather(loop.n, columns, x + at[1] + first * x_apart, loop.x_step, x_apart, tile.get());
      for (int64_t c = 0; c < columns; ++c) row(tile.get() + c * pitch, mask_at(first + c), tile.get() + c * pitch);
      scatter(loop.n, columns, tile.get(), y + at[0] + first * y_apart, loop.y_step, y_apart);
    }
  });
}

// dx may be g.
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

void softmax_backward(DType dtype, bool logarithm, int64_t outer, int64_t n, int64_t inner, const void* g,
                      const void* y, void* dx) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto row = logarithm ? log_backward_row<T> : backward_row<T>;
    const T *gs = static_cast<const T*>(g), *ys = static_cast<const T*>(y);
    T* to = static_cast<T*>(dx);
    if (inner == 1) {
      parallel_for(outer, rows_a_piece(n), [&](int64_t begin, int64_t end) {
        if (!logarithm && n <= kShort)
          return backward_short(end - begin, n, gs + begin * n, ys + begin * n, to + begin * n);
        for (int64_t at = begin * n; at < end * n; at += n) row(n, gs + at, ys + at, to + at);
      });
      return;
    }
    const int64_t tiles = (inner + kColumns - 1) / kColumns, pitch = tile_pitch(n);
    parallel_for(outer * tiles, rows_a_piece(n * kColumns), [&](int64_t begin, int64_t end) {
      const Scratch<T> g_tile(kColumns * pitch), y_tile(kColumns * pitch);
      for (int64_t t = begin; t < end; ++t) {
        const int64_t first = t % tiles * kColumns, at = t / tiles * n * inner + first;
        const int64_t columns = std::min(kColumns, inner - first);
        gather(n, columns, gs + at, inner, 1, g_tile.get());
        gather(n, columns, ys + at, inner, 1, y_tile.get());
        for (int64_t c = 0; c < columns * pitch; c += pitch)
          row(n, g_tile.get() + c, y_tile.get() + c, g_tile.get() + c);
        scatter(n, columns, g_tile.get(), to + at, inner, 1);
      }
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
