// Convolution, as in PyTorch. Of images:
//   y(b, o, i, j) = bias(o) + sum_c,u,v weight(o, c, u, v) x(b, c, i stride + u - padding, j stride + v - padding)
// with zeros around x. Shapes: x [B, C, H, W], weight [O, C, kH, kW], bias [O] or undefined, y [B, O, H', W'] with
// H' = floor((H + 2 padding - kH) / stride) + 1.
// and of sequences, over time:
//   y(b, o, t) = bias(o) + sum_c,u weight(o, c, u) x(b, c, t stride + u dilation - padding)
// x [B, C, L], weight [O, C / groups, k], bias [O] or undefined, y [B, O, L'] with
// L' = floor((L + 2 padding - dilation (k - 1) - 1) / stride) + 1. The channels of group g alone meet its filters, both
// in equal parts. What may look back only (a causal convolution) has dilation (k - 1) zeros padded before x.
// Errors: ShapeError, DTypeError; ValueError for a stride, dilation or number of groups below 1, a padding below 0.
// Cost: B O H' W' C kH kW multiply-adds, and as many for each gradient; no matrix of patches is made, but by conv1d
// with dilation or groups, of B C k L' elements.
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

struct Conv1dOptions {
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = Tensor(), const Conv1dOptions& options = {});

}  // namespace fovea
