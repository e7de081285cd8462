// A small rectangle of numbers to be looked at: attention weights, a memory, a sequence of bits.
//
// Grid is the only form in which figures reach the pictures and the terminal. Errors: ShapeError when values.size() is
// not rows * cols. Cost: one copy.
#pragma once

#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fovea::examples {

struct Grid {
  int64_t rows = 0;
  int64_t cols = 0;
  std::vector<float> values{};  // row by row

  float at(int64_t row, int64_t col) const { return values[static_cast<size_t>(row * cols + col)]; }
};

struct ValueRange {
  float low = 0;
  float high = 1;
};

// A copy of a tensor of rank 2, or of rank 1 as a single row; any element type. Errors: ShapeError for other ranks.
inline Grid grid_of(const Tensor& x) {
  if (x.dim() != 1 && x.dim() != 2) throw ShapeError("grid_of: x is " + describe(x) + "; need rank 1 or 2");
  const Tensor values = array::contiguous(array::to(x, f32));
  const float* first = values.data<float>();
  return {x.dim() == 1 ? 1 : x.size(0), x.size(-1), std::vector<float>(first, first + values.numel())};
}

// Throws ShapeError unless `grid` holds rows * cols values; `who` is named in the message.
inline void check_grid(const Grid& grid, std::string_view who) {
  if (grid.rows >= 0 && grid.cols >= 0 && static_cast<int64_t>(grid.values.size()) == grid.rows * grid.cols) return;
  throw ShapeError(fmt::format("{}: the grid says {} rows x {} columns but holds {} values; need rows * cols values",
                               who, grid.rows, grid.cols, grid.values.size()));
}

// The least and the greatest finite value; {0, 1} where there is none.
inline ValueRange value_range(const Grid& grid) {
  bool found = false;
  ValueRange range;
  for (const float value : grid.values) {
    if (!std::isfinite(value)) continue;
    range.low = found ? std::min(range.low, value) : value;
    range.high = found ? std::max(range.high, value) : value;
    found = true;
  }
  return range;
}

// At most max_rows x max_cols. Each cell is the value of greatest magnitude of the cells it stands for, not their mean:
// a sharp weight of 1 among zeros must stay visible in a long input.
inline Grid pooled(const Grid& grid, int64_t max_rows, int64_t max_cols) {
  if (grid.rows <= max_rows && grid.cols <= max_cols) return grid;
  Grid small{std::min(grid.rows, max_rows), std::min(grid.cols, max_cols), {}};
  small.values.assign(static_cast<size_t>(small.rows * small.cols), 0.0F);
  for (int64_t row = 0; row < grid.rows; ++row) {
    for (int64_t col = 0; col < grid.cols; ++col) {
      const int64_t to = row * small.rows / grid.rows * small.cols + col * small.cols / grid.cols;
      float& kept = small.values[static_cast<size_t>(to)];
      const float value = grid.at(row, col);
      if (std::isnan(value) || std::abs(value) > std::abs(kept)) kept = value;  // a NaN stays: nothing beats it
    }
  }
  return small;
}

}  // namespace fovea::examples
