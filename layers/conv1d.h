// Conv1d: convolution over time with trained filters.
//   y(b, o, t) = bias(o) + sum_c,u weight(o, c, u) x(b, c, t stride + u dilation - padding)
// with zeros around x.
//
//   x       [B, C, L]            C = in_channels
//   weight  [O, C / groups, k]   O = out_channels
//   bias    [O]                  undefined where bias is false
//   y       [B, O, L']           L' = floor((L + 2 padding - dilation (k - 1) - 1) / stride) + 1
//
// Both start as U(-1/sqrt(k C / groups), 1/sqrt(k C / groups)), as in PyTorch. Causal: y(b, o, t) sees x up to t and no
// further; L' = L, zeros before x alone.
// Errors: ValueError for channels, kernel, stride, dilation or groups below 1, a padding below 0, groups that do not
// divide the channels, and causal with a stride or padding; ShapeError where x has another rank or other channels, or
// is shorter than the kernel; DTypeError. Cost: autograd/conv.h.
#pragma once

#include <fovea/autograd/conv.h>
#include <fovea/layers/check.h>
#include <fovea/layers/init.h>

namespace fovea {

struct Conv1dLayerOptions {
  int64_t in_channels, out_channels, kernel;
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
  bool causal = false;
  bool bias = true;
};

class Conv1d final : public Module {
 public:
  explicit Conv1d(const Conv1dLayerOptions& o, Generator& generator = default_generator())
      : before_(o.causal ? o.dilation * (o.kernel - 1) : 0),
        options_{.stride = o.stride, .padding = o.padding, .dilation = o.dilation, .groups = o.groups} {
    check_sizes("Conv1d", {{"in_channels", o.in_channels}, {"out_channels", o.out_channels}, {"kernel", o.kernel}});
    check_sizes("Conv1d", {{"stride", o.stride}, {"dilation", o.dilation}, {"groups", o.groups}});
    if (o.padding < 0) throw ValueError("Conv1d: padding below 0; need 0 and above");
    if (o.in_channels % o.groups != 0 || o.out_channels % o.groups != 0)
      throw ValueError("Conv1d: " + std::to_string(o.groups) + " groups of " + std::to_string(o.in_channels) + " and " +
                       std::to_string(o.out_channels) + " channels; need a divisor of both");
    if (o.causal && (o.stride != 1 || o.padding != 0))
      throw ValueError(
          "Conv1d: a causal one answers at every step and pads before x alone; leave out stride and padding");
    const Shape shape{o.out_channels, o.in_channels / o.groups, o.kernel};
    const int64_t fan = checked_numel("Conv1d", shape) / o.out_channels;
    weight = Parameter(init::uniform_fan(shape, fan, generator));
    if (o.bias) bias = Parameter(init::uniform_fan({o.out_channels}, fan, generator));
  }
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const {
    return conv1d(before_ > 0 ? pad(x, {before_, 0}) : x, weight, bias, options_);
  }

  Parameter weight, bias;  // bias may be undefined

 private:
  int64_t before_;
  Conv1dOptions options_;
};

}  // namespace fovea
