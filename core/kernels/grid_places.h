// Where the places of a grid fall in an image, as many together as a vector has lanes: worked out again wherever it is
// needed, which costs less than keeping it.
#pragma once

#include <fovea/core/kernels/grid_sample.h>
#include <fovea/core/kernels/register_tile.h>

#include <algorithm>
#include <cmath>

namespace fovea::kernels {

template <class T>
inline constexpr int kPlaces = tile::kLanes<T>;
inline constexpr int32_t kBeside = -2;  // no pixel there, nor after it

// Of each place: the row and column of the upper left of its four pixels, -1 where only the others are there, kBeside
// where none is; how far below the upper ones and right of the left ones it lies; the slopes of row and column by the
// grid. Nearest: the pixel itself, shares and slopes 0. A place that is NaN has shares of NaN.
template <class T>
struct Places {
  int32_t row[kPlaces<T>], column[kPlaces<T>];
  T below[kPlaces<T>], right[kPlaces<T>], down[kPlaces<T>], across[kPlaces<T>];
};

namespace grid {

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
template <class T>
inline void find(const GridSizes& n, int64_t size, const T* g, int32_t* cell, T* share, T* slope) {
  constexpr T kLargest = sizeof(T) == 4 ? T(2147483520) : T(2147483647);  // of what becomes an i32
  const T last = static_cast<T>(size - 1), all = static_cast<T>(size);
  const auto most = static_cast<int32_t>(size - 1);
  const bool corners = n.align_corners;
  T at[kPlaces<T>];
#pragma omp simd
  for (int k = 0; k < kPlaces<T>; ++k) {
    at[k] = corners ? (g[k] + 1) / 2 * last : ((g[k] + 1) * all - 1) / 2;
    slope[k] = corners ? last / 2 : all / 2;
  }
  if (n.edge == GridEdge::reflection)
    for (int k = 0; k < kPlaces<T>; ++k)
      reflect(at[k], slope[k], corners ? T(0) : T(-0.5), corners ? last : all - T(0.5));
  if (n.edge != GridEdge::zeros)
#pragma omp simd
    for (int k = 0; k < kPlaces<T>; ++k) {
      const bool held = at[k] <= 0 || at[k] >= last;
      slope[k] = held ? T(0) : slope[k];
      at[k] = held ? (at[k] <= 0 ? T(0) : last) : at[k];
    }
  const bool nearest = n.nearest;
  const T least = nearest ? T(0) : T(-1);
#pragma omp simd
  for (int k = 0; k < kPlaces<T>; ++k) {
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

// Of the first `count` places of [.., 2], up to kPlaces; the rest are those of 0.
template <class T>
inline void find_places(const GridSizes& n, const T* from, int64_t count, Places<T>& places) {
  T x[kPlaces<T>] = {}, y[kPlaces<T>] = {};
  if (count >= kPlaces<T>) {
#pragma omp simd
    for (int k = 0; k < kPlaces<T>; ++k) x[k] = from[2 * k], y[k] = from[2 * k + 1];
  } else {
    for (int64_t k = 0; k < count; ++k) x[k] = from[2 * k], y[k] = from[2 * k + 1];
  }
  grid::find(n, n.columns, x, places.column, places.right, places.across);
  grid::find(n, n.rows, y, places.row, places.below, places.down);
}

}  // namespace fovea::kernels
