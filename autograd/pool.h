// Pooling of images, as in PyTorch.
//   y(b, c, i, j) = max_u,v x(b, c, i stride + u dilation - padding, j stride + v dilation - padding)
// over the elements of a window that lie on x, u below the kernel's rows, v below its columns; -inf where none does.
// Shapes: x [B, C, H, W], y [B, C, H', W'], H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, W'
// alike. With ceil_mode the division rounds up, as long as the last window begins on x or its padding before.
// Gradient: to the first of equals; where a window holds NaN, to the first NaN.
//   avg_pool2d: the mean in place of the largest, zeros where a window lies on the padding. They count as elements, but
// not with count_include_pad false; never what lies behind the padding.
//   adaptive_avg_pool2d, adaptive_max_pool2d: windows that make an image of a size out of any other: output i meets the
// rows floor(i H / H') to ceil((i + 1) H / H') - 1, columns alike.
// Errors: ShapeError, DTypeError; ValueError for a kernel, stride or dilation below 1, a padding below 0 or above half
// of the kernel. Cost: B C H' W' times the kernel's elements; avg_pool2d and the adaptive ones go through rows and
// columns one after the other, with an image of the window's rows, then of its columns, in between.
#pragma once

#include <fovea/autograd/conv.h>

#include <optional>

namespace fovea {

struct MaxPool2dOptions {
  std::optional<RowsColumns> stride{};  // the kernel, where it is not given
  RowsColumns padding = 0;
  RowsColumns dilation = 1;
  bool ceil_mode = false;
};

Tensor max_pool2d(const Tensor& x, const RowsColumns& kernel, const MaxPool2dOptions& options = {});

struct AvgPool2dOptions {
  std::optional<RowsColumns> stride{};  // the kernel, where it is not given
  RowsColumns padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;
};

Tensor avg_pool2d(const Tensor& x, const RowsColumns& kernel, const AvgPool2dOptions& options = {});
Tensor adaptive_avg_pool2d(const Tensor& x, const RowsColumns& size);
Tensor adaptive_max_pool2d(const Tensor& x, const RowsColumns& size);

}  // namespace fovea
