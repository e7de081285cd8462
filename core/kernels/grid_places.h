// Where the places of a grid fall in an image, N together, whole vectors: worked out again wherever it is needed, which
// costs less than keeping it.
#pragma once

#include <fovea/core/kernels/grid_sample.h>
#include <fovea/core/kernels/register_tile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace fovea::kernels {

inline constexpr int32_t kBeside = -2;  // no pixel there, nor after it

// Of each place: the row and column of the upper left of its four pixels, -1 where only the others are there, kBeside
// where none is; how far below the upper ones and right of the left ones it lies; the slopes of row and column by the
// grid. Nearest: the pixel itself, shares and slopes 0. A place that is NaN has shares of NaN.
template <class T, int N>
struct Places {
  int32_t row[N], column[N];
  T below[N], right[N], down[N], across[N];
};

namespace grid {

// Pairs of numbers, a vector and the next, into the first of each and the second.
template <class T, size_t... k>
inline void apart(const typename tile::Lanes<T>::Vector& low, const typename tile::Lanes<T>::Vector& high, T* first,
                  T* second, std::index_sequence<k...>) {
  const auto a = __builtin_shufflevector(low, high, static_cast<int>(2 * k)...);
  const auto b = __builtin_shufflevector(low, high, static_cast<int>(2 * k + 1)...);
  std::memcpy(first, &a, sizeof(a)), std::memcpy(second, &b, sizeof(b));
}
template <class T>
inline void apart(const typename tile::Lanes<T>::Vector& low, const typename tile::Lanes<T>::Vector& high, T* first,
                  T* second) {
  apart<T>(low, high, first, second, std::make_index_sequence<tile::kLanes<T>>());
}

template <class T>
inline void reflect(T& at, T& slope, T low, T high) {
  const T span = high - low;
  if (span <= 0) {
    at = std::isnan(at) ? at : T(0), slope = 0;
    return;
  }
  T away = at - low;
  if (away < 0) away = -away, slope = -slope;
  const T rest = std::fmod(away, span);
  const bool back = std::fmod(std::floor(away / span), T(2)) != 0;
  at = back ? high - rest : low + rest, slope = back ? -slope : slope;
}

// Along one direction.
template <class T, int N>
inline void find(const GridSizes& n, int64_t size, const T* g, int32_t* cell, T* share, T* slope) {
  constexpr T kLargest = sizeof(T) == 4 ? T(2147483520) : T(2147483647);  // of what becomes an i32
  const T last = static_cast<T>(size - 1), all = static_cast<T>(size);
  const auto most = static_cast<int32_t>(size - 1);
  const bool corners = n.align_corners;
  T at[N];
#pragma omp simd
  for (int k = 0; k < N; ++k) {
    at[k] = corners ? (g[k] + 1) / 2 * last : ((g[k] + 1) * all - 1) / 2;
    slope[k] = corners ? last / 2 : all / 2;
  }
  if (n.edge == GridEdge::reflection)
    for (int k = 0; k < N; ++k) reflect(at[k], slope[k], corners ? T(0) : T(-0.5), corners ? last : all - T(0.5));
  if (n.edge != GridEdge::zeros)
#pragma omp simd
    for (int k = 0; k < N; ++k) {
      const bool held = at[k] <= 0 || at[k] >= last;
      slope[k] = held ? T(0) : slope[k];
      at[k] = held ? (at[k] <= 0 ? T(0) : last) : at[k];
    }
  const bool nearest = n.nearest;
  const T least = nearest ? T(0) : T(-1);
#pragma omp simd
  for (int k = 0; k < N; ++k) {
    const T whole = nearest ? std::nearbyint(at[k]) : std::floor(at[k]);
    const bool there = whole >= least && whole <= last;
    const auto number = static_cast<int32_t>(there ? std::min(whole, kLargest) : T(0));
    cell[k] = there ? std::min(number, most) : kBeside;
    const T rest = there && !nearest ? at[k] - whole : T(0);
    share[k] = at[k] != at[k] ? at[k] : rest;
    slope[k] = nearest ? share[k] : slope[k];
  }
}

}  // namespace grid

// Of the first `count` places of [.., 2], up to N; the rest are those of 0.
template <class T, int N>
inline void find_places(const GridSizes& n, const T* from, int64_t count, Places<T, N>& places) {
  constexpr int lanes = tile::kLanes<T>;
  static_assert(N % lanes == 0);
  T x[N], y[N], some[2 * N];
  if (count < N) {
    std::copy_n(from, 2 * count, some);
    std::fill_n(some + 2 * count, 2 * (N - count), T(0));
    from = some;
  }
  for (int k = 0; k < N; k += lanes) {
    typename tile::Lanes<T>::Vector low, high;
    std::memcpy(&low, from + 2 * k, sizeof(low)), std::memcpy(&high, from + 2 * k + lanes, sizeof(high));
    grid::apart<T>(low, high, x + k, y + k);
  }
  grid::find<T, N>(n, n.columns, x, places.column, places.right, places.across);
  grid::find<T, N>(n, n.rows, y, places.row, places.below, places.down);
}

}  // namespace fovea::kernels
