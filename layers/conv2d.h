// Conv2d: convolution of images with trained filters.
//   y(b, o, i, j) = bias(o) + sum_c,u,v weight(o, c, u, v) x(b, c, i stride + u - padding, j stride + v - padding)
// with zeros around x.
//
//   x       [B, C, H, W]     C = in_channels
//   weight  [O, C, kH, kW]   O = out_channels
//   bias    [O]              undefined where bias is false
//   y       [B, O, H', W']   H' = floor((H + 2 padding - kH) / stride) + 1, W' alike
//
// Both start as U(-1/sqrt(C kH kW), 1/sqrt(C kH kW)), as in PyTorch.
// Errors: ValueError for channels, kernel or stride below 1 or a padding below 0; ShapeError where x has another rank
// or other channels, or is smaller than the kernel; DTypeError. Cost: autograd/conv.h.
#pragma once

#include <fovea/autograd/conv.h>
#include <fovea/layers/check.h>
#include <fovea/layers/init.h>

#include <algorithm>

namespace fovea {

struct Conv2dOptions {
  int64_t in_channels, out_channels;
  RowsColumns kernel;  // one number for both directions, or {rows, columns}
  RowsColumns stride = 1;
  RowsColumns padding = 0;
  bool bias = true;
};

class Conv2d final : public Module {
 public:
  explicit Conv2d(const Conv2dOptions& o, Generator& generator = default_generator()) : options_{o.stride, o.padding} {
    const auto least = [](const RowsColumns& sizes) { return std::min(sizes.rows, sizes.columns); };
    check_sizes("Conv2d", {{"in_channels", o.in_channels}, {"out_channels", o.out_channels}});
    check_sizes("Conv2d", {{"kernel", least(o.kernel)}, {"stride", least(o.stride)}});
    if (least(o.padding) < 0) throw ValueError("Conv2d: padding below 0; need 0 and above");
    const Shape shape{o.out_channels, o.in_channels, o.kernel.rows, o.kernel.columns};
    const int64_t fan = checked_numel("Conv2d", shape) / o.out_channels;
    weight = Parameter(init::uniform_fan(shape, fan, generator));
    if (o.bias) bias = Parameter(init::uniform_fan({o.out_channels}, fan, generator));
  }
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const { return conv2d(x, weight, bias, options_); }

  Parameter weight, bias;  // bias may be undefined

 private:
  ConvolutionOptions options_;
};

}  // namespace fovea
