#include "examples/common/grid.h"

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <cmath>

namespace fovea::examples {

void check_grid(const Grid& grid, std::string_view who) {
  if (grid.rows >= 0 && grid.cols >= 0 && static_cast<int64_t>(grid.values.size()) == grid.rows * grid.cols) return;
  throw ShapeError(fmt::format("{}: the grid says {} rows x {} columns but holds {} values; need rows * cols values",
                               who, grid.rows, grid.cols, grid.values.size()));
}

ValueRange value_range(const Grid& grid) {
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

Grid transposed(const Grid& grid) {
  check_grid(grid, "transposed");
  Grid turned{grid.cols, grid.rows, {}};
  turned.values.reserve(grid.values.size());
  for (int64_t col = 0; col < grid.cols; ++col) {
    for (int64_t row = 0; row < grid.rows; ++row) turned.values.push_back(grid.at(row, col));
  }
  return turned;
}

Grid pooled(const Grid& grid, int64_t max_rows, int64_t max_cols) {
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
