#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/scan.h>
#include <fovea/core/kernels/vector_math.h>

#include <algorithm>
#include <vector>

namespace fovea::kernels {
namespace {

template <class T>
using Total = std::conditional_t<std::is_integral_v<T>, vm::Wrapping<T>, double>;

// Calls body(o, totals) for each block, with `inner` totals that start at `first`.
template <class T, class Body>
void each_block(int64_t outer, int64_t n, int64_t inner, Total<T> first, Body body) {
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n * inner));
  parallel_for(outer, grain, [&](int64_t begin, int64_t end) {
    std::vector<Total<T>> totals(static_cast<size_t>(inner));
    for (int64_t o = begin; o < end; ++o) {
      std::fill(totals.begin(), totals.end(), first);
      body(o * n * inner, totals.data());
    }
  });
}

template <class Body>
void dispatch_number(DType dtype, Body&& body) {
  if (dtype == DType::i64) return body(int64_t{});
  dispatch_floating(dtype, body);
}

}  // namespace

void cumulative_product(DType dtype, int64_t outer, int64_t n, int64_t inner, const void* x, void* y) {
  dispatch_number(dtype, [&](auto zero) {
    using T = decltype(zero);
    each_block<T>(outer, n, inner, 1, [=](int64_t block, Total<T>* products) {
      const T* from = static_cast<const T*>(x) + block;
      T* to = static_cast<T*>(y) + block;
      for (int64_t i = 0; i < n; ++i, from += inner, to += inner)
        for (int64_t k = 0; k < inner; ++k) to[k] = static_cast<T>(products[k] *= static_cast<Total<T>>(from[k]));
    });
  });
}

void cumulative_product_backward(DType dtype, int64_t outer, int64_t n, int64_t inner, const void* g, const void* x,
                                 const void* y, void* dx) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    each_block<T>(outer, n, inner, 0, [=](int64_t block, double* rests) {
      const T* slope = static_cast<const T*>(g) + block;
      const T* from = static_cast<const T*>(x) + block;
      const T* before = static_cast<const T*>(y) + block - inner;
      T* to = static_cast<T*>(dx) + block;
      for (int64_t i = n - 1; i >= 0; --i)
        for (int64_t k = 0, at = i * inner; k < inner; ++k, ++at) {
          rests[k] = slope[at] + (i + 1 < n ? from[at + inner] * rests[k] : 0);
          to[at] = static_cast<T>(i > 0 ? before[at] * rests[k] : rests[k]);
        }
    });
  });
}

int64_t count_true(int64_t n, const bool* x) { return std::count(x, x + n, true); }

void true_positions(const Shape& shape, const bool* x, int64_t* positions) {
  const int rank = shape.rank();
  const int64_t n = shape.numel();
  for (int64_t i = 0; i < n; ++i) {
    if (!x[i]) continue;
    int64_t rest = i;
    for (int d = rank - 1; d >= 0; rest /= shape[d--]) positions[d] = rest % shape[d];
    positions += rank;
  }
}

}  // namespace fovea::kernels
