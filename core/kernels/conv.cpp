// The product of the filters, in blocks of rows, with the shifted rows of padded x (conv_patches.h). The gradient by x
// is the same product over g, with the filters turned around, for each phase of x.
#include <fovea/core/kernels/conv_product.h>
#include <fovea/core/parallel.h>

#include <memory>

namespace fovea::kernels {
namespace {

using namespace patches;

constexpr int64_t kPiece = 1 << 20;  // multiply-adds that are worth a thread

int64_t grain_for(int64_t work) { return std::max<int64_t>(1, kPiece / std::max<int64_t>(1, work)); }

// The gradient by x where its rows are a and its columns b, modulo the stride, counted in padded x: a product of g with
// the taps a + stride t of the kernel, at distance t upwards.
template <class T>
struct Phase {
  // rows, width, height, pitch: of a band of g, height and pitch with the rows and columns that taps reach beyond.
  Phase(const ConvSizes& n, const T* weight, int64_t row, int64_t column, int64_t rows, int64_t width, int64_t height,
        int64_t pitch)
      : a(row),
        b(column),
        product(n.channels, offsets(n, a, b, height, pitch), rows, width, pitch, nullptr, [&](int64_t c, int64_t p) {
          const int64_t across = divide_up(n.columns.kernel - b, n.columns.stride);
          const int64_t taps = divide_up(n.rows.kernel - a, n.rows.stride) * across;
          const int64_t u = a + p % taps / across * n.rows.stride, v = b + p % across * n.columns.stride;
          return weight[((p / taps * n.channels + c) * n.rows.kernel + u) * n.columns.kernel + v];
        }) {}
  static std::vector<int64_t> offsets(const ConvSizes& n, int64_t a, int64_t b, int64_t height, int64_t pitch) {
    const int64_t down = divide_up(n.rows.kernel, n.rows.stride),
                  across = divide_up(n.columns.kernel, n.columns.stride);
    std::vector<int64_t> found;
    for (int64_t o = 0; o < n.filters; ++o)
      for (int64_t t = 0; t < divide_up(n.rows.kernel - a, n.rows.stride); ++t)
        for (int64_t s = 0; s < divide_up(n.columns.kernel - b, n.columns.stride); ++s)
          found.push_back((o * height + down - 1 - t) * pitch + across - 1 - s);
    return found;
  }
  int64_t a, b;
  Product<T> product;
};

}  // namespace

template <class T>
void conv2d(const ConvSizes& n, const T* x, const T* weight, const T* bias, T* y) {
  const Patches at(n);
  const auto taps = static_cast<int64_t>(at.offsets.size()), plane = n.rows.out * n.columns.out;
  const Product<T> product(n.filters, at.offsets, at.band, n.columns.out, at.pitch, bias,
                           [&](int64_t o, int64_t p) { return weight[o * taps + p]; });
  parallel_for(n.batch * at.bands, grain_for(at.band * at.pitch * taps * n.filters), [&](int64_t begin, int64_t end) {
    const Scratch<T> source(at.template size<T>()), scratch(product.scratch());
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t image = tile / at.bands, row = tile % at.bands * at.band;
      at.fill(x + image * n.channels * n.rows.in * n.columns.in, row, source.get());
      product(source.get(), scratch.get(), {row, 1, at.band}, {0, 1, n.columns.out}, n.rows.out, n.columns.out,
              y + image * n.filters * plane);
    }
  });
}

template <class T>
void conv2d_input(const ConvSizes& n, const T* g, const T* weight, T* dx) {
  const ConvAxis &r = n.rows, &c = n.columns;
  const int64_t plane = r.in * c.in, down = divide_up(r.kernel, r.stride), across = divide_up(c.kernel, c.stride);
  // The gradient's rows and columns, in units of the stride, that are not padding alone.
  const int64_t top = r.padding / r.stride, rows = divide_up(r.padding + r.in, r.stride) - top;
  const int64_t left = c.padding / c.stride, width = divide_up(c.padding + c.in, c.stride) - left;
  const int64_t pitch = width + across - 1;
  const int64_t band = band_of(rows, down - 1, n.filters * pitch), bands = divide_up(rows, band);
  const int64_t height = band + down - 1;
  std::vector<std::unique_ptr<Phase<T>>> phases;
  for (int64_t a = 0; a < std::min(r.stride, r.kernel); ++a)
    for (int64_t b = 0; b < std::min(c.stride, c.kernel); ++b)
      phases.push_back(std::make_unique<Phase<T>>(n, weight, a, b, band, width, height, pitch));
  if (r.stride > r.kernel || c.stride > c.kernel) std::fill_n(dx, n.batch * n.channels * plane, T(0));
  const int64_t slack = across + kPanel<T>, work = band * pitch * n.filters * n.channels * r.kernel * c.kernel;
  parallel_for(n.batch * bands, grain_for(work / (r.stride * c.stride)), [&](int64_t begin, int64_t end) {
    int64_t most = 0;
    for (const auto& phase : phases) most = std::max(most, phase->product.scratch());
    const Scratch<T> source(n.filters * height * pitch + slack), scratch(most);
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t image = tile / bands, row = top + tile % bands * band;
      for (int64_t o = 0; o < n.filters; ++o)
        load_plane(g + (image * n.filters + o) * r.out * c.out, r.out, c.out, {row - (down - 1), 1, height},
                   {left - (across - 1), 1, pitch}, source.get() + o * height * pitch);
      std::fill_n(source.get() + n.filters * height * pitch, slack, T(0));
      for (const auto& phase : phases)
        phase->product(source.get(), scratch.get(), {row * r.stride + phase->a - r.padding, r.stride, band},
                       {left * c.stride + phase->b - c.padding, c.stride, width}, r.in, c.in,
                       dx + image * n.channels * plane);
    }
  });
}

template void conv2d(const ConvSizes&, const float*, const float*, const float*, float*);
template void conv2d(const ConvSizes&, const double*, const double*, const double*, double*);
template void conv2d_input(const ConvSizes&, const float*, const float*, float*);
template void conv2d_input(const ConvSizes&, const double*, const double*, double*);

}  // namespace fovea::kernels
