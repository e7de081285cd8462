#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/kernels/optimizer.h>
#include <fovea/optim/rmsprop.h>

namespace fovea {
namespace {

using detail::kInfinity;

// The equations of rmsprop.h in ops. `mean` undefined: not centred; `b` undefined: no momentum.
void plain_step(Tensor theta, Tensor v, Tensor mean, Tensor b, Tensor g, const RMSpropOptions& o) {
  g = g + theta * o.weight_decay;                    // (1)
  v.copy_(v * o.alpha + square(g) * (1 - o.alpha));  // (2)
  Tensor spread = v;
  if (mean.defined()) {
    mean.copy_(mean * o.alpha + g * (1 - o.alpha));
    spread = clamp(v - square(mean), 0, kInfinity);  // (3)
  }
  Tensor u = g / (sqrt(spread) + o.eps);  // (4)
  if (b.defined()) u = b.copy_(b * o.momentum + u);
  theta.copy_(theta - u * o.lr);  // (5)
}

void plain_step(Tensor theta, Tensor n, Tensor mean, Tensor delta, const Tensor& g, const GravesRMSpropOptions& o) {
  n.copy_(n * o.decay + square(g) * (1 - o.decay));  // (6)
  mean.copy_(mean * o.decay + g * (1 - o.decay));    // (7)
  const Tensor spread = clamp(n - square(mean), 0, kInfinity);
  delta.copy_(delta * o.momentum - g / sqrt(spread + o.eps) * o.lr);  // (8)
  theta.copy_(theta + delta);                                         // (9)
}

}  // namespace

void RMSpropOptions::check() const {
  require_range("rmsprop", "lr", lr, 0, kInfinity);
  require_range("rmsprop", "alpha", alpha, 0, 1);
  require_range("rmsprop", "eps", eps, 0, kInfinity);
  require_range("rmsprop", "momentum", momentum, 0, kInfinity);
  require_range("rmsprop", "weight_decay", weight_decay, 0, kInfinity);
}

void RMSprop::update(Entry& entry, const Tensor& gradient) {
  const RMSpropOptions& o = options(entry.group);
  const Tensor& theta = entry.parameter;
  if (reference_mode()) return plain_step(theta, entry.memory[0], entry.memory[1], entry.memory[2], gradient, o);
  kernels::rmsprop_step(
      theta.dtype(), theta.numel(), theta.raw(), gradient.raw(), entry.at(0), entry.at(1), entry.at(2),
      {.lr = o.lr, .alpha = o.alpha, .eps = o.eps, .momentum = o.momentum, .weight_decay = o.weight_decay});
}

void GravesRMSpropOptions::check() const {
  require_range("graves-rmsprop", "lr", lr, 0, kInfinity);
  require_range("graves-rmsprop", "decay", decay, 0, 1);
  require_range("graves-rmsprop", "momentum", momentum, 0, kInfinity);
  require_range("graves-rmsprop", "eps", eps, std::numeric_limits<double>::min(), kInfinity);
}

void GravesRMSprop::update(Entry& entry, const Tensor& gradient) {
  const GravesRMSpropOptions& o = options(entry.group);
  const Tensor& theta = entry.parameter;
  if (reference_mode()) return plain_step(theta, entry.memory[0], entry.memory[1], entry.memory[2], gradient, o);
  kernels::graves_step(theta.dtype(), theta.numel(), theta.raw(), gradient.raw(), entry.at(0), entry.at(1), entry.at(2),
                       {.lr = o.lr, .decay = o.decay, .momentum = o.momentum, .eps = o.eps});
}

}  // namespace fovea
