// Conv2d: convolution of images with trained filters. ConvTranspose2d: its gradient by x, which makes images larger.
//   y(b, o, i, j) = bias(o) + sum_c,u,v weight(o, c, u, v) x(b, c, i stride + u dilation - padding, j stride + ..)
//   y(b, o, i stride + u dilation - padding, j stride + ..) += weight(c, o, u, v) x(b, c, i, j), + bias(o)
// with zeros around x.
//
//   x       [B, C, H, W]              C = in_channels
//   weight  [O, C / groups, kH, kW]   O = out_channels; of ConvTranspose2d [C, O / groups, kH, kW]
//   bias    [O]                       undefined where bias is false
//   y       [B, O, H', W']            autograd/conv.h has the sizes
//
// Both start as U(-1/sqrt(n), 1/sqrt(n)), n what one filter has: weight's elements over its first dimension. As in
// PyTorch. Errors: ValueError for channels, kernel, stride, dilation or groups below 1, groups that do not divide the
// channels, a padding below 0; ShapeError where x has another rank or other channels, or is smaller than the kernel;
// DTypeError. Cost: autograd/conv.h.
#pragma once

#include <fovea/autograd/conv.h>
#include <fovea/layers/check.h>
#include <fovea/layers/init.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace fovea {

struct Conv2dOptions {
  int64_t in_channels, out_channels;
  RowsColumns kernel;  // one number for both directions, or {rows, columns}
  RowsColumns stride = 1;
  RowsColumns padding = 0;
  RowsColumns dilation = 1;
  int64_t groups = 1;
  bool bias = true;
};

struct ConvTranspose2dOptions {
  int64_t in_channels, out_channels;
  RowsColumns kernel;
  RowsColumns stride = 1;
  RowsColumns padding = 0;
  RowsColumns output_padding = 0;
  RowsColumns dilation = 1;
  int64_t groups = 1;
  bool bias = true;
};

namespace detail {
template <class Options>
void check_filters(std::string_view type, const Options& o) {
  const auto least = [](const RowsColumns& sizes) { return std::min(sizes.rows, sizes.columns); };
  check_sizes(type, {{"in_channels", o.in_channels}, {"out_channels", o.out_channels}, {"groups", o.groups}});
  check_sizes(type, {{"kernel", least(o.kernel)}, {"stride", least(o.stride)}, {"dilation", least(o.dilation)}});
  if (least(o.padding) < 0) throw ValueError(std::string(type) + ": padding below 0; need 0 and above");
  if (o.in_channels % o.groups != 0 || o.out_channels % o.groups != 0)
    throw ValueError(std::string(type) + ": " + std::to_string(o.groups) + " groups do not divide " +
                     std::to_string(o.in_channels) + " and " + std::to_string(o.out_channels) + " channels");
}
}  // namespace detail

class Conv2d final : public Module {
 public:
  explicit Conv2d(const Conv2dOptions& o, Generator& generator = default_generator())
      : options_{o.stride, o.padding, o.dilation, o.groups} {
    detail::check_filters("Conv2d", o);
    const Shape shape{o.out_channels, o.in_channels / o.groups, o.kernel.rows, o.kernel.columns};
    const int64_t fan = checked_numel("Conv2d", shape) / o.out_channels;
    weight = Parameter(init::uniform_fan(shape, fan, generator));
    if (o.bias) bias = Parameter(init::uniform_fan({o.out_channels}, fan, generator));
  }
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const { return with_weight(weight, x); }
  // With another weight of that shape in place of its own.
  Tensor with_weight(const Tensor& other, const Tensor& x) const { return conv2d(x, other, bias, options_); }

  Parameter weight, bias;  // bias may be undefined

 private:
  ConvolutionOptions options_;
};

class ConvTranspose2d final : public Module {
 public:
  explicit ConvTranspose2d(const ConvTranspose2dOptions& o, Generator& generator = default_generator())
      : options_{o.stride, o.padding, o.output_padding, o.dilation, o.groups} {
    detail::check_filters("ConvTranspose2d", o);
    const auto within = [](int64_t more, int64_t stride, int64_t dilation) {
      return more >= 0 && (more < stride || more < dilation);
    };
    if (!within(o.output_padding.rows, o.stride.rows, o.dilation.rows) ||
        !within(o.output_padding.columns, o.stride.columns, o.dilation.columns))
      throw ValueError("ConvTranspose2d: output_padding below 0, or not below the stride or the dilation");
    const Shape shape{o.in_channels, o.out_channels / o.groups, o.kernel.rows, o.kernel.columns};
    const int64_t fan = checked_numel("ConvTranspose2d", shape) / o.in_channels;
    weight = Parameter(init::uniform_fan(shape, fan, generator));
    if (o.bias) bias = Parameter(init::uniform_fan({o.out_channels}, fan, generator));
  }
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const { return with_weight(weight, x); }
  // With another weight of that shape in place of its own.
  Tensor with_weight(const Tensor& other, const Tensor& x) const { return conv_transpose2d(x, other, bias, options_); }

  Parameter weight, bias;  // bias may be undefined

 private:
  ConvTransposeOptions options_;
};

}  // namespace fovea
