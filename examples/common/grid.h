// A small rectangle of numbers to be looked at: attention weights, a memory, a sequence of bits.
//
// Grid is the only form in which figures reach the pictures and the terminal; `grid_of` (tensor_grid.h) makes one of a
// Tensor. Errors: ShapeError when values.size() is not rows * cols. Cost: one copy. Plain values: thread-safe as an int
// is.
#pragma once

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

// Throws ShapeError unless `grid` holds rows * cols values; `who` is named in the message.
void check_grid(const Grid& grid, std::string_view who);

// The least and the greatest finite value; {0, 1} where there is none.
ValueRange value_range(const Grid& grid);

// Rows become columns: weights kept as [step, slot] are shown with time running to the right.
Grid transposed(const Grid& grid);

// At most max_rows x max_cols. Each cell is the value of greatest magnitude of the cells it stands for, not their mean:
// a sharp weight of 1 among zeros must stay visible in a long input.
Grid pooled(const Grid& grid, int64_t max_rows, int64_t max_cols);

}  // namespace fovea::examples
