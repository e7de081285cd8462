// Convolution. It is linear in x and in the weight, so three functions are closed under differentiation: conv2d and its
// gradients by x and by the weight. Each one's vjp is made of the other two.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/conv.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/conv.h>

#include <algorithm>
#include <limits>

namespace fovea {
namespace {

using kernels::ConvAxis;
using kernels::ConvSizes;
using Pair = std::array<Tensor, 2>;

Tensor plain_conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvolutionOptions& options) {
  const auto [ph, pw] = options.padding;
  const int64_t O = weight.size(0), C = weight.size(1), kH = weight.size(2), kW = weight.size(3);
  const Tensor windows = unfold(unfold(pad(x, {pw, pw, ph, ph}), 2, kH, options.stride.rows), 3, kW,
                                options.stride.columns);        // [B, C, H', W', kH, kW]
  const Tensor patches = permute(windows, {0, 2, 3, 1, 4, 5});  // [B, H', W', C, kH, kW]
  const Tensor y = linear(reshape(patches, {x.size(0), windows.size(2), windows.size(3), C * kH * kW}),
                          reshape(weight, {O, C * kH * kW}), bias);  // [B, H', W', O]
  return permute(y, {0, 3, 1, 2});
}

Shape shape_of_x(const ConvSizes& n) { return {n.batch, n.channels, n.rows.in, n.columns.in}; }
Shape shape_of_weight(const ConvSizes& n) { return {n.filters, n.channels, n.rows.kernel, n.columns.kernel}; }
Shape shape_of_y(const ConvSizes& n) { return {n.batch, n.filters, n.rows.out, n.columns.out}; }

Tensor input_gradient(const ConvSizes& n, const Tensor& g, const Tensor& weight);
Tensor weight_gradient(const ConvSizes& n, const Tensor& g, const Tensor& x);

Tensor convolve(const ConvSizes& n, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  checked_numel("conv2d", shape_of_y(n));
  Tensor y = empty(shape_of_y(n), x.dtype());
  const Tensor image = array::contiguous(x), filters = array::contiguous(weight);
  const Tensor shift = bias.defined() ? array::contiguous(bias) : Tensor();
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::conv2d<T>(n, image.data<T>(), filters.data<T>(), shift.defined() ? shift.data<T>() : nullptr, y.data<T>());
  });
  return record("conv2d", {x, weight, bias}, y, [n, x = saved(x), weight = saved(weight)](const Tensor& g) {
    return std::array<Tensor, 3>{needs_grad(0) ? input_gradient(n, g, weight.get()) : Tensor(),
                                 needs_grad(1) ? weight_gradient(n, g, x.get()) : Tensor(),
                                 needs_grad(2) ? sum(g, {0, 2, 3}) : Tensor()};
  });
}

Tensor input_gradient(const ConvSizes& n, const Tensor& g, const Tensor& weight) {
  const Tensor dense = array::contiguous(g), filters = array::contiguous(weight);
  Tensor dx = empty(shape_of_x(n), g.dtype());
  dispatch_floating(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::conv2d_input<T>(n, dense.data<T>(), filters.data<T>(), dx.data<T>());
  });
  return record("conv2d_input", {g, weight}, dx, [n, g = saved(g), weight = saved(weight)](const Tensor& d) {
    return Pair{needs_grad(0) ? convolve(n, d, weight.get(), Tensor()) : Tensor(),
                needs_grad(1) ? weight_gradient(n, g.get(), d) : Tensor()};
  });
}

Tensor weight_gradient(const ConvSizes& n, const Tensor& g, const Tensor& x) {
  const Tensor dense = array::contiguous(g), image = array::contiguous(x);
  Tensor dweight = empty(shape_of_weight(n), g.dtype());
  dispatch_floating(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::conv2d_weight<T>(n, dense.data<T>(), image.data<T>(), dweight.data<T>());
  });
  return record("conv2d_weight", {g, x}, dweight, [n, g = saved(g), x = saved(x)](const Tensor& d) {
    return Pair{needs_grad(0) ? convolve(n, x.get(), d, Tensor()) : Tensor(),
                needs_grad(1) ? input_gradient(n, g.get(), d) : Tensor()};
  });
}

void check_inputs(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check::floating("conv2d", x);
  check::same_dtype("conv2d", x, weight);
  if (bias.defined()) check::same_dtype("conv2d", x, bias);
  if (x.dim() != 4 || weight.dim() != 4 || x.size(1) != weight.size(1) ||
      (bias.defined() && (bias.dim() != 1 || bias.size(0) != weight.size(0))))
    throw ShapeError(
        fmt::format("conv2d: x is {}, weight {}, bias {}; need x[B, C, H, W], weight[O, C, kH, kW], bias[O]",
                    describe(x), describe(weight), describe(bias)));
}

int64_t padded(int64_t size, int64_t padding) {
  int64_t total;
  return __builtin_mul_overflow(padding, 2, &total) || __builtin_add_overflow(total, size, &total)
             ? std::numeric_limits<int64_t>::max()
             : total;
}

ConvSizes sizes_of(const Tensor& x, const Tensor& weight, const ConvolutionOptions& options) {
  const RowsColumns &stride = options.stride, &padding = options.padding;
  if (std::min(stride.rows, stride.columns) < 1 || std::min(padding.rows, padding.columns) < 0)
    throw ValueError(
        fmt::format("conv2d: stride ({}, {}), padding ({}, {}); need a stride of at least 1, a padding of "
                    "at least 0",
                    stride.rows, stride.columns, padding.rows, padding.columns));
  const int64_t height = padded(x.size(2), padding.rows), width = padded(x.size(3), padding.columns);
  checked_numel("conv2d", {x.size(0), x.size(1), height, width});
  const int64_t kH = weight.size(2), kW = weight.size(3);
  if (kH < 1 || kW < 1 || kH > height || kW > width)
    throw ShapeError(
        fmt::format("conv2d: x is {}, weight {}, padding ({}, {}); need a kernel of at least 1 x 1 that "
                    "fits into the padded {} x {} (pad more, or take a smaller one)",
                    describe(x), describe(weight), padding.rows, padding.columns, height, width));
  const auto axis = [](int64_t in, int64_t kernel, int64_t step, int64_t around, int64_t total) {
    const int64_t bounded = std::min(step, total);  // steps beyond the image are all alike
    return ConvAxis{in, kernel, bounded, around, (total - kernel) / bounded + 1};
  };
  const ConvSizes n{x.size(0), x.size(1), weight.size(0), axis(x.size(2), kH, stride.rows, padding.rows, height),
                    axis(x.size(3), kW, stride.columns, padding.columns, width)};
  checked_numel("conv2d", shape_of_y(n));
  return n;
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvolutionOptions& options) {
  check_inputs(x, weight, bias);
  const ConvSizes n = sizes_of(x, weight, options);
  return reference_mode() ? plain_conv2d(x, weight, bias, options) : convolve(n, x, weight, bias);
}

}  // namespace fovea
