// Sampling of images between their pixels, f32 and f64. autograd/grid_sample.h has the formulas.
#pragma once

#include <cstdint>

namespace fovea::kernels {

enum class GridEdge { zeros, border, reflection };

struct GridSizes {
  int64_t batch, channels, rows, columns;  // of x
  int64_t places;                          // H' W'
  GridEdge edge;
  bool nearest, align_corners;
};

// Where each place falls. pixels [B, 4, P]: upper left, upper right, lower left, lower right, -1 where there is none;
// shares [B, 4, P]: how far below the upper ones and right of the left ones it lies, and the slopes of row and column
// by the grid. Nearest: the first pixel alone, shares and slopes 0; NaN where the place is.
template <class T>
void grid_taps(const GridSizes& n, const T* grid, int32_t* pixels, T* shares);
// y [B, C, P] of x [B, C, H, W].
template <class T>
void grid_sample(const GridSizes& n, const T* x, const int32_t* pixels, const T* shares, T* y);
// d_x [B, C, H, W] of dy [B, C, P].
template <class T>
void grid_sample_spread(const GridSizes& n, const T* dy, const int32_t* pixels, const T* shares, T* d_x);
// d_grid [B, P, 2] of dy.
template <class T>
void grid_sample_places(const GridSizes& n, const T* dy, const T* x, const int32_t* pixels, const T* shares, T* d_grid);

}  // namespace fovea::kernels
