// Images in another size, as in PyTorch (without antialias).
//   nearest    y(b, c, i, j) = x(b, c, floor(i H / H'), floor(j W / W'))      exactly; PyTorch rounds i H / H' before
//   bilinear   y(b, c, i, j) = (1 - p) (1 - q) x(b, c, n, m) + .. + p q x(b, c, n + 1, m + 1)
// where output i lies at row n + p of x, 0 <= p < 1: at (i + 1/2) H / H' - 1/2, held between the first row and the
// last, or with align_corners, where the first and the last rows lie on each other, at i (H - 1) / (H' - 1). Columns
// alike. Shapes: x [B, C, H, W], y [B, C, H', W']. Errors: ShapeError, also for images without a pixel; DTypeError;
// ValueError for a size below 1. Cost: two images of half the work in between.
#pragma once

#include <fovea/autograd/conv.h>

namespace fovea {

enum class InterpolateMode { nearest, bilinear };

struct InterpolateOptions {
  InterpolateMode mode = InterpolateMode::nearest;
  bool align_corners = false;  // bilinear alone
};

Tensor interpolate(const Tensor& x, const RowsColumns& size, const InterpolateOptions& options = {});

}  // namespace fovea
