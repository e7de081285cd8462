// Windows of whole pixels, anywhere on or beside an image; grid_sample.h reads between the pixels.
//   y(b, k, c, i, j) = x(b, c, row(b, k) + i, column(b, k) + j),  0 beside the image
// Shapes: x [B, C, H, W], corners i64 [B, K, 2] = (row, column) of each window's first pixel, any numbers,
// y [B, K, C, h, w]; without K, corners [B, 2], y [B, C, h, w].
// Gradient: to x alone; where windows overlap theirs are added.
// Errors: ShapeError, also for images without a pixel; DTypeError; ValueError for a window without one. Cost: one read
// of x for an element of y.
#pragma once

#include <fovea/autograd/conv.h>

namespace fovea {

Tensor pixel_crops(const Tensor& x, const Tensor& corners, const RowsColumns& size);

}  // namespace fovea
