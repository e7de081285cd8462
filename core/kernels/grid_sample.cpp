#include <fovea/core/kernels/grid_lanes.h>
#include <fovea/core/kernels/grid_places.h>
#include <fovea/core/parallel.h>

#include <cstring>

namespace fovea::kernels {
namespace {

constexpr int64_t kPiece = 1 << 14;  // elements that are worth a thread

// Calls body(image, first, count, places) for blocks of the places of all images. A piece of work is whole blocks.
template <class T, class Body>
void for_places(const GridSizes& n, const T* grid, const Body& body) {
  const int64_t blocks = (n.places + kPlaces<T> - 1) / kPlaces<T>;
  const int64_t grain = std::max<int64_t>(1, kPiece / (kPlaces<T> * std::max<int64_t>(1, 4 * n.channels)));
  parallel_for(n.batch * blocks, grain, [&](int64_t begin, int64_t end) {
    Places<T> places;
    for (int64_t block = begin; block < end; ++block) {
      const int64_t image = block / blocks, first = block % blocks * kPlaces<T>;
      const int64_t count = std::min<int64_t>(kPlaces<T>, n.places - first);
      find_places(n, grid + (image * n.places + first) * 2, count, places);
      body(image, first, count, places);
    }
  });
}

// Where the four pixels of places lie: two pairs beside each other, moved into the image where a place is at its edge.
// The columns of an image are two at least.
template <class T>
struct Pairs {
  Pairs(const GridSizes& n, const Places<T>& places) {
    const auto H = static_cast<int32_t>(n.rows), W = static_cast<int32_t>(n.columns);
    const int32_t all = n.nearest ? 0 : 1;
#pragma omp simd
    for (int k = 0; k < kPlaces<T>; ++k) {  // without a branch, in vectors
      const int32_t row = places.row[k], column = places.column[k];
      const int32_t inner = column > W - 2 ? W - 2 : column, first = inner < 0 ? 0 : inner;
      const int32_t high = row < 0 ? 0 : row, next = row + 1 < 0 ? 0 : row + 1, low = next > H - 1 ? H - 1 : next;
      upper[k] = high * W + first, lower[k] = low * W + first;
      moved[k] = column - first;
      const int32_t left = column >= 0 ? 1 : 0, right = column >= -1 ? (column < W - 1 ? 2 * all : 0) : 0;
      const int32_t below = row >= -1 ? (row < H - 1 ? 4 * all : 0) : 0;
      there[k] = (left + right) * (below + (row >= 0 ? 1 : 0));
    }
  }
  int32_t upper[kPlaces<T>], lower[kPlaces<T>];  // first pixel of each pair
  int32_t moved[kPlaces<T>];                     // to the left by so much; 0 in the midst
  int32_t there[kPlaces<T>];                     // 1 upper left, 2 upper right, 4 lower left, 8 lower right
};

// The pixels of places in an image; 0 where there is none.
template <class T>
struct Pixels {
  Pixels(const T* image, const Pairs<T>& pairs) {
    T upper[2 * kPlaces<T>], lower[2 * kPlaces<T>];
    for (int k = 0; k < kPlaces<T>; ++k) {
      std::memcpy(upper + 2 * k, image + pairs.upper[k], 2 * sizeof(T));
      std::memcpy(lower + 2 * k, image + pairs.lower[k], 2 * sizeof(T));
    }
#pragma omp simd
    for (int k = 0; k < kPlaces<T>; ++k) {
      const bool second = pairs.moved[k] > 0, first = pairs.moved[k] < 0;
      const int32_t there = pairs.there[k];
      const T a = second ? upper[2 * k + 1] : upper[2 * k], b = first ? upper[2 * k] : upper[2 * k + 1],
              c = second ? lower[2 * k + 1] : lower[2 * k], d = first ? lower[2 * k] : lower[2 * k + 1];
      ul[k] = (there & 1) != 0 ? a : T(0), ur[k] = (there & 2) != 0 ? b : T(0);
      ll[k] = (there & 4) != 0 ? c : T(0), lr[k] = (there & 8) != 0 ? d : T(0);
    }
  }
  T ul[kPlaces<T>], ur[kPlaces<T>], ll[kPlaces<T>], lr[kPlaces<T>];
};

template <class T>
void spread(const GridSizes& n, const T* dy, const T* grid, T* d_x) {
  const int64_t P = n.places, all = n.rows * n.columns;
  parallel_for(n.batch * n.channels, std::max<int64_t>(1, kPiece / (4 * P + 1)), [&](int64_t begin, int64_t end) {
    Places<T> places;
    for (int64_t plane = begin; plane < end; ++plane) {
      T* image = d_x + plane * all;
      std::fill_n(image, all, T(0));
      for (int64_t first = 0; first < P; first += kPlaces<T>) {
        const int64_t count = std::min<int64_t>(kPlaces<T>, P - first);
        find_places(n, grid + (plane / n.channels * P + first) * 2, count, places);
        for (int k = 0; k < count; ++k) {
          const int64_t row = places.row[k], column = places.column[k];
          const T g = dy[plane * P + first + k], p = places.below[k], q = places.right[k];
          const auto add = [&](int64_t i, int64_t j, T share) {
            if (i >= 0 && j >= 0 && i < n.rows && j < n.columns) image[i * n.columns + j] += share * g;
          };
          add(row, column, (1 - p) * (1 - q));
          if (n.nearest) continue;
          add(row, column + 1, (1 - p) * q);
          add(row + 1, column, p * (1 - q)), add(row + 1, column + 1, p * q);
        }
      }
    }
  });
}

template <class T>
void slopes(const GridSizes& n, const T* dy, const T* x, const T* grid, T* d_grid) {
  const int64_t P = n.places, C = n.channels, all = n.rows * n.columns;
  for_places(n, grid, [&](int64_t image, int64_t first, int64_t count, const Places<T>& places) {
    const Pairs<T> pairs(n, places);
    T across[kPlaces<T>] = {}, down[kPlaces<T>] = {};
    for (int64_t plane = image * C; plane < (image + 1) * C; ++plane) {
      const Pixels<T> at(x + plane * all, pairs);
      T g[kPlaces<T>] = {};
      std::copy_n(dy + plane * P + first, count, g);
#pragma omp simd
      for (int k = 0; k < kPlaces<T>; ++k) {
        const T p = places.below[k], q = places.right[k];
        across[k] += g[k] * ((1 - p) * (at.ur[k] - at.ul[k]) + p * (at.lr[k] - at.ll[k]));
        down[k] += g[k] * ((1 - q) * (at.ll[k] - at.ul[k]) + q * (at.lr[k] - at.ur[k]));
      }
    }
    T* to = d_grid + (image * P + first) * 2;
    for (int k = 0; k < count; ++k) to[2 * k] = across[k] * places.across[k], to[2 * k + 1] = down[k] * places.down[k];
  });
}

}  // namespace

template <class T>
void grid_sample(const GridSizes& n, const T* x, const T* grid, T* y) {
  if (grid_in_lanes(n)) return grid_sample_lanes(n, x, grid, y);
  const int64_t all = n.rows * n.columns;
  for_places(n, grid, [&](int64_t image, int64_t first, int64_t count, const Places<T>& places) {
    const Pairs<T> pairs(n, places);
    for (int64_t plane = image * n.channels; plane < (image + 1) * n.channels; ++plane) {
      const Pixels<T> at(x + plane * all, pairs);
      T out[kPlaces<T>];
#pragma omp simd
      for (int k = 0; k < kPlaces<T>; ++k) {
        const T p = places.below[k], q = places.right[k];
        const T upper = (1 - q) * at.ul[k] + q * at.ur[k], lower = (1 - q) * at.ll[k] + q * at.lr[k];
        out[k] = (1 - p) * upper + p * lower;
      }
      std::copy_n(out, count, y + plane * n.places + first);
    }
  });
}

template <class T>
void grid_sample_backward(const GridSizes& n, const T* dy, const T* x, const T* grid, T* d_x, T* d_grid) {
  if (grid_in_lanes(n)) return grid_sample_backward_lanes(n, dy, x, grid, d_x, d_grid);
  if (d_x) spread(n, dy, grid, d_x);
  if (d_grid) slopes(n, dy, x, grid, d_grid);
}

template void grid_sample(const GridSizes&, const float*, const float*, float*);
template void grid_sample_backward(const GridSizes&, const float*, const float*, const float*, float*, float*);
template void grid_sample(const GridSizes&, const double*, const double*, double*);
template void grid_sample_backward(const GridSizes&, const double*, const double*, const double*, double*, double*);

}  // namespace fovea::kernels
