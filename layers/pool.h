// MaxPool2d: the largest element of each window of an image.
//   y(b, c, i, j) = max_u,v x(b, c, i stride + u dilation - padding, j stride + v dilation - padding)
//
//   x   [B, C, H, W]
//   y   [B, C, H', W']    H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, W' alike
//
// The stride is the kernel unless it is given. Errors and cost: autograd/pool.h; ValueError from the constructor for
// sizes that fit no image.
#pragma once

#include <fovea/autograd/pool.h>
#include <fovea/layers/check.h>

#include <algorithm>

namespace fovea {

class MaxPool2d final : public Module {
 public:
  explicit MaxPool2d(const RowsColumns& kernel, const MaxPool2dOptions& options = {})
      : kernel_(kernel), options_(options) {
    const auto least = [](const RowsColumns& sizes) { return std::min(sizes.rows, sizes.columns); };
    check_sizes("MaxPool2d", {{"kernel", least(kernel)}, {"stride", least(options.stride.value_or(kernel))}});
    check_sizes("MaxPool2d", {{"dilation", least(options.dilation)}});
    if (least(options.padding) < 0 || options.padding.rows > kernel.rows / 2 ||
        options.padding.columns > kernel.columns / 2)
      throw ValueError("MaxPool2d: padding below 0 or above half of the kernel; need one between");
  }
  Tensor operator()(const Tensor& x) const { return max_pool2d(x, kernel_, options_); }

 private:
  RowsColumns kernel_;
  MaxPool2dOptions options_;
};

}  // namespace fovea
