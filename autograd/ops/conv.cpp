// Convolution. It is linear in x and in the weight, so three functions are closed under differentiation: conv2d and its
// gradients by x and by the weight. Each one's vjp is made of the other two. The gradient by x is conv_transpose2d too.
// With dilation both are the plain formulas, made of ops.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/conv.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/conv.h>

#include <algorithm>
#include <limits>
#include <string>

namespace fovea {
namespace {

using kernels::ConvAxis;
using kernels::ConvSizes;
using Pair = std::array<Tensor, 2>;

int64_t span(int64_t kernel, int64_t dilation) { return dilation * (kernel - 1) + 1; }

// The image that each tap meets, side by side, times the filters.
Tensor plain_conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvolutionOptions& o) {
  const auto [ph, pw] = o.padding;
  const int64_t B = x.size(0), O = weight.size(0), C = weight.size(1), kH = weight.size(2), kW = weight.size(3);
  const Tensor padded = pad(x, {pw, pw, ph, ph});
  const auto tap = [&](const Tensor& from, int64_t dim, int64_t u, int64_t k, int64_t dilation, int64_t stride) {
    return slice(from, dim, u * dilation, from.size(dim) - (k - 1 - u) * dilation, stride);
  };
  std::vector<Tensor> taps;
  for (int64_t u = 0; u < kH; ++u) {
    const Tensor rows = tap(padded, 2, u, kH, o.dilation.rows, o.stride.rows);
    for (int64_t v = 0; v < kW; ++v) taps.push_back(tap(rows, 3, v, kW, o.dilation.columns, o.stride.columns));
  }
  const int64_t H = taps[0].size(2), W = taps[0].size(3);
  const Tensor patches = reshape(stack(taps, 2), {B, C * kH * kW, H * W});
  const Tensor y = reshape(matmul(reshape(weight, {O, C * kH * kW}), patches), {B, O, H, W});
  return bias.defined() ? y + reshape(bias, {O, 1, 1}) : y;
}

// Each tap's multiple of x, a stride apart, where it belongs in y [B, O, H', W'].
Tensor plain_transpose(const Tensor& x, const Tensor& weight, const Shape& y, const ConvTransposeOptions& o) {
  const int64_t B = x.size(0), C = x.size(1), H = x.size(2), W = x.size(3), O = weight.size(1);
  const int64_t sh = H > 1 ? o.stride.rows : 1, sw = W > 1 ? o.stride.columns : 1;         // of one row any is alike
  const int64_t rows = y[2] + 2 * o.padding.rows, columns = y[3] + 2 * o.padding.columns;  // before they are cut off
  const auto apart = [&](const Tensor& term) {
    const Tensor wide = pad(reshape(term, {B, O, H, 1, W, 1}), {0, sw - 1, 0, 0, 0, sh - 1});
    const Tensor image = reshape(wide, {B, O, wide.size(2) * wide.size(3), wide.size(4) * wide.size(5)});
    return slice(slice(image, 2, 0, (H - 1) * sh + 1), 3, 0, (W - 1) * sw + 1);
  };
  Tensor sum = zeros({B, O, rows, columns}, x.dtype());
  for (int64_t u = 0; u < weight.size(2); ++u)
    for (int64_t v = 0; v < weight.size(3); ++v) {
      const Tensor filter = transpose(select(select(weight, 3, v), 2, u), 0, 1);  // [O, C]
      const Tensor term = apart(matmul(filter, reshape(x, {B, C, H * W})));
      const int64_t down = u * o.dilation.rows, right = v * o.dilation.columns;
      sum = sum + pad(term, {right, columns - right - term.size(3), down, rows - down - term.size(2)});
    }
  return slice(slice(sum, 2, o.padding.rows, o.padding.rows + y[2]), 3, o.padding.columns, o.padding.columns + y[3]);
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

int64_t least(const RowsColumns& sizes) { return std::min(sizes.rows, sizes.columns); }
std::string both(const RowsColumns& sizes) { return fmt::format("({}, {})", sizes.rows, sizes.columns); }

// What an op may be told, and its operands: `in` and `out` are the weight's channels of x and of y, of one group.
void check_inputs(std::string_view op, const Tensor& x, const Tensor& weight, const Tensor& bias, int in, int out,
                  int64_t groups) {
  check::floating(op, x);
  check::same_dtype(op, x, weight);
  if (bias.defined()) check::same_dtype(op, x, bias);
  const bool transposed = in == 0;
  const auto channels = [&](int dim, bool whole) {
    int64_t all;
    return __builtin_mul_overflow(weight.size(dim), whole ? 1 : groups, &all) ? -1 : all;
  };
  if (x.dim() != 4 || weight.dim() != 4 || groups > std::max<int64_t>(1, weight.size(0)) ||
      x.size(1) != channels(in, transposed) || weight.size(0) % groups != 0 ||
      (bias.defined() && bias.shape() != Shape{channels(out, !transposed)}))
    throw ShapeError(
        fmt::format("{}: x is {}, weight {}, bias {}, groups {}; need x[B, C, H, W], weight{}, bias[O], "
                    "and groups that divide C and O",
                    op, describe(x), describe(weight), describe(bias), groups,
                    transposed ? "[C, O / groups, kH, kW]" : "[O, C / groups, kH, kW]"));
}

int64_t padded(int64_t size, int64_t padding) {
  int64_t total;
  return __builtin_mul_overflow(padding, 2, &total) || __builtin_add_overflow(total, size, &total)
             ? std::numeric_limits<int64_t>::max()
             : total;
}

// Of y; of one group.
ConvSizes sizes_of(const Tensor& x, const Tensor& weight, const ConvolutionOptions& o) {
  const int64_t height = padded(x.size(2), o.padding.rows), width = padded(x.size(3), o.padding.columns);
  checked_numel("conv2d", {x.size(0), x.size(1), height, width});
  const auto fits = [](int64_t kernel, int64_t dilation, int64_t total) {
    int64_t reach;
    return kernel >= 1 && !__builtin_mul_overflow(kernel - 1, dilation, &reach) && reach < total;
  };
  if (!fits(weight.size(2), o.dilation.rows, height) || !fits(weight.size(3), o.dilation.columns, width))
    throw ShapeError(
        fmt::format("conv2d: x is {}, weight {}, padding {}, dilation {}; need a kernel of at least 1 x 1 "
                    "that fits into the padded {} x {} (pad more, or take a smaller one)",
                    describe(x), describe(weight), both(o.padding), both(o.dilation), height, width));
  const auto axis = [](int64_t in, int64_t kernel, int64_t step, int64_t around, int64_t dilation, int64_t total) {
    const int64_t bounded = std::min(step, total);  // steps beyond the image are all alike
    return ConvAxis{in, kernel, bounded, around, (total - span(kernel, dilation)) / bounded + 1};
  };
  const ConvSizes n{x.size(0), weight.size(1), weight.size(0),
                    axis(x.size(2), weight.size(2), o.stride.rows, o.padding.rows, o.dilation.rows, height),
                    axis(x.size(3), weight.size(3), o.stride.columns, o.padding.columns, o.dilation.columns, width)};
  checked_numel("conv2d", shape_of_y(n));
  return n;
}

// Of the convolution that leads from y to x.
ConvSizes transposed_sizes(const Tensor& x, const Tensor& weight, const ConvTransposeOptions& o) {
  const auto axis = [&](int dim, int64_t stride, int64_t padding, int64_t more, int64_t dilation) {
    const int64_t in = x.size(dim), kernel = weight.size(dim);
    int64_t size = 0, reach = 0, cut = 0;
    const bool fits = in >= 1 && kernel >= 1 && !__builtin_mul_overflow(in - 1, stride, &size) &&
                      !__builtin_mul_overflow(kernel - 1, dilation, &reach) &&
                      !__builtin_add_overflow(size, reach, &size) && !__builtin_add_overflow(size, more + 1, &size) &&
                      !__builtin_mul_overflow(padding, 2, &cut) && size > cut;
    if (!fits)
      throw ShapeError(fmt::format(
          "conv_transpose2d: x is {}, weight {}, stride {}, padding {}, output_padding {}, dilation {}; need "
          "images and kernels of at least 1 x 1 that make one of at least 1 x 1 (pad less, or take a larger "
          "kernel or output_padding)",
          describe(x), describe(weight), both(o.stride), both(o.padding), both(o.output_padding), both(o.dilation)));
    return ConvAxis{size - cut, kernel, std::min(stride, size), padding, in};
  };
  const ConvSizes n{x.size(0), weight.size(1), weight.size(0),
                    axis(2, o.stride.rows, o.padding.rows, o.output_padding.rows, o.dilation.rows),
                    axis(3, o.stride.columns, o.padding.columns, o.output_padding.columns, o.dilation.columns)};
  checked_numel("conv_transpose2d", shape_of_x(n));
  return n;
}

// `one` of each group's channels of x, filters and bias, side by side.
template <class One>
Tensor by_groups(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups, One&& one) {
  if (groups == 1) return one(x, weight, bias);
  const auto part = [&](const Tensor& from, int64_t dim, int64_t g) {
    const int64_t size = from.size(dim) / groups;
    return slice(from, dim, g * size, (g + 1) * size);
  };
  std::vector<Tensor> parts;
  for (int64_t g = 0; g < groups; ++g)
    parts.push_back(one(part(x, 1, g), part(weight, 0, g), bias.defined() ? part(bias, 0, g) : Tensor()));
  return cat(parts, 1);
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvolutionOptions& o) {
  if (std::min({least(o.stride), least(o.dilation), o.groups}) < 1 || least(o.padding) < 0)
    throw ValueError(
        fmt::format("conv2d: stride {}, padding {}, dilation {}, groups {}; need at least 1, of the padding "
                    "at least 0",
                    both(o.stride), both(o.padding), both(o.dilation), o.groups));
  check_inputs("conv2d", x, weight, bias, 1, 0, o.groups);
  const bool apart = o.dilation.rows > 1 || o.dilation.columns > 1;
  ConvolutionOptions bounded = o;
  return by_groups(x, weight, bias, o.groups, [&](const Tensor& in, const Tensor& filters, const Tensor& shift) {
    const ConvSizes n = sizes_of(in, filters, o);
    bounded.stride = {n.rows.stride, n.columns.stride};
    return apart || reference_mode() ? plain_conv2d(in, filters, shift, bounded) : convolve(n, in, filters, shift);
  });
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvTransposeOptions& o) {
  const auto within = [](int64_t more, int64_t stride, int64_t dilation) {
    return more >= 0 && (more < stride || more < dilation);
  };
  if (std::min({least(o.stride), least(o.dilation), o.groups}) < 1 || least(o.padding) < 0 ||
      !within(o.output_padding.rows, o.stride.rows, o.dilation.rows) ||
      !within(o.output_padding.columns, o.stride.columns, o.dilation.columns))
    throw ValueError(
        fmt::format("conv_transpose2d: stride {}, padding {}, output_padding {}, dilation {}, groups {}; "
                    "need at least 1, of the paddings at least 0, and an output_padding below the stride "
                    "or the dilation",
                    both(o.stride), both(o.padding), both(o.output_padding), both(o.dilation), o.groups));
  check_inputs("conv_transpose2d", x, weight, bias, 0, 1, o.groups);
  const bool apart = o.dilation.rows > 1 || o.dilation.columns > 1;
  return by_groups(x, weight, bias, o.groups, [&](const Tensor& in, const Tensor& filters, const Tensor& shift) {
    const ConvSizes n = transposed_sizes(in, filters, o);
    const Tensor y =
        apart || reference_mode() ? plain_transpose(in, filters, shape_of_x(n), o) : input_gradient(n, in, filters);
    return shift.defined() ? y + reshape(shift, {shift.size(0), 1, 1}) : y;
  });
}

}  // namespace fovea
