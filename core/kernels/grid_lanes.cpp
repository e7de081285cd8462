#include <fovea/core/kernels/grid_lanes.h>
#include <fovea/core/kernels/grid_places.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/kernels/transpose.h>
#include <fovea/core/parallel.h>

#include <optional>

namespace fovea::kernels {
namespace {

template <class T>
using Vector = typename tile::Lanes<T>::Vector;
template <class T>
constexpr int64_t kLanes = tile::kLanes<T>;
template <class T>
using LanePlaces = Places<T, tile::kLanes<T>>;

template <class T>
inline Vector<T> load(const T* from) {
  Vector<T> v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
template <class T>
inline void store(const Vector<T>& v, T* to) {
  std::memcpy(to, &v, sizeof(v));
}

// Some channels of an image, as many as a vector has lanes at most.
struct Channels {
  int64_t image, first, count;
};

template <class T>
int64_t groups_of(const GridSizes& n) {
  return (n.channels + kLanes<T> - 1) / kLanes<T>;
}

// Calls body(channels, group) for the groups of all images, numbered through.
template <class T, class Body>
void for_groups(const GridSizes& n, const Body& body) {
  const int64_t groups = groups_of<T>(n);
  parallel_chunks(n.batch * groups, [&](int64_t group) {
    const int64_t first = group % groups * kLanes<T>;
    body(Channels{group / groups, first, std::min(kLanes<T>, n.channels - first)}, group);
  });
}

// Vectors of as many elements from `at` on as there are lanes, of planes of `size` elements; 0 where there are none.
template <class T>
inline void read_lanes(const T* planes, int64_t count, int64_t size, int64_t at, Vector<T> (&lanes)[kLanes<T>]) {
  const int64_t width = std::min(kLanes<T>, size - at);
  for (int64_t c = 0; c < kLanes<T>; ++c) {
    const T* from = planes + c * size + at;
    if (c >= count) {
      lanes[c] = Vector<T>{};
    } else if (width == kLanes<T>) {
      lanes[c] = load(from);
    } else {
      T some[kLanes<T>] = {};
      std::copy_n(from, width, some);
      lanes[c] = load(some);
    }
  }
  tile::transpose<T>(lanes);
}

template <class T>
inline void write_lanes(Vector<T> (&lanes)[kLanes<T>], int64_t count, int64_t size, int64_t at, T* planes) {
  tile::transpose<T>(lanes);
  for (int64_t c = 0; c < count; ++c) tile::store_first<T>(lanes[c], size - at, planes + c * size + at);
}

// An image of lanes within a frame of zeros, two pixels wide above and left of it and one below and right: so all four
// pixels of every place can be read, and those of a place beside the image are zeros.
template <class T>
class Framed {
 public:
  explicit Framed(const GridSizes& n) : rows_(n.rows), columns_(n.columns), width_(n.columns + 3), lanes_(size()) {
    std::fill_n(lanes_.get(), size(), T(0));
  }
  void read(const T* planes, int64_t count) {
    Vector<T> some[kLanes<T>];
    each([&](int64_t at, int64_t width) {
      read_lanes(planes, count, rows_ * columns_, at, some);
      for (int64_t k = 0; k < width; ++k) store(some[k], pixel(at + k));
    });
  }
  void write(int64_t count, T* planes) const {
    Vector<T> some[kLanes<T>] = {};
    each([&](int64_t at, int64_t width) {
      for (int64_t k = 0; k < width; ++k) some[k] = load(pixel(at + k));
      write_lanes(some, count, rows_ * columns_, at, planes);
    });
  }
  // The upper left pixel of a place, and how far the three others are from it.
  T* at(const LanePlaces<T>& places, int64_t k) const {
    return lanes_.get() + ((places.row[k] + 2) * width_ + places.column[k] + 2) * kLanes<T>;
  }
  int64_t right() const { return kLanes<T>; }
  int64_t below() const { return width_ * kLanes<T>; }

 private:
  int64_t size() const { return (rows_ + 3) * width_ * kLanes<T>; }
  T* pixel(int64_t i) const { return lanes_.get() + ((i / columns_ + 2) * width_ + i % columns_ + 2) * kLanes<T>; }
  template <class Body>
  void each(const Body& body) const {
    for (int64_t at = 0; at < rows_ * columns_; at += kLanes<T>) body(at, std::min(kLanes<T>, rows_ * columns_ - at));
  }
  int64_t rows_, columns_, width_;
  Scratch<T> lanes_;
};

template <class T>
inline void spread(const GridSizes& n, const LanePlaces<T>& places, int64_t k, const Vector<T>& g,
                   const Framed<T>& to) {
  T* pixel = to.at(places, k);
  const auto add = [&](int64_t at, T share) { store(Vector<T>(load(pixel + at) + share * g), pixel + at); };
  const T p = places.below[k], q = places.right[k];
  add(0, (1 - p) * (1 - q));
  if (n.nearest) return;
  add(to.right(), (1 - p) * q), add(to.below(), p * (1 - q)), add(to.below() + to.right(), p * q);
}

// By the column and by the row of a place, lane by lane.
template <class T>
inline void slope(const LanePlaces<T>& places, int64_t k, const Vector<T>& g, const Framed<T>& image, Vector<T>& across,
                  Vector<T>& down) {
  const T p = places.below[k], q = places.right[k], *pixel = image.at(places, k);
  const Vector<T> ul = load(pixel), ur = load(pixel + image.right()), ll = load(pixel + image.below()),
                  lr = load(pixel + image.below() + image.right());
  across = g * ((1 - p) * (ur - ul) + p * (lr - ll));
  down = g * ((1 - q) * (ll - ul) + q * (lr - ur));
}

// Of each of the vectors, which are gone after it.
template <class T>
inline Vector<T> sums(Vector<T> (&lanes)[kLanes<T>]) {
  tile::transpose<T>(lanes);
  Vector<T> sum = lanes[0];
  for (int64_t c = 1; c < kLanes<T>; ++c) sum += lanes[c];
  return sum;
}

// parts [B, groups, P, 2], each group's share of d_grid [B, P, 2].
template <class T>
void add_groups(const GridSizes& n, const T* parts, int64_t groups, T* d_grid) {
  const int64_t size = 2 * n.places;
  parallel_chunks(n.batch, [&](int64_t b) {
    std::copy_n(parts + b * groups * size, size, d_grid + b * size);
    for (int64_t group = 1; group < groups; ++group)
#pragma omp simd
      for (int64_t i = 0; i < size; ++i) d_grid[b * size + i] += parts[(b * groups + group) * size + i];
  });
}

}  // namespace

template <class T>
void grid_sample_lanes(const GridSizes& n, const T* x, const T* grid, T* y) {
  const int64_t P = n.places, all = n.rows * n.columns;
  for_groups<T>(n, [&](const Channels& part, int64_t) {
    const int64_t plane = part.image * n.channels + part.first;
    Framed<T> image(n);
    image.read(x + plane * all, part.count);
    LanePlaces<T> places;
    Vector<T> out[kLanes<T>] = {};
    for (int64_t first = 0; first < P; first += kLanes<T>) {
      const int64_t width = std::min(kLanes<T>, P - first);
      find_places(n, grid + (part.image * P + first) * 2, width, places);
      for (int64_t k = 0; k < width; ++k) {
        const T p = places.below[k], q = places.right[k], *pixel = image.at(places, k);
        const auto between = [&](const T* left) {
          return Vector<T>((1 - q) * load(left) + q * load(left + image.right()));
        };
        out[k] = n.nearest ? Vector<T>(load(pixel) + (p + q))
                           : Vector<T>((1 - p) * between(pixel) + p * between(pixel + image.below()));
      }
      write_lanes(out, part.count, P, first, y + plane * P);
    }
  });
}

template <class T>
void grid_sample_backward_lanes(const GridSizes& n, const T* dy, const T* x, const T* grid, T* d_x, T* d_grid) {
  const int64_t P = n.places, all = n.rows * n.columns, groups = groups_of<T>(n);
  const Scratch<T> parts(d_grid ? n.batch * groups * P * 2 : 0);
  for_groups<T>(n, [&](const Channels& part, int64_t group) {
    const int64_t plane = part.image * n.channels + part.first;
    std::optional<Framed<T>> image, d_image;
    if (d_grid) image.emplace(n).read(x + plane * all, part.count);
    if (d_x) d_image.emplace(n);
    LanePlaces<T> places;
    Vector<T> g[kLanes<T>], across[kLanes<T>] = {}, down[kLanes<T>] = {};
    for (int64_t first = 0; first < P; first += kLanes<T>) {
      const int64_t width = std::min(kLanes<T>, P - first);
      find_places(n, grid + (part.image * P + first) * 2, width, places);
      read_lanes(dy + plane * P, part.count, P, first, g);
      for (int64_t k = 0; k < width; ++k) {
        if (d_x) spread(n, places, k, g[k], *d_image);
        if (d_grid) slope(places, k, g[k], *image, across[k], down[k]);
      }
      if (!d_grid) continue;
      const Vector<T> columns = sums<T>(across) * load(places.across), rows = sums<T>(down) * load(places.down);
      T* to = parts.get() + (group * P + first) * 2;
      for (int64_t k = 0; k < width; ++k) to[2 * k] = columns[k], to[2 * k + 1] = rows[k];
    }
    if (d_x) d_image->write(part.count, d_x + plane * all);
  });
  if (d_grid) add_groups(n, parts.get(), groups, d_grid);
}

template void grid_sample_lanes(const GridSizes&, const float*, const float*, float*);
template void grid_sample_lanes(const GridSizes&, const double*, const double*, double*);
template void grid_sample_backward_lanes(const GridSizes&, const float*, const float*, const float*, float*, float*);
template void grid_sample_backward_lanes(const GridSizes&, const double*, const double*, const double*, double*,
                                         double*);

}  // namespace fovea::kernels
