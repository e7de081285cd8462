#include <fovea/core/kernels/grid_sample.h>
#include <fovea/core/parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace fovea::kernels {
namespace {

constexpr int64_t kPiece = 1 << 14;  // elements that are worth a thread

// A coordinate in pixels, and its slope by the grid's.
template <class T>
struct Coordinate {
  T at, slope;
};

template <class T>
Coordinate<T> reflected(T at, T low, T high, T slope) {
  const T span = high - low;
  if (span <= 0) return {std::isnan(at) ? at : T(0), T(0)};
  T away = at - low;
  if (away < 0) away = -away, slope = -slope;
  const T rest = std::fmod(away, span);
  const bool back = std::fmod(std::floor(away / span), T(2)) != 0;
  return {back ? high - rest : low + rest, back ? -slope : slope};
}

template <class T>
Coordinate<T> coordinate(T g, int64_t size, const GridSizes& n) {
  const T last = static_cast<T>(size - 1), all = static_cast<T>(size);
  Coordinate<T> c =
      n.align_corners ? Coordinate<T>{(g + 1) / 2 * last, last / 2} : Coordinate<T>{((g + 1) * all - 1) / 2, all / 2};
  if (n.edge == GridEdge::reflection)
    c = n.align_corners ? reflected(c.at, T(0), last, c.slope) : reflected(c.at, T(-0.5), all - T(0.5), c.slope);
  if (n.edge == GridEdge::zeros || (c.at > 0 && c.at < last) || std::isnan(c.at)) return c;
  return {c.at <= 0 ? T(0) : last, T(0)};
}

// -1 where it is no pixel. The last one's number may be rounded up.
template <class T>
int64_t index_of(T at, int64_t size) {
  return at >= 0 && at <= static_cast<T>(size - 1) ? std::min(static_cast<int64_t>(at), size - 1) : -1;
}

int64_t grain_of(int64_t work) { return std::max<int64_t>(1, kPiece / std::max<int64_t>(1, work)); }

}  // namespace

template <class T>
void grid_taps(const GridSizes& n, const T* grid, int32_t* pixels, T* shares) {
  const int64_t P = n.places;
  const auto pixel = [&](T row, T column) {
    const int64_t i = index_of(row, n.rows), j = index_of(column, n.columns);
    return static_cast<int32_t>(i < 0 || j < 0 ? -1 : i * n.columns + j);
  };
  parallel_for(n.batch * P, grain_of(16), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int32_t* to = pixels + i / P * 4 * P + i % P;
      T* share = shares + i / P * 4 * P + i % P;
      const Coordinate<T> q = coordinate(grid[2 * i], n.columns, n), p = coordinate(grid[2 * i + 1], n.rows, n);
      if (n.nearest) {
        const T none = p.at + q.at;
        to[0] = pixel(std::nearbyint(p.at), std::nearbyint(q.at));
        to[P] = to[2 * P] = to[3 * P] = -1;
        share[0] = share[P] = share[2 * P] = share[3 * P] = std::isnan(none) ? none : T(0);
        continue;
      }
      const T row = std::floor(p.at), column = std::floor(q.at);
      to[0] = pixel(row, column), to[P] = pixel(row, column + 1);
      to[2 * P] = pixel(row + 1, column), to[3 * P] = pixel(row + 1, column + 1);
      const bool far = std::isinf(row) || std::isinf(column);  // beside all pixels
      share[0] = far ? T(0) : p.at - row, share[P] = far ? T(0) : q.at - column;
      share[2 * P] = far ? T(0) : p.slope, share[3 * P] = far ? T(0) : q.slope;
    }
  });
}

template <class T>
void grid_sample(const GridSizes& n, const T* x, const int32_t* pixels, const T* shares, T* y) {
  const int64_t P = n.places, pixels_of_one = n.rows * n.columns;
  parallel_for(n.batch * n.channels, grain_of(4 * P), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const int64_t b = plane / n.channels;
      const T *image = x + plane * pixels_of_one, *p = shares + b * 4 * P, *q = p + P;
      const int32_t* at = pixels + b * 4 * P;
      const auto value = [image](int32_t i) { return i < 0 ? T(0) : image[i]; };
      T* out = y + plane * P;
#pragma omp simd
      for (int64_t i = 0; i < P; ++i) {
        const T upper = (1 - q[i]) * value(at[i]) + q[i] * value(at[P + i]),
                lower = (1 - q[i]) * value(at[2 * P + i]) + q[i] * value(at[3 * P + i]);
        out[i] = (1 - p[i]) * upper + p[i] * lower;
      }
    }
  });
}

template <class T>
void grid_sample_spread(const GridSizes& n, const T* dy, const int32_t* pixels, const T* shares, T* d_x) {
  const int64_t P = n.places, pixels_of_one = n.rows * n.columns;
  parallel_for(n.batch * n.channels, grain_of(4 * P), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const int64_t b = plane / n.channels;
      const T *g = dy + plane * P, *p = shares + b * 4 * P, *q = p + P;
      const int32_t* at = pixels + b * 4 * P;
      T* image = d_x + plane * pixels_of_one;
      std::fill_n(image, pixels_of_one, T(0));
      const auto add = [image](int32_t i, T v) {
        if (i >= 0) image[i] += v;
      };
      for (int64_t i = 0; i < P; ++i) {
        add(at[i], (1 - p[i]) * (1 - q[i]) * g[i]), add(at[P + i], (1 - p[i]) * q[i] * g[i]);
        add(at[2 * P + i], p[i] * (1 - q[i]) * g[i]), add(at[3 * P + i], p[i] * q[i] * g[i]);
      }
    }
  });
}

template <class T>
void grid_sample_places(const GridSizes& n, const T* dy, const T* x, const int32_t* pixels, const T* shares,
                        T* d_grid) {
  const int64_t P = n.places, C = n.channels, pixels_of_one = n.rows * n.columns;
  parallel_for(n.batch * P, grain_of(8 * C), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const int64_t b = k / P, i = k % P;
      const T *p = shares + b * 4 * P + i, *q = p + P;
      const int32_t* at = pixels + b * 4 * P + i;
      T down = 0, right = 0;
      for (int64_t c = 0; c < C; ++c) {
        const T* image = x + (b * C + c) * pixels_of_one;
        const auto value = [&](int64_t tap) { return at[tap * P] < 0 ? T(0) : image[at[tap * P]]; };
        const T g = dy[(b * C + c) * P + i], ul = value(0), ur = value(1), ll = value(2), lr = value(3);
        right += g * ((1 - *p) * (ur - ul) + *p * (lr - ll));
        down += g * ((1 - *q) * (ll - ul) + *q * (lr - ur));
      }
      d_grid[2 * k] = right * p[3 * P], d_grid[2 * k + 1] = down * p[2 * P];
    }
  });
}

template void grid_taps(const GridSizes&, const float*, int32_t*, float*);
template void grid_sample(const GridSizes&, const float*, const int32_t*, const float*, float*);
template void grid_sample_spread(const GridSizes&, const float*, const int32_t*, const float*, float*);
template void grid_sample_places(const GridSizes&, const float*, const float*, const int32_t*, const float*, float*);
template void grid_taps(const GridSizes&, const double*, int32_t*, double*);
template void grid_sample(const GridSizes&, const double*, const int32_t*, const double*, double*);
template void grid_sample_spread(const GridSizes&, const double*, const int32_t*, const double*, double*);
template void grid_sample_places(const GridSizes&, const double*, const double*, const int32_t*, const double*,
                                 double*);

}  // namespace fovea::kernels
