// Walking several strided arrays of one shape together. Dimensions that every operand steps through evenly are merged,
// so most loops end up with one or two. Used by kernels only; knows sizes and strides, not tensors.
#pragma once

#include <fovea/core/parallel.h>
#include <fovea/core/shape.h>

#include <algorithm>
#include <type_traits>

namespace fovea::kernels {

template <int N>
struct Loop {
  // shape, then one stride list per operand (in elements).
  template <class... Strides>
  Loop(const Shape& shape, const Strides&... all) {
    static_assert(sizeof...(Strides) == N);
    const Shape* given[N] = {&all...};
    numel = shape.numel();
    for (int d = 0; d < shape.rank(); ++d) {
      if (shape[d] == 1) continue;
      bool merges = rank > 0;
      for (int k = 0; k < N && merges; ++k) merges = strides[k][rank - 1] == (*given[k])[d] * shape[d];
      if (!merges) ++rank;
      sizes[rank - 1] = merges ? sizes[rank - 1] * shape[d] : shape[d];
      for (int k = 0; k < N; ++k) strides[k][rank - 1] = (*given[k])[d];
    }
    if (rank == 0) {
      rank = 1;
      sizes[0] = 1;
      for (int k = 0; k < N; ++k) strides[k][0] = 1;
    }
  }

  int64_t inner() const { return sizes[rank - 1]; }
  int64_t inner_stride(int k) const { return strides[k][rank - 1]; }
  int64_t rows() const { return numel == 0 ? 0 : numel / inner(); }

  // Calls body(offsets[N]) for each innermost row, rows in order [first, last).
  template <class Body>
  void for_rows(int64_t first, int64_t last, Body&& body) const {
    if (first >= last) return;
    int64_t at[kMaxRank] = {};
    int64_t offsets[N] = {};
    int64_t rest = first;
    for (int d = rank - 2; d >= 0; --d) {
      at[d] = rest % sizes[d];
      rest /= sizes[d];
      for (int k = 0; k < N; ++k) offsets[k] += at[d] * strides[k][d];
    }
    for (int64_t row = first; row < last; ++row) {
      body(offsets);
      for (int d = rank - 2; d >= 0; --d) {
        for (int k = 0; k < N; ++k) offsets[k] += strides[k][d];
        if (++at[d] < sizes[d]) break;
        at[d] = 0;
        for (int k = 0; k < N; ++k) offsets[k] -= sizes[d] * strides[k][d];
      }
    }
  }

  // All rows, in parallel pieces of about `grain` elements. body(offsets, count): part of a row.
  template <class Body>
  void parallel_rows(int64_t grain, Body&& body) const {
    using B = std::remove_reference_t<Body>;
    walk_rows(
        grain, [](void* b, const int64_t* offsets, int64_t count) { (*static_cast<B*>(b))(offsets, count); }, &body);
  }

  int rank = 0;
  int64_t numel = 0;
  int64_t sizes[kMaxRank];
  int64_t strides[N][kMaxRank];

 private:
  // One for all bodies: each is compiled once.
  using RowBody = void (*)(void* body, const int64_t* offsets, int64_t count);
  void walk_rows(int64_t grain, RowBody call, void* body) const {
    if (numel == 0) return;
    if (rank == 1) {
      parallel_for(numel, grain, [&](int64_t begin, int64_t end) {
        int64_t offsets[N];
        for (int k = 0; k < N; ++k) offsets[k] = begin * strides[k][0];
        call(body, offsets, end - begin);
      });
      return;
    }
    parallel_for(rows(), std::max<int64_t>(1, grain / inner()), [&](int64_t begin, int64_t end) {
      for_rows(begin, end, [&](const int64_t* offsets) { call(body, offsets, inner()); });
    });
  }
};

inline constexpr int64_t kGrain = 65536;     // elements of simple work that are worth a thread
inline constexpr int64_t kMapGrain = 16384;  // the same where each result stands for itself, not for a piece

}  // namespace fovea::kernels
