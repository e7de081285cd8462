// The product of filters with padded x as conv_patches.h lays it out:
//   y(i, r, c) = start(i) + sum_p w(i, p) source(offsets(p) + r pitch + c)
// in register tiles of one of two kinds. Along the columns, a vector holds neighbours of a row, those of no meaning
// too; along the filters, it holds filters at one output, which are turned over when they are stored. Either way an
// element is one chain of multiply-adds over p in rising order; what takes fewer is chosen by the sizes alone.
#pragma once

#include <fovea/core/kernels/conv_patches.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/kernels/transpose.h>

namespace fovea::kernels::patches {

// A tile along the filters: kVectors vectors of them at up to kOutputs neighbours of a row.
constexpr int kOutputs = kVectorBytes == 64 ? 14 : kVectorBytes == 32 ? 6 : 4;

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

// Filters in blocks of kRows; a block's outputs are made for all columns before they are stored.
template <class T>
struct AlongColumns {
  static constexpr int64_t kBlock = kRows;
  const T* source;
  const std::vector<int64_t>& offsets;
  int64_t columns;   // a multiple of kPanel
  const T* weights;  // of the block
  T* out;

  template <int rows>
  void multiply() const {
    using Vector = typename Lanes<T>::Vector;
    const auto taps = static_cast<int64_t>(offsets.size());
    for (int64_t column = 0; column < columns; column += kPanel<T>) {
      Vector sum[rows][kVectors];
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < kVectors; ++j) sum[i][j] = Vector{} + weights[i];
      const T* weight = weights + kRows;
      for (int64_t p = 0; p < taps; ++p, weight += kRows) {
        Vector x[kVectors];
        for (int j = 0; j < kVectors; ++j)
          std::memcpy(&x[j], source + column + offsets[static_cast<size_t>(p)] + j * kLanes<T>, sizeof(Vector));
        for (int i = 0; i < rows; ++i)
          for (int j = 0; j < kVectors; ++j) sum[i][j] += weight[i] * x[j];
      }
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < kVectors; ++j)
          std::memcpy(out + i * columns + column + j * kLanes<T>, &sum[i][j], sizeof(Vector));
    }
  }
  template <int rows = kRows>
  void multiply_rows(int64_t m) const {
    if constexpr (rows > 0) {
      if (m == rows) return multiply<rows>();
      multiply_rows<rows - 1>(m);
    }
  }
};

// Filters in blocks of kVectors vectors. Outputs lie `step` apart in a plane, planes `plane` elements.
template <class T>
struct AlongFilters {
  static constexpr int64_t kBlock = kPanel<T>;
  const std::vector<int64_t>& offsets;
  const T* weights;  // of the block
  int64_t filters, step, plane;

  template <int outputs>
  void multiply(const T* source, T* y) const {
    using Vector = typename Lanes<T>::Vector;
    const auto taps = static_cast<int64_t>(offsets.size());
    Vector sum[outputs][kVectors];
    for (int i = 0; i < outputs; ++i)
      for (int j = 0; j < kVectors; ++j) std::memcpy(&sum[i][j], weights + j * kLanes<T>, sizeof(Vector));
    const T* weight = weights + kBlock;
    for (int64_t p = 0; p < taps; ++p, weight += kBlock) {
      const T* x = source + offsets[static_cast<size_t>(p)];
      Vector w[kVectors];
      for (int j = 0; j < kVectors; ++j) std::memcpy(&w[j], weight + j * kLanes<T>, sizeof(Vector));
      for (int i = 0; i < outputs; ++i)
        for (int j = 0; j < kVectors; ++j) sum[i][j] += x[i] * w[j];
    }
    for (int j = 0; j < kVectors; ++j)
      for (int i = 0; i < outputs; i += kLanes<T>) {
        Vector square[kLanes<T>] = {};
        for (int k = i; k < outputs && k < i + kLanes<T>; ++k) square[k - i] = sum[k][j];
        store(square, j * kLanes<T>, outputs - i, y + i * step);
      }
  }
  // Filters `first`, first + 1, .. at `count` outputs.
  void store(typename Lanes<T>::Vector (&square)[kLanes<T>], int64_t first, int64_t count, T* y) const {
    tile::transpose<T>(square);
    const int64_t most = std::min<int64_t>(kLanes<T>, filters - first);
    for (int64_t i = 0; i < most; ++i) {
      T* to = y + (first + i) * plane;
      if (step == 1) {
        store_first<T>(square[i], count, to);
      } else {
        for (int64_t k = 0; k < std::min<int64_t>(count, kLanes<T>); ++k) to[k * step] = square[i][k];
      }
    }
  }
  template <int outputs = kOutputs>
  void multiply_some(int64_t count, const T* source, T* y) const {
    if constexpr (outputs > 0) {
      if (count == outputs) return multiply<outputs>(source, y);
      multiply_some<outputs - 1>(count, source, y);
    }
  }
};

