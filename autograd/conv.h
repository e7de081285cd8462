// Convolution of images, as in PyTorch:
//   y(b, o, i, j) = bias(o) + sum_c,u,v weight(o, c, u, v) x(b, c, i stride + u - padding, j stride + v - padding)
// with zeros around x. Shapes: x [B, C, H, W], weight [O, C, kH, kW], bias [O] or undefined, y [B, O, H', W'] with
// H' = floor((H + 2 padding - kH) / stride) + 1.
// Errors: ShapeError, DTypeError; ValueError for a stride below 1 or a padding below 0.
// Cost: B O H' W' C kH kW multiply-adds, and as many for each gradient; no matrix of patches is made.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

// A number for each direction of an image: one for both, or {rows, columns}.
struct RowsColumns {
  RowsColumns(int64_t both) : rows(both), columns(both) {}
  RowsColumns(int64_t for_rows, int64_t for_columns) : rows(for_rows), columns(for_columns) {}
  int64_t rows, columns;
};

struct ConvolutionOptions {
  RowsColumns stride = 1;
  RowsColumns padding = 0;
};

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = Tensor(),
              const ConvolutionOptions& options = {});

}  // namespace fovea
