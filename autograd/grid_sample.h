// Sampling of images at any places, as in PyTorch. Jaderberg, Simonyan, Zisserman, Kavukcuoglu 2015, "Spatial
// Transformer Networks", arXiv 1506.02025, equations (1), (4) and (5).
//   affine_grid:  grid(b, i, j) = theta(b) [u_j, v_i, 1]                        u from the left to the right, v down
//   grid_sample:  y(b, c, i, j) = sum_n,m x(b, c, n, m) max(0, 1 - |p - n|) max(0, 1 - |q - m|)      bilinear
//                 y(b, c, i, j) = x(b, c, round(p), round(q)), of two equally near the even one      nearest
// where grid(b, i, j) = (column, row) is in units in which an image reaches from -1 to 1: from the middle of its first
// pixel to that of its last (align_corners), q = (column + 1) / 2 (W - 1), or from edge to edge,
// q = ((column + 1) W - 1) / 2; p alike of the row and H. What lies beside the image is 0 (zeros), its nearest pixel
// (border), or what a mirror at its ends shows (reflection), at the middle of the last pixel or at its edge.
// Shapes: theta [B, 2, 3], grid [B, H', W', 2], x [B, C, H, W], y [B, C, H', W'].
// Gradient: none to the grid of nearest, and none where border holds a place back. A place that is NaN makes
// its y NaN, and with reflection one that is infinite does.
// Errors: ShapeError, also for images without a pixel; DTypeError. Cost: four reads of x for an element of y.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

enum class GridMode { bilinear, nearest };
enum class GridPadding { zeros, border, reflection };

struct GridSampleOptions {
  GridMode mode = GridMode::bilinear;
  GridPadding padding = GridPadding::zeros;
  bool align_corners = false;
};

// The grid of images of `size` [B, C, H', W'].
Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners = false);
Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options = {});

}  // namespace fovea
