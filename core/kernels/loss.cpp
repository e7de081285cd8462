#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/loss.h>
#include <fovea/core/kernels/rows.h>

#include <algorithm>

namespace fovea::kernels {
namespace {

int64_t rows_a_piece(int64_t n) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)); }

// The target of one row.
template <class T>
struct Target {
  Target(const CrossEntropyTarget& all, int64_t row, int64_t n)
      : id(all.ids != nullptr ? all.ids[row] : -1),
        ignored(all.ids != nullptr && id == all.ignore),
        probabilities(all.ids != nullptr ? nullptr : static_cast<const T*>(all.probabilities) + row * n),
        kept(static_cast<T>(1 - all.smoothing)),
        spread(static_cast<T>(all.smoothing / static_cast<double>(n))) {}
  int64_t id;
  bool ignored;
  const T* probabilities;
  T kept, spread;
};

template <class T>
T row_loss(int64_t n, const T* x, const Target<T>& target, T* statistics) {
  const T most = row_max(n, x), rest = vm::log1p(exp_rest<false, T>(n, x, most, nullptr));
  statistics[0] = most;
  statistics[1] = rest;
  T loss = 0;
  if (target.probabilities != nullptr) {
    const T* q = target.probabilities;
    loss = -target.kept * sum_of<T>(n, [=](int64_t i) { return q[i] == 0 ? T(0) : q[i] * ((x[i] - most) - rest); });
  } else {
    loss = -target.kept * ((x[target.id] - most) - rest);
  }
  if (target.spread != 0) loss -= target.spread * sum_of<T>(n, [=](int64_t i) { return (x[i] - most) - rest; });
  return loss;
}

// dx = scale (mass p - kept q - spread); the entry of a class id is p - 1 without cancellation.
template <class T>
void row_gradient(int64_t n, const T* x, const Target<T>& target, const T* statistics, T scale, T* dx) {
  constexpr int W = 2 * vm::kWidth<T>;
  const T most = statistics[0], rest = statistics[1], spread = target.spread, kept = target.kept;
  const T* q = target.probabilities;
  const T mass =
      q == nullptr ? T(1) : kept * sum_of<T>(n, [=](int64_t i) { return q[i]; }) + spread * static_cast<T>(n);
  for_blocks(n, x, most, [&](const T* block, int64_t i, int count) {
    T made[W];
    T* out = count == W ? dx + i : made;
#pragma omp simd
    for (int j = 0; j < W; ++j) out[j] = scale * (mass * exp_falling((block[j] - most) - rest) - spread);
    if (count < W) std::copy(made, made + count, dx + i);
  });
  if (q != nullptr) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) dx[i] -= scale * kept * q[i];
    return;
  }
  const T below = (x[target.id] - most) - rest;
  dx[target.id] = scale * (spread == 0 ? std::expm1(below) : std::exp(below) - kept - spread);
}

}  // namespace

void cross_entropy(DType dtype, int64_t rows, int64_t n, const void* x, const CrossEntropyTarget& target, void* losses,
                   void* statistics) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, rows_a_piece(n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const Target<T> of_row(target, r, n);
        static_cast<T*>(losses)[r] = of_row.ignored || n == 0 ? T(0)
                                                              : row_loss(n, static_cast<const T*>(x) + r * n, of_row,
                                                                         static_cast<T*>(statistics) + 2 * r);
      }
    });
  });
}

void cross_entropy_backward(DType dtype, int64_t rows, int64_t n, const void* x, const CrossEntropyTarget& target,
                            const void* statistics, const void* g, int64_t g_step, double factor, void* dx) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, rows_a_piece(n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const Target<T> of_row(target, r, n);
        T* to = static_cast<T*>(dx) + r * n;
        if (of_row.ignored) {
          std::fill(to, to + n, T(0));
          continue;
        }
        const T scale = static_cast<const T*>(g)[r * g_step] * static_cast<T>(factor);
        row_gradient(n, static_cast<const T*>(x) + r * n, of_row, static_cast<const T*>(statistics) + 2 * r, scale, to);
      }
    });
  });
}

void binary_cross_entropy(DType dtype, int64_t n, const void* x, const void* target, void* y) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto loss = [](T v, T t) { return ((v > 0 ? v : T(0)) - v * t) + vm::log1p(vm::exp(-std::abs(v))); };
    parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
      vm::map2(end - begin, static_cast<const T*>(x) + begin, static_cast<const T*>(target) + begin,
               static_cast<T*>(y) + begin, loss);
    });
  });
}

}  // namespace fovea::kernels
