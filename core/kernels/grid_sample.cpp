#include <fovea/core/kernels/grid_lanes.h>
#include <fovea/core/kernels/grid_places.h>
#include <fovea/core/parallel.h>

#include <cstring>
#include <utility>

namespace fovea::kernels {
namespace {

constexpr int64_t kPiece = 1 << 14;  // elements that are worth a thread
// Places that are worked on together: more than one vector, whose steps wait for each other.
template <class T>
constexpr int kPlaces = 4 * tile::kLanes<T>;
template <class T>
using Block = Places<T, kPlaces<T>>;

// Calls body(image, first, count, places) for blocks of the places of all images. A piece of work is whole blocks.
template <class T, class Body>
void for_places(const GridSizes& n, const T* grid, const Body& body) {
  const int64_t blocks = (n.places + kPlaces<T> - 1) / kPlaces<T>;
  const int64_t grain = std::max<int64_t>(1, kPiece / (kPlaces<T> * std::max<int64_t>(1, 4 * n.channels)));
  parallel_for(n.batch * blocks, grain, [&](int64_t begin, int64_t end) {
    Block<T> places;
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
  Pairs(const GridSizes& n, const Block<T>& places) {
    const auto H = static_cast<int32_t>(n.rows), W = static_cast<int32_t>(n.columns);
    const int32_t all = n.nearest ? 0 : 1;
    int32_t beside = n.nearest ? 1 : 0;
#pragma omp simd reduction(| : beside)
    for (int k = 0; k < kPlaces<T>; ++k) {
      const int32_t row = places.row[k], column = places.column[k];
      beside |= (row < 0 ? 1 : 0) | (row > H - 2 ? 1 : 0) | (column < 0 ? 1 : 0) | (column > W - 2 ? 1 : 0);
      upper[k] = row * W + column, lower[k] = upper[k] + W;
    }
    inside = beside == 0;
    if (inside) return;
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
  bool inside;                                   // all pixels of all places are there, and no pair is moved
  int32_t upper[kPlaces<T>], lower[kPlaces<T>];  // first pixel of each pair
  int32_t moved[kPlaces<T>];                     // to the left by so much; 0 in the midst
  int32_t there[kPlaces<T>];                     // 1 upper left, 2 upper right, 4 lower left, 8 lower right
};

// The pairs of pixels that begin at `at`, taken apart. A pair of f32 is as wide as one f64: vectors of these are put
// together in registers. By way of memory a vector would wait for each of its narrow stores.
template <size_t... k>
inline void read_pairs(const float* image, const int32_t* at, float* first, float* second, std::index_sequence<k...>) {
  typedef double Pair __attribute__((may_alias, aligned(4)));
  using Vector = tile::Lanes<float>::Vector;
  using Wide = tile::Lanes<double>::Vector;
  const auto pair = [image](int32_t from) { return *reinterpret_cast<const Pair*>(image + from); };
  grid::apart<float>((Vector)Wide{pair(at[k])...}, (Vector)Wide{pair(at[sizeof...(k) + k])...}, first, second);
}
inline void read_pairs(const float* image, const int32_t* at, float* first, float* second) {
  constexpr int lanes = tile::kLanes<float>;
#pragma GCC unroll 1
  for (int k = 0; k < kPlaces<float>; k += lanes)
    read_pairs(image, at + k, first + k, second + k, std::make_index_sequence<lanes / 2>());
}
inline void read_pairs(const double* image, const int32_t* at, double* first, double* second) {
  for (int k = 0; k < kPlaces<double>; ++k) first[k] = image[at[k]], second[k] = image[at[k] + 1];
}

// The pixels of places in an image; 0 where there is none.
template <class T>
struct Pixels {
  Pixels(const T* image, const Pairs<T>& pairs) {
    read_pairs(image, pairs.upper, ul, ur);
    read_pairs(image, pairs.lower, ll, lr);
    if (pairs.inside) return;
#pragma omp simd
    for (int k = 0; k < kPlaces<T>; ++k) {
      const bool second = pairs.moved[k] > 0, first = pairs.moved[k] < 0;
      const int32_t there = pairs.there[k];
      const T a = second ? ur[k] : ul[k], b = first ? ul[k] : ur[k];
      const T c = second ? lr[k] : ll[k], d = first ? ll[k] : lr[k];
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
    Block<T> places;
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
  for_places(n, grid, [&](int64_t image, int64_t first, int64_t count, const Block<T>& places) {
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
  for_places(n, grid, [&](int64_t image, int64_t first, int64_t count, const Block<T>& places) {
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
