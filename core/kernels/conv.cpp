// The product of the filters, in blocks of rows, with the shifted rows of padded x (conv_patches.h). The gradient by x
// is the same product over g, with the filters turned around, for each phase of x.
#include <fovea/core/kernels/conv_patches.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/parallel.h>

#include <cstring>
#include <memory>

namespace fovea::kernels {
namespace {

using namespace patches;

constexpr int64_t kPiece = 1 << 20;  // multiply-adds that are worth a thread

// plane(rows(r), columns(c)) = buffer(r, c), where that lies inside; buffer rows lie `pitch` apart.
template <class T>
void store_plane(const T* buffer, int64_t pitch, const Walk& rows, const Walk& columns, int64_t height, int64_t width,
                 T* plane) {
  int64_t top, bottom, left, right;
  rows.inside(height, top, bottom);
  columns.inside(width, left, right);
  for (int64_t r = top; r < bottom; ++r) {
    const T* from = buffer + r * pitch;
    T* to = plane + (rows.first + r * rows.step) * width + columns.first;
    if (columns.step == 1) {
      copy_row(from + left, right - left, to + left);
    } else {
      for (int64_t c = left; c < right; ++c) to[c * columns.step] = from[c];
    }
  }
}

// out(i, j) = start(i) + sum_p weights(i, p) source(offsets(p) + j) for one block of up to kRows rows i; j < columns.
template <class T>
struct Product {
  const T* source;
  const std::vector<int64_t>& offsets;
  int64_t columns;   // a multiple of kPanel
  const T* weights;  // a block of pack_rows
  T* out;
};

template <class T, int rows>
void multiply(const Product<T>& job) {
  using Vector = typename Lanes<T>::Vector;
  const auto taps = static_cast<int64_t>(job.offsets.size());
  const int64_t* offsets = job.offsets.data();
  for (int64_t column = 0; column < job.columns; column += kPanel<T>) {
    Vector sum[rows][kVectors];
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < kVectors; ++j) sum[i][j] = Vector{} + job.weights[i];
    const T* weights = job.weights + kRows;
    const T* source = job.source + column;
    for (int64_t p = 0; p < taps; ++p, weights += kRows) {
      Vector x[kVectors];
      for (int j = 0; j < kVectors; ++j) std::memcpy(&x[j], source + offsets[p] + j * kLanes<T>, sizeof(Vector));
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < kVectors; ++j) sum[i][j] += weights[i] * x[j];
    }
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < kVectors; ++j)
        std::memcpy(job.out + i * job.columns + column + j * kLanes<T>, &sum[i][j], sizeof(Vector));
  }
}

template <class T, int rows = kRows>
void multiply_rows(int64_t m, const Product<T>& job) {
  if constexpr (rows > 0) {
    if (m == rows) return multiply<T, rows>(job);
    multiply_rows<T, rows - 1>(m, job);
  }
}

// Weights [m, taps] in blocks of kRows rows: the rows' starts (null: 0), then column after column. at(i, p): the
// element.
template <class T, class At>
void pack_rows(int64_t m, int64_t taps, const T* start, T* packed, At&& at) {
  for (int64_t row = 0; row < m; row += kRows) {
    for (int64_t i = row; i < row + kRows; ++i) *packed++ = start != nullptr && i < m ? start[i] : T(0);
    for (int64_t p = 0; p < taps; ++p)
      for (int64_t i = row; i < row + kRows; ++i) *packed++ = i < m ? at(i, p) : T(0);
  }
}
int64_t packed_rows(int64_t m, int64_t taps) { return round_up(m, kRows) * (1 + taps); }

int64_t grain_for(int64_t work) { return std::max<int64_t>(1, kPiece / std::max<int64_t>(1, work)); }

// The gradient by x where its rows are a and its columns b, modulo the stride, counted in padded x: a product of g with
// the taps a + stride t of the kernel, at distance t upwards.
template <class T>
struct Phase {
  Phase(const ConvSizes& n, const T* weight, int64_t row, int64_t column, int64_t height, int64_t pitch)
      : a(row),
        b(column),
        taps_down(divide_up(n.rows.kernel - row, n.rows.stride)),
        taps_across(divide_up(n.columns.kernel - column, n.columns.stride)),
        weights(packed_rows(n.channels, n.filters * taps_down * taps_across)) {
    const int64_t down = divide_up(n.rows.kernel, n.rows.stride),
                  across = divide_up(n.columns.kernel, n.columns.stride);
    for (int64_t o = 0; o < n.filters; ++o)
      for (int64_t t = 0; t < taps_down; ++t)
        for (int64_t s = 0; s < taps_across; ++s)
          offsets.push_back((o * height + down - 1 - t) * pitch + across - 1 - s);
    const int64_t taps = taps_down * taps_across;
    pack_rows<T>(n.channels, n.filters * taps, nullptr, weights.get(), [&](int64_t c, int64_t p) {
      const int64_t u = a + p % taps / taps_across * n.rows.stride, v = b + p % taps_across * n.columns.stride;
      return weight[((p / taps * n.channels + c) * n.rows.kernel + u) * n.columns.kernel + v];
    });
  }
  int64_t a, b, taps_down, taps_across;
  std::vector<int64_t> offsets;
  Scratch<T> weights;
};

}  // namespace

