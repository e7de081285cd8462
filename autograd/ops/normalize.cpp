// Normalisation: of layers (Ba, Kiros, Hinton 2016, equations 3 and 4) and root mean square (Zhang, Sennrich 2019) over
// the last dimension, of groups (Wu, He 2018) over each group of channels and all that follows them,
//   layer_norm   y = (x - mean x) / sqrt(var x + eps) * weight + bias              var divides by n
//   rms_norm     y = x / sqrt(mean x^2 + eps) * weight
//   group_norm   the layer norm of each group, weight and bias for each channel
// of vectors to length 1,
//   normalize    y = x / |x|, 0 for 0; with eps x / max(|x|, eps)
// and dropout (Srivastava et al. 2014), y = x keep / (1 - p), keep drawn with probability 1 - p for each element.
// Shapes: x [..., D], weight, bias [D]; for groups x [N, C, ...], weight, bias [C]. Undefined: 1 and 0.
// Errors: ShapeError, DTypeError; ValueError for a probability outside [0, 1], for groups that do not divide C. The
// mask of dropout depends on the generator and the element's index alone.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/norm.h>

namespace fovea {
namespace {

using Two = std::array<Tensor, 2>;
using Three = std::array<Tensor, 3>;

Tensor plain_layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  const Tensor centred = x - mean(x, -1, true);
  const Tensor variance = mean(square(centred), -1, true);
  return centred / sqrt(variance + eps) * weight + bias;
}

Tensor plain_rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  return x * rsqrt(mean(square(x), -1, true) + eps) * weight;
}

void check_norm(const char* op, const Tensor& x, int64_t n, const Tensor& weight, const Tensor& bias, double eps) {
  for (const Tensor* p : {&weight, &bias}) {
    if (!p->defined()) continue;
    check::same_dtype(op, x, *p);
    if (p->dim() != 1 || p->size(0) != n)
      throw ShapeError(fmt::format("{}: x is {}, weight {}, bias {}; need weight[{}], bias[{}]", op, describe(x),
                                   describe(weight), describe(bias), n, n));
  }
  if (!(eps >= 0)) throw ValueError(fmt::format("{}: eps is {}; need eps >= 0", op, eps));
}

// x with its mask and scale; linear in x, so it is its own gradient.
Tensor keep_scaled(const Tensor& x, const Tensor& keep, double scale) {
  const Tensor from = array::contiguous(x);
  Tensor y = empty_like(from);
  kernels::keep_scaled(x.dtype(), x.numel(), from.raw(), keep.data<bool>(), scale, y.raw());
  return record("dropout", {x}, y,
                [keep = saved(keep), scale](const Tensor& g) { return keep_scaled(g, keep.get(), scale); });
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  check::floating("layer_norm", x);
  check::rank_at_least("layer_norm", x, 1);
  check_norm("layer_norm", x, x.size(-1), weight, bias, eps);
  const int64_t n = x.size(-1), rows = n == 0 ? 0 : x.numel() / n;
  const Tensor w = weight.defined() ? weight : ones({n}, x.dtype()), b = bias.defined() ? bias : zeros({n}, x.dtype());
  if (reference_mode()) return plain_layer_norm(x, w, b, eps);
  const Tensor from = array::contiguous(x), scale = array::contiguous(w), offset = array::contiguous(b);
  Tensor y = empty_like(from), statistics = empty({rows, 2}, f64);
  kernels::layer_norm(x.dtype(), rows, n, from.raw(), scale.raw(), offset.raw(), eps, y.raw(),
                      statistics.data<double>());
  return record("layer_norm", {x, w, b}, y,
                [x = saved(x), w = saved(w), b = saved(b), statistics, rows, n, eps](const Tensor& g) {
                  if (grad_enabled()) {
                    const auto formula = [eps](std::span<const Tensor> in) {
                      return std::vector<Tensor>{plain_layer_norm(in[0], in[1], in[2], eps)};
                    };
                    const auto found = plain_vjp(formula, Three{x.get(), w.get(), b.get()}, {&g, 1});
                    return Three{found[0], found[1], found[2]};
                  }
                  const Tensor from_g = array::contiguous(g), from_x = array::contiguous(x.get()),
                               scale_w = array::contiguous(w.get());
                  Three d{empty_like(from_x), empty({n}, g.dtype()), empty({n}, g.dtype())};
                  kernels::layer_norm_backward(g.dtype(), rows, n, from_g.raw(), from_x.raw(), scale_w.raw(),
                                               statistics.data<double>(), d[0].raw(), d[1].raw(), d[2].raw());
                  return d;
                });
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, std::optional<double> eps) {
  check::floating("rms_norm", x);
  check::rank_at_least("rms_norm", x, 1);
  const double epsilon =
      x.dtype() == f32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  const double e = eps.value_or(epsilon);
  check_norm("rms_norm", x, x.size(-1), weight, Tensor(), e);
  const int64_t n = x.size(-1), rows = n == 0 ? 0 : x.numel() / n;
  const Tensor w = weight.defined() ? weight : ones({n}, x.dtype());
  if (reference_mode()) return plain_rms_norm(x, w, e);
  const Tensor from = array::contiguous(x), scale = array::contiguous(w);
  Tensor y = empty_like(from), statistics = empty({rows, 2}, f64);
  kernels::rms_norm(x.dtype(), rows, n, from.raw(), scale.raw(), e, y.raw(), statistics.data<double>());
  return record("rms_norm", {x, w}, y, [x = saved(x), w = saved(w), statistics, rows, n, e](const Tensor& g) {
    if (grad_enabled()) {
      const auto formula = [e](std::span<const Tensor> in) {
        return std::vector<Tensor>{plain_rms_norm(in[0], in[1], e)};
      };
      const auto found = plain_vjp(formula, Two{x.get(), w.get()}, {&g, 1});
      return Two{found[0], found[1]};
    }
    const Tensor from_g = array::contiguous(g), from_x = array::contiguous(x.get()),
                 scale_w = array::contiguous(w.get());
    Two d{empty_like(from_x), empty({n}, g.dtype())};
    kernels::rms_norm_backward(g.dtype(), rows, n, from_g.raw(), from_x.raw(), scale_w.raw(), statistics.data<double>(),
                               d[0].raw(), d[1].raw());
    return d;
  });
}

