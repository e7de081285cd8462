// A square of lanes turned over in registers, and vectors of which only the first lanes are stored.
#pragma once

#include <fovea/core/kernels/register_tile.h>

#include <cstring>
#include <utility>

namespace fovea::kernels::tile {

// The lower (or upper) halves of a and b, element by element in turn.
template <bool upper, class Vector, size_t... i>
inline Vector interleave(const Vector& a, const Vector& b, std::index_sequence<i...>) {
  constexpr int lanes = sizeof...(i);
  return __builtin_shufflevector(a, b, (static_cast<int>(i / 2 + i % 2 * lanes) + (upper ? lanes / 2 : 0))...);
}

// Lane j of row i becomes lane i of row j.
template <class T>
inline void transpose(typename Lanes<T>::Vector (&rows)[kLanes<T>]) {
  using Vector = typename Lanes<T>::Vector;
  constexpr auto all = std::make_index_sequence<kLanes<T>>();
#pragma GCC unroll 4
  for (int step = 1; step < kLanes<T>; step *= 2) {
    Vector next[kLanes<T>];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes<T> / 2; ++i) {
      next[2 * i] = interleave<false>(rows[i], rows[i + kLanes<T> / 2], all);
      next[2 * i + 1] = interleave<true>(rows[i], rows[i + kLanes<T> / 2], all);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes<T>; ++i) rows[i] = next[i];
  }
}

// to[j] = vector[j] for the first `count` lanes.
template <class T>
inline void store_first(const typename Lanes<T>::Vector& vector, int64_t count, T* to) {
  if (count >= kLanes<T>) {
    std::memcpy(to, &vector, sizeof(vector));
    return;
  }
  T lanes[kLanes<T>];
  std::memcpy(lanes, &vector, sizeof(vector));
#pragma omp simd
  for (int j = 0; j < kLanes<T>; ++j)
    if (j < count) to[j] = lanes[j];
}

}  // namespace fovea::kernels::tile
