// Convolution, as in PyTorch. Of images:
//   y(b, o, i, j) = bias(o) + sum_c,u,v weight(o, c, u, v) x(b, c, i stride + u dilation - padding, j stride + ..)
// with zeros around x. The channels of group g alone meet its filters, both in equal parts. Shapes: x [B, C, H, W],
// weight [O, C / groups, kH, kW], bias [O] or undefined, y [B, O, H', W'] with
// H' = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1.
// conv_transpose2d is its gradient by x, with the weight of the convolution that led from y to x: each pixel of x adds
// its multiple of the filters,
//   y(b, o, i stride + u dilation - padding, j stride + v dilation - padding) += weight(c, o, u, v) x(b, c, i, j)
// x [B, C, H, W], weight [C, O / groups, kH, kW], bias [O] or undefined, y [B, O, H', W'],
// H' = (H - 1) stride - 2 padding + dilation (kH - 1) + output_padding + 1.
// Of sequences, over time:
//   y(b, o, t) = bias(o) + sum_c,u weight(o, c, u) x(b, c, t stride + u dilation - padding)
// x [B, C, L], weight [O, C / groups, k], bias [O] or undefined, y [B, O, L'] with
// L' = floor((L + 2 padding - dilation (k - 1) - 1) / stride) + 1. What may look back only (a causal convolution) has
// dilation (k - 1) zeros padded before x.
// What is not finite may make its neighbours NaN too: kernels multiply it by zeros around the image.
// Errors: ShapeError, DTypeError; ValueError for a stride, dilation or number of groups below 1, a padding below 0, an
// output_padding that is below 0 or not below stride or dilation.
// Cost: B O H' W' C kH kW multiply-adds, and as many for each gradient. No matrix of patches is made, but with
// dilation, of B C k H' W' elements (of conv_transpose2d an image for each tap, before the padding is cut off), and by
// conv1d with groups. Groups go one by one.
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
  RowsColumns dilation = 1;
  int64_t groups = 1;
};

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = Tensor(),
              const ConvolutionOptions& options = {});

struct ConvTransposeOptions {
  RowsColumns stride = 1;
  RowsColumns padding = 0;
  RowsColumns output_padding = 0;  // rows below and columns right of y that no filter may reach
  RowsColumns dilation = 1;
  int64_t groups = 1;
};

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = Tensor(),
                        const ConvTransposeOptions& options = {});

struct Conv1dOptions {
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = Tensor(), const Conv1dOptions& options = {});

}  // namespace fovea
