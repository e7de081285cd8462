// conv1d. Taps that lie together and meet all channels are an image of one row; the others are brought together,
// shifted x beside shifted x, and then it is a product for each group. All of it is made of ops, so it has derivatives
// of any order.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/conv.h>
#include <fovea/autograd/ops.h>

#include <limits>

namespace fovea {
namespace {

void check_inputs(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv1dOptions& o) {
  check::floating("conv1d", x);
  check::same_dtype("conv1d", x, weight);
  if (bias.defined()) check::same_dtype("conv1d", x, bias);
  if (o.stride < 1 || o.dilation < 1 || o.groups < 1 || o.padding < 0)
    throw ValueError(
        fmt::format("conv1d: stride {}, dilation {}, groups {}, padding {}; need at least 1, of the padding at least 0",
                    o.stride, o.dilation, o.groups, o.padding));
  if (x.dim() != 3 || weight.dim() != 3 || weight.size(0) % o.groups != 0 || x.size(1) % o.groups != 0 ||
      x.size(1) / o.groups != weight.size(1) || (bias.defined() && bias.shape() != Shape{weight.size(0)}))
    throw ShapeError(
        fmt::format("conv1d: x is {}, weight {}, bias {}, groups {}; need x[B, C, L], weight[O, C / groups, k], "
                    "bias[O], and groups that divide C and O",
                    describe(x), describe(weight), describe(bias), o.groups));
}

// How many positions the kernel has in x with its padding.
int64_t positions(const Tensor& x, const Tensor& weight, const Conv1dOptions& o) {
  int64_t span, length;  // from the first tap to the last, and of padded x
  const bool fits = !__builtin_mul_overflow(weight.size(2) - 1, o.dilation, &span) &&
                    !__builtin_mul_overflow(o.padding, 2, &length) &&
                    !__builtin_add_overflow(length, x.size(2), &length);
  if (!fits || weight.size(2) < 1 || span >= length)
    throw ShapeError(
        fmt::format("conv1d: x is {}, weight {}, padding {}, dilation {}; need a kernel of at least 1 that fits "
                    "into padded x (pad more, or take a smaller one)",
                    describe(x), describe(weight), o.padding, o.dilation));
  checked_numel("conv1d", {x.size(0), x.size(1), length});
  const int64_t found = (length - span - 1) / o.stride + 1;
  checked_numel("conv1d", {x.size(0), weight.size(0), found});
  checked_numel("conv1d", {x.size(0), x.size(1), weight.size(2), found});
  return found;
}

Tensor by_taps(const Tensor& x, const Tensor& weight, const Conv1dOptions& o, int64_t T) {
  const int64_t B = x.size(0), O = weight.size(0), C = weight.size(1), k = weight.size(2), G = o.groups;
  const Tensor padded = pad(x, {o.padding, o.padding});
  std::vector<Tensor> taps;
  for (int64_t u = 0, last = (T - 1) * o.stride + 1; u < k; ++u)
    taps.push_back(slice(padded, 2, u * o.dilation, u * o.dilation + last, o.stride));
  const Tensor windows = reshape(stack(taps, 2), {B, G, C * k, T});
  return reshape(matmul(reshape(weight, {G, O / G, C * k}), windows), {B, O, T});
}

}  // namespace

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv1dOptions& options) {
  check_inputs(x, weight, bias, options);
  const int64_t T = positions(x, weight, options);
  if (options.dilation == 1 && options.groups == 1)
    return squeeze(conv2d(unsqueeze(x, 2), unsqueeze(weight, 2), bias,
                          {.stride = {1, options.stride}, .padding = {0, options.padding}}),
                   2);
  const Tensor y = by_taps(x, weight, options, T);
  return bias.defined() ? y + unsqueeze(bias, 1) : y;
}

}  // namespace fovea
