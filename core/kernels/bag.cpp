// A bag's sums stay in registers, a tile of columns at a time, while its rows pass by.
#include <fovea/core/kernels/bag.h>
#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/rows.h>

#include <cstring>
#include <type_traits>

namespace fovea::kernels {
namespace {

template <int n>
using Count = std::integral_constant<int, n>;
constexpr int kTile = 32;

// Calls body(Count<W>, first column) for what is left of [begin, end), W a multiple of 4, then single columns.
template <int W, class Body>
void for_rest(int64_t begin, int64_t end, Body&& body) {
  if constexpr (W == 0) {
    for (; begin < end; ++begin) body(Count<1>(), begin);
  } else {
    if (end - begin < W) return for_rest<W - 4>(begin, end, body);
    body(Count<W>(), begin);
    for_rest<0>(begin + W, end, body);
  }
}
// The same in tiles of 32 columns and a rest.
template <class Body>
void for_tiles(int64_t begin, int64_t end, Body&& body) {
  for (; begin + kTile <= end; begin += kTile) body(Count<kTile>(), begin);
  for_rest<kTile - 4>(begin, end, body);
}

int64_t bags_a_piece(const Bags& n) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n.length * n.width)); }

// y += factor x, W numbers, whole vectors first: so it stays in registers.
template <int W, class T>
[[gnu::always_inline]] inline void add_scaled(T factor, const T* x, T* y) {
  constexpr int V = std::min(vm::kWidth<T>, 16), whole = W / V * V;
#pragma GCC unroll 8
  for (int v = 0; v < whole; v += V) {
#pragma omp simd
    for (int c = v; c < v + V; ++c) y[c] += factor * x[c];
  }
#pragma GCC unroll 8
  for (int v = whole; v < W; v += 4) {
#pragma omp simd
    for (int c = v; c < std::min(v + 4, W); ++c) y[c] += factor * x[c];
  }
}

// Of one bag; table, g and y begin at the first of W columns.
template <int W, class T>
void sum_rows(const Bags& n, const T* table, const int64_t* ids, const T* p, T* y) {
  T sums[W] = {};
  for (int64_t j = 0; j < n.length; ++j) {
    if (ids[j] == n.skip) continue;
    const T* row = table + ids[j] * n.width;
    const T factor = p == nullptr ? T(1) : p[j];
    add_scaled<W>(factor, row, sums);
  }
  std::copy(sums, sums + W, y);
}

template <int W, class T>
void add_to_rows(const Bags& n, const T* g, const int64_t* ids, const T* p, T* table) {
  T given[W];
  std::copy(g, g + W, given);
  for (int64_t j = 0; j < n.length; ++j) {
    if (ids[j] == n.skip) continue;
    T* row = table + ids[j] * n.width;
    const T factor = p == nullptr ? T(1) : p[j];
    add_scaled<W>(factor, given, row);
  }
}

template <class T>
const T* weights_of(const Bags& n, const void* p, int64_t bag) {
  return p == nullptr ? nullptr : static_cast<const T*>(p) + bag * n.length;
}

}  // namespace

void bag_sums(DType dtype, const Bags& n, const void* table, const int64_t* ids, const void* p, void* y) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* rows = static_cast<const T*>(table);
    parallel_for(n.bags, bags_a_piece(n), [&](int64_t begin, int64_t end) {
      for (int64_t s = begin; s < end; ++s) {
        T* to = static_cast<T*>(y) + s * n.width;
        for_tiles(0, n.width, [&](auto W, int64_t c) {
          sum_rows<W()>(n, rows + c, ids + s * n.length, weights_of<T>(n, p, s), to + c);
        });
      }
    });
  });
}

void bag_table(DType dtype, const Bags& n, const void* g, const int64_t* ids, const void* p, void* table) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    std::memset(table, 0, static_cast<size_t>(n.rows * n.width) * sizeof(T));
    // Threads share out columns, never bags, so that each sum keeps its order.
    const int64_t tiles = kGrain / (kTile * std::max<int64_t>(1, n.bags * n.length)) + 1;
    parallel_for(n.width, tiles * kTile, [&](int64_t begin, int64_t end) {
      for (int64_t s = 0; s < n.bags; ++s) {
        const T* from = static_cast<const T*>(g) + s * n.width;
        for_tiles(begin, end, [&](auto W, int64_t c) {
          add_to_rows<W()>(n, from + c, ids + s * n.length, weights_of<T>(n, p, s), static_cast<T*>(table) + c);
        });
      }
    });
  });
}

void bag_weights(DType dtype, const Bags& n, const void* g, const int64_t* ids, const void* table, void* p) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(n.bags, bags_a_piece(n), [&](int64_t begin, int64_t end) {
      for (int64_t s = begin; s < end; ++s) {
        const T* from = static_cast<const T*>(g) + s * n.width;
        for (int64_t j = s * n.length; j < (s + 1) * n.length; ++j) {
          const T* row = static_cast<const T*>(table) + ids[j] * n.width;
          const auto product = [=](int64_t c) { return from[c] * row[c]; };
          static_cast<T*>(p)[j] = ids[j] == n.skip ? T(0) : sum_of<T>(n.width, product);
        }
      }
    });
  });
}

}  // namespace fovea::kernels
