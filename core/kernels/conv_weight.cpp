// The weight's gradient, one image, or band of one, after the other. Filters lie along the vectors, g turned over for
// that; a tile of registers, a block of filters by some taps, adds at each position g's vectors times what the taps
// meet there in padded x (conv_patches.h).
#include <fovea/core/kernels/conv_patches.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/kernels/transpose.h>
#include <fovea/core/parallel.h>

#include <cstring>

namespace fovea::kernels {
namespace {

using namespace patches;

constexpr int64_t kPieces = 8;  // sums that the gradient is made of, at most

// The rows of an image that a tile of x makes.
struct Band {
  Band(const Patches& at, int64_t tile)
      : image(tile / at.bands), row(tile % at.bands * at.band), rows(std::min(at.band, at.n.rows.out - row)) {}
  int64_t image, row, rows;
};

// Taps of a tile whose filters are one vector; half of them where they are two.
constexpr int kTaps = kVectorBytes == 64 ? 28 : kVectorBytes == 32 ? 12 : 10;

template <class T>
class WeightSum {
 public:
  explicit WeightSum(const Patches& patches)
      : at_(patches),
        n_(patches.n),
        taps_(static_cast<int64_t>(patches.offsets.size())),
        filters_(round_up(patches.n.filters, kLanes<T>)) {}

  // Elements of a sum, which holds the filters of a block side by side, tap by tap.
  int64_t size() const { return filters_ * taps_; }

  void add(int64_t begin, int64_t end, const T* g, const T* x, T* sum) const {
    const Scratch<T> source(at_.template size<T>()), turned(filters_ * at_.band * n_.columns.out);
    for (int64_t tile = begin; tile < end; ++tile) {
      const Band band(at_, tile);
      at_.fill(x + band.image * n_.channels * n_.rows.in * n_.columns.in, band.row, source.get());
      turn(g + (band.image * n_.filters * n_.rows.out + band.row) * n_.columns.out, band.rows, turned.get());
      add_blocks(band.rows, source.get(), turned.get(), sum);
    }
  }
  // dweight(o, p) of a sum.
  void unpack(const T* sum, T* dweight) const {
    for_blocks([&](int64_t first, int64_t width) {
      for (int64_t o = first; o < std::min(n_.filters, first + width); ++o)
        for (int64_t p = 0; p < taps_; ++p) dweight[o * taps_ + p] = sum[first * taps_ + p * width + o - first];
    });
  }

 private:
  template <class Block>
  void for_blocks(const Block& block) const {
    for (int64_t first = 0; first < filters_; first += kPanel<T>) block(first, std::min(kPanel<T>, filters_ - first));
  }
  // g [O, positions] of some rows -> [positions, filters of a block], block after block.
  void turn(const T* g, int64_t rows, T* to) const {
    const int64_t positions = rows * n_.columns.out, plane = n_.rows.out * n_.columns.out;
    for_blocks([&](int64_t first, int64_t width) {
      for (int64_t o = first; o < first + width; o += kLanes<T>) {
        const int64_t count = std::min<int64_t>(kLanes<T>, n_.filters - o);
        T* block = to + first * positions + o - first;
        int64_t j = 0;
        if (count == kLanes<T>)
          for (; j + kLanes<T> <= positions; j += kLanes<T>)
            turn_square(g + o * plane + j, plane, width, block + j * width);
        for (; j < positions; ++j)
          for (int64_t i = 0; i < kLanes<T>; ++i) block[j * width + i] = i < count ? g[(o + i) * plane + j] : T(0);
      }
    });
  }
  static void turn_square(const T* from, int64_t from_step, int64_t to_step, T* to) {
    typename Lanes<T>::Vector square[kLanes<T>];
#pragma GCC unroll 16
    for (int i = 0; i < kLanes<T>; ++i) std::memcpy(&square[i], from + i * from_step, sizeof(square[i]));
    transpose<T>(square);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes<T>; ++i) std::memcpy(to + i * to_step, &square[i], sizeof(square[i]));
  }
  void add_blocks(int64_t rows, const T* x, const T* g, T* sum) const {
    for_blocks([&](int64_t first, int64_t width) {
      const bool wide = width == kPanel<T>;
      const int64_t most = wide ? kTaps / 2 : kTaps,
                    each = divide_up(taps_, std::max<int64_t>(1, divide_up(taps_, most)));
      for (int64_t p = 0; p < taps_; p += each) {
        const Job job{x, g + first * rows * n_.columns.out, at_.offsets.data() + p, rows, n_.columns.out, at_.pitch};
        T* to = sum + first * taps_ + p * width;
        const int64_t count = std::min(each, taps_ - p);
        wide ? job.template add_some<kVectors, kTaps / 2>(count, to) : job.template add_some<1, kTaps>(count, to);
      }
    });
  }

  struct Job {
    const T *x, *g;
    const int64_t* offsets;
    int64_t rows, width, pitch;

    template <int vectors, int taps>
    void add(T* to) const {
      using Vector = typename Lanes<T>::Vector;
      Vector sum[taps][vectors] = {};
      const T* at = g;
      for (int64_t r = 0; r < rows; ++r)
        for (const T *from = x + r * pitch, *end = from + width; from < end; ++from, at += vectors * kLanes<T>) {
          Vector left[vectors];
#pragma GCC unroll 2
          for (int k = 0; k < vectors; ++k) std::memcpy(&left[k], at + k * kLanes<T>, sizeof(Vector));
#pragma GCC unroll 28
          for (int p = 0; p < taps; ++p)
#pragma GCC unroll 2
            for (int k = 0; k < vectors; ++k) sum[p][k] += from[offsets[p]] * left[k];
        }
#pragma GCC unroll 28
      for (int p = 0; p < taps; ++p)
#pragma GCC unroll 2
        for (int k = 0; k < vectors; ++k, to += kLanes<T>) {
          Vector before;
          std::memcpy(&before, to, sizeof(before));
          before += sum[p][k];
          std::memcpy(to, &before, sizeof(before));
        }
    }
    template <int vectors, int taps>
    void add_some(int64_t count, T* to) const {
      if constexpr (taps > 0) {
        if (count == taps) return add<vectors, taps>(to);
        add_some<vectors, taps - 1>(count, to);
      }
    }
  };

  const Patches& at_;
  ConvSizes n_;
  int64_t taps_, filters_;
};

}  // namespace

template <class T>
void conv2d_weight(const ConvSizes& n, const T* g, const T* x, T* dweight) {
  const Patches at(n);
  const WeightSum<T> sums(at);
  const int64_t tiles = n.batch * at.bands, each = std::max<int64_t>(1, divide_up(tiles, kPieces)),
                pieces = std::max<int64_t>(1, divide_up(tiles, each));
  const Scratch<T> parts(pieces * sums.size());
  const auto part = [&](int64_t piece) { return parts.get() + piece * sums.size(); };
  parallel_chunks(pieces, [&](int64_t piece) {
    std::fill_n(part(piece), sums.size(), T(0));
    sums.add(piece * each, std::min(tiles, (piece + 1) * each), g, x, part(piece));
  });
  for (int64_t piece = 1; piece < pieces; ++piece) {
    T* first = part(0);
    const T* more = part(piece);
#pragma omp simd
    for (int64_t i = 0; i < sums.size(); ++i) first[i] += more[i];
  }
  sums.unpack(part(0), dweight);
}

template void conv2d_weight(const ConvSizes&, const float*, const float*, float*);
template void conv2d_weight(const ConvSizes&, const double*, const double*, double*);

}  // namespace fovea::kernels
