// Batch normalisation: statistics first, of the batch or running, then one kernel with them.
#include <fmt/format.h>
#include <fovea/autograd/batch_norm.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/batch_norm.h>

#include <cmath>

namespace fovea {
namespace {

using Three = std::array<Tensor, 3>;

// statistics: [C, 2], mean and 1 / sqrt(var + eps); undefined: those of x.
Tensor plain_batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& statistics,
                        double eps) {
  Dims others(0);
  for (int d = 2; d < x.dim(); ++d) others.list.append(d);
  Shape across = Shape::filled(x.dim() - 1, 1);
  across[0] = x.size(1);
  const auto spread = [&](const Tensor& of_channels) { return reshape(of_channels, across); };
  const auto known = [&](int64_t which) { return spread(to(select(statistics, 1, which), x.dtype())); };
  const Tensor centred = x - (statistics.defined() ? known(0) : mean(x, others, true));
  const Tensor scale = statistics.defined() ? known(1) : rsqrt(mean(square(centred), others, true) + eps);
  return centred * scale * spread(weight) + spread(bias);
}

void check_batch_norm(const Tensor& x, const Three& of_channels, const Tensor& running_var, const BatchNormOptions& o) {
  check::floating("batch_norm", x);
  check::rank_at_least("batch_norm", x, 2);
  const Tensor& running_mean = of_channels[2];
  for (const Tensor& p : {of_channels[0], of_channels[1], running_mean, running_var}) {
    if (!p.defined()) continue;
    check::same_dtype("batch_norm", x, p);
    if (p.shape() != Shape{x.size(1)})
      throw ShapeError(
          fmt::format("batch_norm: x is {}, weight {}, bias {}, running mean {}, variance {}; need [{}] of each",
                      describe(x), describe(of_channels[0]), describe(of_channels[1]), describe(running_mean),
                      describe(running_var), x.size(1)));
  }
  if (running_mean.defined() != running_var.defined() || (!o.training && !running_mean.defined()))
    throw ValueError(
        fmt::format("batch_norm: running mean {}, running variance {}; need both, in training both or none",
                    describe(running_mean), describe(running_var)));
  if (o.training && x.size(1) > 0 && x.numel() == x.size(1))
    throw ShapeError(
        fmt::format("batch_norm: x is {}, one value a channel, which has no variance; need more examples in training",
                    describe(x)));
  if (!(o.momentum >= 0 && o.momentum <= 1) || !(o.eps >= 0))
    throw ValueError(
        fmt::format("batch_norm: momentum {}, eps {}; need a momentum in [0, 1] and eps >= 0", o.momentum, o.eps));
}

// What the kernel walks: a matrix by its columns, which are its channels.
struct Laid {
  explicit Laid(const Tensor& x)
      : matrix(x.dim() == 2), dense(array::contiguous(matrix ? array::transpose(x, 0, 1) : x)) {
    sizes.channels = x.size(1);
    sizes.examples = matrix ? 1 : x.size(0);
    sizes.length = matrix ? x.size(0) : 1;
    for (int d = 2; d < x.dim(); ++d) sizes.length *= x.size(d);
  }
  Tensor back(const Tensor& y) const { return matrix ? array::contiguous(array::transpose(y, 0, 1)) : y; }
  bool matrix;
  Tensor dense;
  kernels::BatchNormSizes sizes{};
};

// The batch's mean and variance, f64 [C, 2]; they move the running ones.
Tensor batch_moments(const Laid& x, const Tensor& running_mean, const Tensor& running_var, double momentum) {
  Tensor moments = zeros({x.sizes.channels, 2}, f64);
  if (x.dense.numel() == 0) return moments;
  kernels::batch_moments(x.dense.dtype(), x.sizes, x.dense.raw(), moments.data<double>());
  if (!running_mean.defined()) return moments;
  const NoGrad guard;
  const auto count = static_cast<double>(x.sizes.examples * x.sizes.length);
  const auto batch = [&](int64_t which) { return array::to(array::select(moments, 1, which), x.dense.dtype()); };
  running_mean.mul_(1 - momentum).add_(batch(0), momentum);
  running_var.mul_(1 - momentum).add_(batch(1), momentum * (count / (count - 1)));
  return moments;
}

// [C, 2]: mean and 1 / sqrt(var + eps).
Tensor statistics_of(const Laid& x, const Tensor& running_mean, const Tensor& running_var, const BatchNormOptions& o) {
  const auto wide = [](const Tensor& running) { return array::to(running.detach(), f64); };
  Tensor found = o.training ? batch_moments(x, running_mean, running_var, o.momentum)
                            : stack({wide(running_mean), wide(running_var)}, 1);
  double* of_channel = found.data<double>();
  for (int64_t c = 0; c < x.sizes.channels; ++c) of_channel[2 * c + 1] = 1 / std::sqrt(of_channel[2 * c + 1] + o.eps);
  return found;
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, const BatchNormOptions& options) {
  check_batch_norm(x, {weight, bias, running_mean}, running_var, options);
  const int64_t C = x.size(1);
  const Tensor w = weight.defined() ? weight : ones({C}, x.dtype()), b = bias.defined() ? bias : zeros({C}, x.dtype());
  const Laid from(x);
  const Tensor statistics = statistics_of(from, running_mean, running_var, options);
  const bool training = options.training;
  const double eps = options.eps;
  if (reference_mode()) return plain_batch_norm(x, w, b, training ? Tensor() : statistics, eps);
  Tensor y = empty_like(from.dense);
  kernels::batch_norm(x.dtype(), from.sizes, from.dense.raw(), array::contiguous(w).raw(), array::contiguous(b).raw(),
                      statistics.data<double>(), y.raw());
  return record(
      "batch_norm", {x, w, b}, from.back(y),
      [x = saved(x), w = saved(w), b = saved(b), statistics, training, eps](const Tensor& g) {
        if (grad_enabled()) {
          const auto formula = [&](std::span<const Tensor> in) {
            return std::vector<Tensor>{plain_batch_norm(in[0], in[1], in[2], training ? Tensor() : statistics, eps)};
          };
          const auto found = plain_vjp(formula, Three{x.get(), w.get(), b.get()}, {&g, 1});
          return Three{found[0], found[1], found[2]};
        }
        const Laid from_x(x.get()), from_g(g);
        const Tensor scale = array::contiguous(w.get());
        Three d{empty_like(from_x.dense), empty_like(scale), empty_like(scale)};
        kernels::batch_norm_backward(g.dtype(), from_x.sizes, training, from_g.dense.raw(), from_x.dense.raw(),
                                     scale.raw(), statistics.data<double>(), d[0].raw(), d[1].raw(), d[2].raw());
        d[0] = from_x.back(d[0]);
        return d;
      });
}

}  // namespace fovea