template <class T>
void conv2d(const ConvSizes& n, const T* x, const T* weight, const T* bias, T* y) {
  const Patches at(n);
  const auto taps = static_cast<int64_t>(at.offsets.size());
  const Scratch<T> packed(packed_rows(n.filters, taps));
  pack_rows(n.filters, taps, bias, packed.get(), [&](int64_t o, int64_t p) { return weight[o * taps + p]; });
  const int64_t columns = round_up(at.band * at.pitch, kPanel<T>), plane = n.rows.out * n.columns.out;
  parallel_for(n.batch * at.bands, grain_for(columns * taps * n.filters), [&](int64_t begin, int64_t end) {
    const Scratch<T> source(at.template size<T>()), out(kRows * columns);
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t image = tile / at.bands, row = tile % at.bands * at.band;
      at.fill(x + image * n.channels * n.rows.in * n.columns.in, row, source.get());
      for (int64_t o = 0; o < n.filters; o += kRows) {
        const int64_t count = std::min<int64_t>(kRows, n.filters - o);
        multiply_rows<T>(count, {source.get(), at.offsets, columns, packed.get() + o * (1 + taps), out.get()});
        for (int64_t i = 0; i < count; ++i)
          store_plane(out.get() + i * columns, at.pitch, {row, 1, at.band}, {0, 1, n.columns.out}, n.rows.out,
                      n.columns.out, y + (image * n.filters + o + i) * plane);
      }
    }
  });
}

template <class T>
void conv2d_input(const ConvSizes& n, const T* g, const T* weight, T* dx) {
  const ConvAxis &r = n.rows, &c = n.columns;
  const int64_t plane = r.in * c.in, down = divide_up(r.kernel, r.stride), across = divide_up(c.kernel, c.stride);
  // The gradient's rows and columns, in units of the stride, that are not padding alone.
  const int64_t top = r.padding / r.stride, rows = divide_up(r.padding + r.in, r.stride) - top;
  const int64_t left = c.padding / c.stride, pitch = divide_up(c.padding + c.in, c.stride) - left + across - 1;
  const int64_t band = band_of(rows, down - 1, n.filters * pitch), bands = divide_up(rows, band);
  const int64_t height = band + down - 1, columns = round_up(band * pitch, kPanel<T>);
  std::vector<std::unique_ptr<Phase<T>>> phases;
  for (int64_t a = 0; a < std::min(r.stride, r.kernel); ++a)
    for (int64_t b = 0; b < std::min(c.stride, c.kernel); ++b)
      phases.push_back(std::make_unique<Phase<T>>(n, weight, a, b, height, pitch));
  if (r.stride > r.kernel || c.stride > c.kernel) std::fill_n(dx, n.batch * n.channels * plane, T(0));
  const int64_t slack = across + kPanel<T>, work = columns * n.filters * n.channels * r.kernel * c.kernel;
  parallel_for(n.batch * bands, grain_for(work / (r.stride * c.stride)), [&](int64_t begin, int64_t end) {
    const Scratch<T> source(n.filters * height * pitch + slack), out(kRows * columns);
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t image = tile / bands, row = top + tile % bands * band;
      for (int64_t o = 0; o < n.filters; ++o)
        load_plane(g + (image * n.filters + o) * r.out * c.out, r.out, c.out, {row - (down - 1), 1, height},
                   {left - (across - 1), 1, pitch}, source.get() + o * height * pitch);
      std::fill_n(source.get() + n.filters * height * pitch, slack, T(0));
      for (const auto& phase : phases)
        for (int64_t k = 0; k < n.channels; k += kRows) {
          const int64_t count = std::min<int64_t>(kRows, n.channels - k);
          const auto taps = static_cast<int64_t>(phase->offsets.size());
          multiply_rows<T>(count,
                           {source.get(), phase->offsets, columns, phase->weights.get() + k * (1 + taps), out.get()});
          for (int64_t i = 0; i < count; ++i)
            store_plane(out.get() + i * columns, pitch, {row * r.stride + phase->a - r.padding, r.stride, band},
                        {left * c.stride + phase->b - c.padding, c.stride, pitch - across + 1}, r.in, c.in,
                        dx + (image * n.channels + k + i) * plane);
        }
    }
  });
}

template void conv2d(const ConvSizes&, const float*, const float*, const float*, float*);
template void conv2d(const ConvSizes&, const double*, const double*, const double*, double*);
template void conv2d_input(const ConvSizes&, const float*, const float*, float*);
template void conv2d_input(const ConvSizes&, const double*, const double*, double*);

}  // namespace fovea::kernels
