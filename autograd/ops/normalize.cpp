// Layer normalisation (Ba, Kiros, Hinton 2016, equations 3 and 4) over the last dimension,
//   y = (x - mean x) / sqrt(var x + eps) * weight + bias                  var divides by n
// and dropout (Srivastava et al. 2014), y = x keep / (1 - p), keep drawn with probability 1 - p for each element.
// Shapes: x [..., D]; weight, bias [D] or undefined (1 and 0).
// Errors: ShapeError, DTypeError; ValueError for a probability outside [0, 1]. The mask of dropout depends on the
// generator and the element's index alone.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/norm.h>

namespace fovea {
namespace {

using Three = std::array<Tensor, 3>;

Tensor plain_layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  const Tensor centred = x - mean(x, -1, true);
  const Tensor variance = mean(square(centred), -1, true);
  return centred / sqrt(variance + eps) * weight + bias;
}

void check_layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check::floating("layer_norm", x);
  check::rank_at_least("layer_norm", x, 1);
  for (const Tensor* p : {&weight, &bias}) {
    if (!p->defined()) continue;
    check::same_dtype("layer_norm", x, *p);
    if (p->dim() != 1 || p->size(0) != x.size(-1))
      throw ShapeError(fmt::format("layer_norm: x is {}, weight {}, bias {}; need x[..., D], weight[D], bias[D]",
                                   describe(x), describe(weight), describe(bias)));
  }
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
  check_layer_norm(x, weight, bias);
  if (!(eps >= 0)) throw ValueError(fmt::format("layer_norm: eps is {}; need eps >= 0", eps));
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

Tensor dropout(const Tensor& x, double probability, Generator& generator) {
  check::floating("dropout", x);
  if (!(probability >= 0 && probability <= 1))
    throw ValueError(fmt::format("dropout: probability {}; need a number in [0, 1]", probability));
  if (probability == 0) return x;
  const double scale = probability < 1 ? 1 / (1 - probability) : 0;
  return keep_scaled(x, bernoulli(x.shape(), 1 - probability, generator, boolean), scale);
}

}  // namespace fovea