Tensor group_norm(const Tensor& x, int64_t num_groups, const Tensor& weight, const Tensor& bias, double eps) {
  check::floating("group_norm", x);
  check::rank_at_least("group_norm", x, 2);
  const int64_t n = x.size(0), channels = x.size(1);
  if (num_groups < 1 || channels % num_groups != 0)
    throw ValueError(fmt::format("group_norm: {} groups of the {} channels of {}; need a divisor", num_groups, channels,
                                 describe(x)));
  check_norm("group_norm", x, channels, weight, bias, eps);
  int64_t width = channels / num_groups;
  Shape across = Shape::filled(x.dim() - 1, 1);
  across[0] = channels;
  for (int d = 2; d < x.dim(); ++d) width *= x.size(d);
  Tensor y = reshape(layer_norm(reshape(x, {n, num_groups, width}), Tensor(), Tensor(), eps), x.shape());
  if (weight.defined()) y = y * reshape(weight, across);
  return bias.defined() ? y + reshape(bias, across) : y;
}

Tensor normalize(const Tensor& x, int64_t dim, std::optional<double> eps) {
  check::floating("normalize", x);
  if (!(eps.value_or(0) >= 0)) throw ValueError(fmt::format("normalize: eps {}; need a number >= 0", *eps));
  const int d = normalize_dim("normalize", dim, x.dim());
  if (x.dim() == 0) return squeeze(normalize(unsqueeze(x, 0), 0, eps), 0);
  if (eps) return x / clamp(norm(x, d, true), *eps, std::numeric_limits<double>::infinity());
  if (x.numel() == 0) return x;
  // In units of the largest element, for a length that its type cannot say.
  const Tensor largest = max(abs(x.detach()), d, true), nothing = eq(largest, 0.0);
  const Tensor scaled = x / masked_fill(largest, nothing, 1);
  return masked_fill(scaled / masked_fill(norm(scaled, d, true), nothing, 1), nothing, 0);
}

Tensor dropout(const Tensor& x, double probability, Generator& generator) {
  check::floating("dropout", x);
  if (!(probability >= 0 && probability <= 1))
    throw ValueError(fmt::format("dropout: probability {}; need a number in [0, 1]", probability));
  if (probability == 0) return x;
  const double scale = probability < 1 ? 1 / (1 - probability) : 0;
  return keep_scaled(x, bernoulli(x.shape(), 1 - probability, generator, boolean), scale);
}

}  // namespace fovea
