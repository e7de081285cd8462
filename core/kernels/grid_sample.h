// Sampling of images between their pixels, f32 and f64. autograd/grid_sample.h has the formulas.
#pragma once

#include <cstdint>

namespace fovea::kernels {

enum class GridEdge { zeros, border, reflection };

struct GridSizes {
  int64_t batch, channels, rows, columns;  // of x
  int64_t places;                          // P = H' W'
  GridEdge edge;
  bool nearest, align_corners;
};

// y [B, C, P] of x [B, C, H, W] at grid [B, P, 2].
template <class T>
void grid_sample(const GridSizes& n, const T* x, const T* grid, T* y);
// d_x [B, C, H, W] and d_grid [B, P, 2] of dy [B, C, P]; either may be null.
template <class T>
void grid_sample_backward(const GridSizes& n, const T* dy, const T* x, const T* grid, T* d_x, T* d_grid);

}  // namespace fovea::kernels
