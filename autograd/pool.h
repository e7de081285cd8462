// Pooling of images, as in PyTorch.
//   y(b, c, i, j) = max_u,v x(b, c, i stride + u dilation - padding, j stride + v dilation - padding)
// over the elements of a window that lie on x, u below the kernel's rows, v below its columns; -inf where none does.
// Shapes: x [B, C, H, W], y [B, C, H', W'], H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, W'
// alike. With ceil_mode the division rounds up, as long as the last window begins on x or its padding before.
// Gradient: to the first of equals; where a window holds NaN, to the first NaN.
// Errors: ShapeError, DTypeError; ValueError for a kernel, stride or dilation below 1, a padding below 0 or above half
// of the kernel. Cost: B C H' W' times the kernel's elements.
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

}  // namespace fovea
