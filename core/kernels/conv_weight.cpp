// The weight's gradient: dot products of rows of g with shifted rows of padded x (conv_patches.h), both zero or finite
// in the columns of no meaning. A few images go together, so that a tile's sums stay in registers for long.
#include <fovea/core/kernels/conv_patches.h>
#include <fovea/core/kernels/rows.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/parallel.h>

#include <cstring>

namespace fovea::kernels {
namespace {

using namespace patches;

// A register tile is kDotRows filters by kDotTaps taps.
constexpr int kDotRows = kVectorBytes == 64 ? 4 : 3, kDotTaps = kVectorBytes == 64 ? 6 : kVectorBytes == 32 ? 4 : 3;
constexpr int64_t kGroup = 1 << 18;  // elements of x and g that are worked on at once
constexpr int64_t kPieces = 8;       // sums that the gradient is made of, at most

// sum(i, p) = sum_j g(i, j) x(offsets(p) + j) over `count` images.
template <class T>
struct Dots {
  const T *g, *x;
  int64_t count, g_step, x_step, columns;  // columns: a multiple of the lanes
};

template <class T>
void add_dots(const Dots<T>& job, const int64_t* offsets, T (&out)[kDotRows][kDotTaps]) {
  using Vector = typename Lanes<T>::Vector;
  Vector sum[kDotRows][kDotTaps] = {};
  for (int64_t image = 0; image < job.count; ++image) {
    const T *g = job.g + image * job.g_step, *x = job.x + image * job.x_step;
    for (int64_t j = 0; j < job.columns; j += kLanes<T>) {
      Vector left[kDotRows];
#pragma GCC unroll 8
      for (int i = 0; i < kDotRows; ++i) std::memcpy(&left[i], g + i * job.columns + j, sizeof(Vector));
#pragma GCC unroll 8
      for (int p = 0; p < kDotTaps; ++p) {
        Vector right;
        std::memcpy(&right, x + offsets[p] + j, sizeof(Vector));
#pragma GCC unroll 8
        for (int i = 0; i < kDotRows; ++i) sum[i][p] += left[i] * right;
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kDotRows; ++i)
#pragma GCC unroll 8
    for (int p = 0; p < kDotTaps; ++p) {
      T lanes[kLanes<T>];
      std::memcpy(lanes, &sum[i][p], sizeof(lanes));
      out[i][p] = sum_lanes<kLanes<T>>(lanes);
    }
}

// The sum over some (image, band) pairs in order; dweight is zero before.
template <class T>
class WeightSum {
 public:
  WeightSum(const Patches& patches, const T* g, const T* x)
      : at_(patches), n_(patches.n), g_(g), x_(x), columns_(round_up(patches.band * patches.pitch, kLanes<T>)) {
    filters_ = round_up(n_.filters, kDotRows);
    g_step_ = filters_ * columns_;
    x_step_ = round_up(patches.template size<T>(), kLanes<T>);
    together_ = std::max<int64_t>(1, kGroup / (g_step_ + x_step_));
    offsets_ = patches.offsets;
    while (offsets_.size() % kDotTaps != 0) offsets_.push_back(0);
  }
  void add(int64_t begin, int64_t end, T* dweight) const {
    const Scratch<T> g(together_ * g_step_ + kLanes<T>), x(together_ * x_step_);
    for (int64_t first = begin; first < end; first += together_) {
      const int64_t count = std::min(together_, end - first);
      for (int64_t i = 0; i < count; ++i) load(first + i, g.get() + i * g_step_, x.get() + i * x_step_);
      add_group(g.get(), x.get(), count, dweight);
    }
  }

 private:
  void load(int64_t tile, T* g, T* x) const {
    const int64_t image = tile / at_.bands, row = tile % at_.bands * at_.band;
    const ConvAxis &r = n_.rows, &c = n_.columns;
    at_.fill(x_ + image * n_.channels * r.in * c.in, row, x);
    const T* from = g_ + image * n_.filters * r.out * c.out;
    for (int64_t o = 0; o < filters_; ++o, g += columns_) {
      const int64_t filled = o < n_.filters ? at_.band * at_.pitch : 0;
      if (o < n_.filters) load_plane(from + o * r.out * c.out, r.out, c.out, {row, 1, at_.band}, {0, 1, at_.pitch}, g);
      std::fill_n(g + filled, columns_ - filled, T(0));
    }
  }
  void add_group(const T* g, const T* x, int64_t count, T* dweight) const {
    const auto taps = static_cast<int64_t>(at_.offsets.size());
    for (int64_t o = 0; o < n_.filters; o += kDotRows)
      for (int64_t p = 0; p < taps; p += kDotTaps) {
        T found[kDotRows][kDotTaps];
        add_dots<T>({g + o * columns_, x, count, g_step_, x_step_, columns_}, offsets_.data() + p, found);
        for (int64_t i = 0; i < std::min<int64_t>(kDotRows, n_.filters - o); ++i)
          for (int64_t k = 0; k < std::min<int64_t>(kDotTaps, taps - p); ++k)
            dweight[(o + i) * taps + p + k] += found[i][k];
      }
  }

  const Patches& at_;
  ConvSizes n_;
  const T *g_, *x_;
  int64_t columns_, filters_, g_step_, x_step_, together_;
  std::vector<int64_t> offsets_;
};

}  // namespace

template <class T>
void conv2d_weight(const ConvSizes& n, const T* g, const T* x, T* dweight) {
  const Patches at(n);
  const WeightSum<T> sum(at, g, x);
  const int64_t size = n.filters * static_cast<int64_t>(at.offsets.size()), tiles = n.batch * at.bands;
  const int64_t each = std::max<int64_t>(1, divide_up(tiles, kPieces)),
                pieces = std::max<int64_t>(1, divide_up(tiles, each));
  const Scratch<T> others((pieces - 1) * size);
  const auto part = [&](int64_t piece) { return piece == 0 ? dweight : others.get() + (piece - 1) * size; };
  parallel_chunks(pieces, [&](int64_t piece) {
    std::fill_n(part(piece), size, T(0));
    sum.add(piece * each, std::min(tiles, (piece + 1) * each), part(piece));
  });
  for (int64_t piece = 1; piece < pieces; ++piece) {
    const T* more = part(piece);
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) dweight[i] += more[i];
  }
}

template void conv2d_weight(const ConvSizes&, const float*, const float*, float*);
template void conv2d_weight(const ConvSizes&, const double*, const double*, double*);

}  // namespace fovea::kernels
