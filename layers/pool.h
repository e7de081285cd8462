// Layers that change the size of images.
//   MaxPool2d     y(b, c, i, j) = max_u,v x(b, c, i stride + u dilation - padding, j stride + ..)
//   AvgPool2d     the mean in place of the largest, dilation 1
//   AdaptiveMaxPool2d, AdaptiveAvgPool2d     the same over windows that make an image of `size`
//   Upsample      the nearest pixel, or bilinear mixtures, of an image that becomes `scale` times as large
//
//   x   [B, C, H, W]
//   y   [B, C, H', W']    H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; size; H scale
//
// The stride is the kernel unless it is given. Errors and cost: autograd/pool.h and autograd/interpolate.h; ValueError
// from the constructor for sizes that fit no image.
#pragma once

#include <fovea/autograd/interpolate.h>
#include <fovea/autograd/pool.h>
#include <fovea/layers/check.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace fovea {

namespace detail {
inline int64_t least(const RowsColumns& sizes) { return std::min(sizes.rows, sizes.columns); }

inline void check_windows(std::string_view type, const RowsColumns& kernel, const RowsColumns& stride,
                          const RowsColumns& padding) {
  check_sizes(type, {{"kernel", least(kernel)}, {"stride", least(stride)}});
  if (least(padding) < 0 || padding.rows > kernel.rows / 2 || padding.columns > kernel.columns / 2)
    throw ValueError(std::string(type) + ": padding below 0 or above half of the kernel; need one between");
}
}  // namespace detail

class MaxPool2d final : public Module {
 public:
  explicit MaxPool2d(const RowsColumns& kernel, const MaxPool2dOptions& options = {})
      : kernel_(kernel), options_(options) {
    detail::check_windows("MaxPool2d", kernel, options.stride.value_or(kernel), options.padding);
    check_sizes("MaxPool2d", {{"dilation", detail::least(options.dilation)}});
  }
  Tensor operator()(const Tensor& x) const { return max_pool2d(x, kernel_, options_); }

 private:
  RowsColumns kernel_;
  MaxPool2dOptions options_;
};

class AvgPool2d final : public Module {
 public:
  explicit AvgPool2d(const RowsColumns& kernel, const AvgPool2dOptions& options = {})
      : kernel_(kernel), options_(options) {
    detail::check_windows("AvgPool2d", kernel, options.stride.value_or(kernel), options.padding);
  }
  Tensor operator()(const Tensor& x) const { return avg_pool2d(x, kernel_, options_); }

 private:
  RowsColumns kernel_;
  AvgPool2dOptions options_;
};

class AdaptiveMaxPool2d final : public Module {
 public:
  explicit AdaptiveMaxPool2d(const RowsColumns& size) : size_(size) {
    check_sizes("AdaptiveMaxPool2d", {{"size", detail::least(size)}});
  }
  Tensor operator()(const Tensor& x) const { return adaptive_max_pool2d(x, size_); }

 private:
  RowsColumns size_;
};

class AdaptiveAvgPool2d final : public Module {
 public:
  explicit AdaptiveAvgPool2d(const RowsColumns& size) : size_(size) {
    check_sizes("AdaptiveAvgPool2d", {{"size", detail::least(size)}});
  }
  Tensor operator()(const Tensor& x) const { return adaptive_avg_pool2d(x, size_); }

 private:
  RowsColumns size_;
};

class Upsample final : public Module {
 public:
  explicit Upsample(const RowsColumns& scale, const InterpolateOptions& options = {})
      : scale_(scale), options_(options) {
    check_sizes("Upsample", {{"scale", detail::least(scale)}});
    if (options.align_corners && options.mode == InterpolateMode::nearest)
      throw ValueError("Upsample: align_corners goes with bilinear alone");
  }
  Tensor operator()(const Tensor& x) const {
    if (x.dim() != 4) throw ShapeError("Upsample: x has " + std::to_string(x.dim()) + " dimensions; need [B, C, H, W]");
    RowsColumns size = 0;
    if (__builtin_mul_overflow(x.size(2), scale_.rows, &size.rows) ||
        __builtin_mul_overflow(x.size(3), scale_.columns, &size.columns))
      throw ShapeError("Upsample: " + x.shape().str() + " times " + std::to_string(scale_.rows) + " and " +
                       std::to_string(scale_.columns) + " is beyond what sizes count; take a smaller scale");
    return interpolate(x, size, options_);
  }

 private:
  RowsColumns scale_;
  InterpolateOptions options_;
};

}  // namespace fovea
