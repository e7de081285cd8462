// What convolution and its gradient by the weight share: padded x, laid out so that all outputs meet a tap at the same
// distance. Padded x is split by the stride into phases: phase (a, b) holds rows a, a + stride, .. and columns b, b +
// stride, .., of those that the kernel meets. Output row i, column j lies at i * pitch + j, and tap (u, v) meets there
// the element of phase (u mod stride, v mod stride) that lies (u / stride) pitch + v / stride further on. A few columns
// at each row's end are outputs of no meaning, and dropped.
#pragma once

#include <fovea/core/kernels/conv.h>
#include <fovea/core/kernels/register_tile.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

namespace fovea::kernels::patches {

using namespace tile;

constexpr int64_t kBand = 1 << 15;  // elements of padded input that are worked on at once

inline int64_t divide_up(int64_t n, int64_t by) { return (n + by - 1) / by; }
inline int64_t round_up(int64_t n, int64_t to) { return divide_up(n, to) * to; }

// Positions first, first + step, .. of a direction; some may lie outside it.
struct Walk {
  int64_t first, step, count;
  // The part [begin, end) of them that lies in [0, size).
  void inside(int64_t size, int64_t& begin, int64_t& end) const {
    begin = std::min(count, first < 0 ? divide_up(-first, step) : 0);
    end = first >= size ? begin : std::clamp(divide_up(size - first, step), begin, count);
  }
};

// A row of an image in pieces of fixed sizes: rows are so short that a call, or a loop's set-up, would cost more.
template <class T>
void copy_row(const T* from, int64_t count, T* to) {
  const auto* source = reinterpret_cast<const char*>(from);
  auto* target = reinterpret_cast<char*>(to);
  int64_t bytes = count * static_cast<int64_t>(sizeof(T));
  const auto piece = [&](auto size) {
    std::memcpy(target, source, size());
    target += size();
    source += size();
  };
  for (; bytes >= 64; bytes -= 64) piece(std::integral_constant<size_t, 64>());
  if ((bytes & 32) != 0) piece(std::integral_constant<size_t, 32>());
  if ((bytes & 16) != 0) piece(std::integral_constant<size_t, 16>());
  if ((bytes & 8) != 0) piece(std::integral_constant<size_t, 8>());
  if ((bytes & 4) != 0) piece(std::integral_constant<size_t, 4>());
}

// A vector of each of `count` rows: to[c] = from[c] for c in [begin, end), 0 elsewhere.
template <class T>
void load_inside(const T* from, int64_t from_step, int64_t begin, int64_t end, int64_t count, T* to, int64_t to_step) {
  const auto first = static_cast<int>(std::clamp<int64_t>(begin, 0, kLanes<T>));
  const auto last = static_cast<int>(std::clamp<int64_t>(end, 0, kLanes<T>));
  for (int64_t r = 0; r < count; ++r, from += from_step, to += to_step) {
    T lanes[kLanes<T>];
#pragma omp simd
    for (int c = 0; c < kLanes<T>; ++c) lanes[c] = c >= first && c < last ? from[c] : T(0);
    std::memcpy(to, lanes, sizeof(lanes));
  }
}

// buffer(r, c) = plane(rows(r), columns(c)), 0 outside it; buffer rows lie columns.count apart. Writes up to a vector
// beyond the last row.
template <class T>
void load_plane(const T* plane, int64_t height, int64_t width, const Walk& rows, const Walk& columns, T* buffer) {
  int64_t top, bottom, left, right;
  rows.inside(height, top, bottom);
  columns.inside(width, left, right);
  std::fill_n(buffer, top * columns.count, T(0));
  const auto from = [&](int64_t r) { return plane + (rows.first + r * rows.step) * width + columns.first; };
  if (columns.step == 1) {
    // From the right: what a vector writes beyond its row's end is where the next row begins.
    for (int64_t c = round_up(columns.count, kLanes<T>) - kLanes<T>; c >= 0; c -= kLanes<T>)
      load_inside(from(top) + c, rows.step * width, left - c, right - c, bottom - top, buffer + top * columns.count + c,
                  columns.count);
  } else {
    for (int64_t r = top; r < bottom; ++r) {
      T* to = buffer + r * columns.count;
      std::fill_n(to, columns.count, T(0));
      for (int64_t c = left; c < right; ++c) to[c] = from(r)[c * columns.step];
    }
  }
  std::fill_n(buffer + bottom * columns.count, (rows.count - bottom) * columns.count, T(0));
}

// Rows of output that are worked on at once, so many that `row` elements for each, and a halo, stay in the cache.
inline int64_t band_of(int64_t rows, int64_t halo, int64_t row) {
  const int64_t most = std::max<int64_t>(1, kBand / std::max<int64_t>(1, row) - halo);
  return rows == 0 ? 1 : divide_up(rows, divide_up(rows, most));
}

// Padded x for a band of output rows: [C, phases of rows, phases of columns, height, pitch].
class Patches {
 public:
  explicit Patches(const ConvSizes& sizes)
      : n(sizes),
        phase_rows(std::min(n.rows.stride, n.rows.kernel)),
        phase_columns(std::min(n.columns.stride, n.columns.kernel)),
        pitch(n.columns.out + (n.columns.kernel - 1) / n.columns.stride) {
    const int64_t halo = (n.rows.kernel - 1) / n.rows.stride;
    band = band_of(n.rows.out, halo, n.channels * phase_rows * phase_columns * pitch);
    bands = divide_up(n.rows.out, band);
    height = band + halo;
    for (int64_t c = 0; c < n.channels; ++c)
      for (int64_t u = 0; u < n.rows.kernel; ++u)
        for (int64_t v = 0; v < n.columns.kernel; ++v) {
          const int64_t phase = u % n.rows.stride * phase_columns + v % n.columns.stride;
          offsets.push_back(((c * phase_rows * phase_columns + phase) * height + u / n.rows.stride) * pitch +
                            v / n.columns.stride);
        }
  }
  // Elements that fill() writes, zeros behind the last row included: products read a panel beyond.
  template <class T>
  int64_t size() const {
    return n.channels * phase_rows * phase_columns * height * pitch + slack<T>();
  }
  template <class T>
  int64_t slack() const {
    return n.columns.kernel + kPanel<T>;
  }
  template <class T>
  void fill(const T* image, int64_t first_row, T* buffer) const {
    const ConvAxis &r = n.rows, &c = n.columns;
    for (int64_t channel = 0; channel < n.channels; ++channel, image += r.in * c.in)
      for (int64_t a = 0; a < phase_rows; ++a)
        for (int64_t b = 0; b < phase_columns; ++b, buffer += height * pitch)
          load_plane(image, r.in, c.in, {first_row * r.stride + a - r.padding, r.stride, height},
                     {b - c.padding, c.stride, pitch}, buffer);
    std::fill_n(buffer, slack<T>(), T(0));
  }

  ConvSizes n;
  int64_t phase_rows, phase_columns, pitch;
  int64_t band, bands, height;
  std::vector<int64_t> offsets;  // of the taps (c, u, v)
};

}  // namespace fovea::kernels::patches
