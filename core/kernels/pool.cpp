#include <fovea/core/kernels/pool.h>
#include <fovea/core/parallel.h>

#include <algorithm>
#include <limits>

namespace fovea::kernels {
namespace {

constexpr int64_t kPiece = 1 << 16;  // elements that are worth a thread

int64_t plane_grain(const PoolSizes& n, int64_t work) {
  return std::max<int64_t>(1, kPiece / std::max<int64_t>(1, n.rows.out * n.columns.out * work));
}

// The outputs whose tap u falls onto the image.
struct Span {
  int64_t begin, end, offset;  // output i meets element i stride + offset
};
Span span_of(const PoolAxis& a, int64_t u) {
  const int64_t offset = u * a.dilation - a.padding;
  const int64_t begin = offset < 0 ? (-offset + a.stride - 1) / a.stride : 0;
  const int64_t end = offset < a.in ? (a.in - 1 - offset) / a.stride + 1 : 0;
  return {std::min(begin, a.out), std::clamp(end, std::min(begin, a.out), a.out), offset};
}

// One tap of a row of outputs. kStride 0: as said.
template <int kStride, class T>
void meet(const T* x, int64_t stride, int64_t count, int64_t first, T* y, int32_t* positions) {
  const int64_t step = kStride > 0 ? kStride : stride;
  const auto start = static_cast<int32_t>(first), by = static_cast<int32_t>(step);
#pragma omp simd
  for (int64_t j = 0; j < count; ++j) {
    const T v = x[j * step], most = y[j];
    const bool larger = (v > most) | (positions[j] < 0) | ((v != v) & (most == most));
    y[j] = larger ? v : most;
    positions[j] = larger ? start + static_cast<int32_t>(j) * by : positions[j];
  }
}

template <class T>
bool comes_before(T first, T second) {  // NaN is the largest
  return (second <= first) | (first != first);
}

// Rows of windows of 2 x 2 elements side by side, which all lie on the image: a few rows down, then all of them across.
constexpr int64_t kPairs = 512;  // elements that are worked on at once
template <class T>
struct Pairs {
  T larger[kPairs];
  int32_t positions[kPairs];

  // Of `count` columns, from the element at `first` on, to the place `to`.
  void down(const T* x, int64_t width, int64_t count, int64_t first, int64_t to) {
    const auto start = static_cast<int32_t>(first), below = static_cast<int32_t>(first + width);
    const T *upper_row = x + first, *lower_row = upper_row + width;
#pragma omp simd
    for (int64_t j = 0; j < count; ++j) {
      const bool upper = comes_before(upper_row[j], lower_row[j]);
      larger[to + j] = upper ? upper_row[j] : lower_row[j];
      positions[to + j] = static_cast<int32_t>(j) + (upper ? start : below);
    }
  }
  void across(int64_t count, T* y, int32_t* found) const {
#pragma omp simd
    for (int64_t j = 0; j < count; ++j) {
      const T one = larger[2 * j], other = larger[2 * j + 1];
      const int32_t position = positions[2 * j], other_position = positions[2 * j + 1];
      const bool more = (one > other) | ((one != one) & (other == other)),
                 tie = (one == other) | ((one != one) & (other != other));
      const bool left = more | (tie & (position < other_position));  // of equals that of the upper row
      y[j] = left ? one : other;
      found[j] = left ? position : other_position;
    }
  }
};

template <class T>
void pool_pairs(const PoolSizes& n, const T* x, T* y, int32_t* positions) {
  const int64_t rows = n.rows.out, columns = n.columns.out, width = n.columns.in;
  Pairs<T> some;
  const int64_t wide = std::min(columns, kPairs / 2), high = std::max<int64_t>(1, kPairs / (2 * wide));
  for (int64_t i = 0; i<rows; i += columns> wide ? 1 : high)
    for (int64_t j = 0; j < columns; j += wide) {
      const int64_t across = std::min(wide, columns - j), down = columns > wide ? 1 : std::min(high, rows - i);
      for (int64_t row = 0; row < down; ++row)
        some.down(x, width, 2 * across, 2 * ((i + row) * width + j), row * 2 * across);
      some.across(down * across, y + i * columns + j, positions + i * columns + j);
    }
}

bool pairs(const PoolAxis& a) {
  return a.kernel == 2 && a.stride == 2 && a.dilation == 1 && a.padding == 0 && a.out * 2 <= a.in;
}

template <class T>
void pool_plane(const PoolSizes& n, const T* x, T* y, int32_t* positions) {
  const PoolAxis &r = n.rows, &c = n.columns;
  if (pairs(r) && pairs(c)) return pool_pairs(n, x, y, positions);
  std::fill_n(y, r.out * c.out, -std::numeric_limits<T>::infinity());
  std::fill_n(positions, r.out * c.out, -1);
  for (int64_t u = 0; u < r.kernel; ++u) {
    const Span rows = span_of(r, u);
    for (int64_t i = rows.begin; i < rows.end; ++i)
      for (int64_t v = 0; v < c.kernel; ++v) {
        const Span columns = span_of(c, v);
        const int64_t from = (i * r.stride + rows.offset) * c.in + columns.begin * c.stride + columns.offset,
                      to = i * c.out + columns.begin, count = columns.end - columns.begin;
        if (c.stride == 1)
          meet<1>(x + from, 1, count, from, y + to, positions + to);
        else if (c.stride == 2)
          meet<2>(x + from, 2, count, from, y + to, positions + to);
        else
          meet<0>(x + from, c.stride, count, from, y + to, positions + to);
      }
  }
}

}  // namespace

template <class T>
void max_pool2d(const PoolSizes& n, const T* x, T* y, int32_t* positions) {
  const int64_t in = n.rows.in * n.columns.in, out = n.rows.out * n.columns.out;
  parallel_for(n.planes, plane_grain(n, n.rows.kernel * n.columns.kernel), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) pool_plane(n, x + p * in, y + p * out, positions + p * out);
  });
}

template <class T>
void max_pool2d_spread(const PoolSizes& n, const T* g, const int32_t* positions, T* dx) {
  const int64_t in = n.rows.in * n.columns.in, out = n.rows.out * n.columns.out;
  parallel_for(n.planes, plane_grain(n, 4), [&](int64_t begin, int64_t end) {
    std::fill_n(dx + begin * in, (end - begin) * in, T(0));
    for (int64_t p = begin; p < end; ++p)
      for (int64_t i = p * out; i < (p + 1) * out; ++i)
        if (positions[i] >= 0) dx[p * in + positions[i]] += g[i];
  });
}

template <class T>
void max_pool2d_pick(const PoolSizes& n, const T* x, const int32_t* positions, T* y) {
  const int64_t in = n.rows.in * n.columns.in, out = n.rows.out * n.columns.out;
  parallel_for(n.planes, plane_grain(n, 1), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      for (int64_t i = p * out; i < (p + 1) * out; ++i) y[i] = positions[i] < 0 ? T(0) : x[p * in + positions[i]];
  });
}

template void max_pool2d(const PoolSizes&, const float*, float*, int32_t*);
template void max_pool2d(const PoolSizes&, const double*, double*, int32_t*);
template void max_pool2d_spread(const PoolSizes&, const float*, const int32_t*, float*);
template void max_pool2d_spread(const PoolSizes&, const double*, const int32_t*, double*);
template void max_pool2d_pick(const PoolSizes&, const float*, const int32_t*, float*);
template void max_pool2d_pick(const PoolSizes&, const double*, const int32_t*, double*);

}  // namespace fovea::kernels