template <class T>
class Product {
 public:
  // start: the filters' starts (null: 0). at(i, p): the weights. A band has `rows` rows of `width` outputs, `pitch`
  // apart.
  template <class At>
  Product(int64_t filters, std::vector<int64_t> offsets, int64_t rows, int64_t width, int64_t pitch, const T* start,
          At&& at)
      : offsets_(std::move(offsets)),
        filters_(filters),
        columns_(round_up(rows * pitch, kPanel<T>)),
        pitch_(pitch),
        along_filters_(2 * width >= kOutputs && round_up(filters, AlongFilters<T>::kBlock) * rows * width <
                                                    round_up(filters, AlongColumns<T>::kBlock) * columns_),
        block_(along_filters_ ? AlongFilters<T>::kBlock : AlongColumns<T>::kBlock),
        weights_(round_up(filters, block_) * (1 + taps())) {
    T* packed = weights_.get();
    for (int64_t row = 0; row < filters; row += block_) {
      for (int64_t i = row; i < row + block_; ++i) *packed++ = start != nullptr && i < filters ? start[i] : T(0);
      for (int64_t p = 0; p < taps(); ++p)
        for (int64_t i = row; i < row + block_; ++i) *packed++ = i < filters ? at(i, p) : T(0);
    }
  }

  int64_t taps() const { return static_cast<int64_t>(offsets_.size()); }
  int64_t scratch() const { return along_filters_ ? 0 : kRows * columns_; }  // elements
  // planes(i)(rows(r), columns(c)) = y(i, r, c), where that lies inside a plane of height x width.
  void operator()(const T* source, T* scratch, const Walk& rows, const Walk& columns, int64_t height, int64_t width,
                  T* planes) const {
    const int64_t plane = height * width;
    for (int64_t first = 0; first < filters_; first += block_) {
      const int64_t count = std::min(block_, filters_ - first);
      const T* weights = weights_.get() + first * (1 + taps());
      T* to = planes + first * plane;
      if (along_filters_) {
        by_outputs({offsets_, weights, count, columns.step, plane}, source, rows, columns, height, width, to);
        continue;
      }
      AlongColumns<T>{source, offsets_, columns_, weights, scratch}.multiply_rows(count);
      for (int64_t i = 0; i < count; ++i)
        store_plane(scratch + i * columns_, pitch_, rows, columns, height, width, to + i * plane);
    }
  }

 private:
  void by_outputs(const AlongFilters<T>& job, const T* source, const Walk& rows, const Walk& columns, int64_t height,
                  int64_t width, T* planes) const {
    int64_t top, bottom, left, right;
    rows.inside(height, top, bottom);
    columns.inside(width, left, right);
    const int64_t each = divide_up(right - left, std::max<int64_t>(1, divide_up(right - left, kOutputs)));
    for (int64_t r = top; r < bottom; ++r) {
      T* to = planes + (rows.first + r * rows.step) * width + columns.first;
      for (int64_t c = left; c < right; c += each)
        job.multiply_some(std::min(each, right - c), source + r * pitch_ + c, to + c * columns.step);
    }
  }

  std::vector<int64_t> offsets_;
  int64_t filters_, columns_, pitch_;
  bool along_filters_;
  int64_t block_;
  Scratch<T> weights_;
};

}  // namespace fovea::kernels::patches
