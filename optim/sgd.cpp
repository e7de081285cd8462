#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/kernels/optimizer.h>
#include <fovea/optim/sgd.h>

namespace fovea {
namespace {

using detail::kInfinity;

// The equations of sgd.h in ops. `b` undefined: no momentum.
void plain_step(Tensor theta, Tensor b, Tensor g, bool first, const SGDOptions& o) {
  g = g + theta * o.weight_decay;  // (1)
  if (b.defined()) {
    b.copy_(first ? g : b * o.momentum + g * (1 - o.dampening));  // (2)
    g = o.nesterov ? g + b * o.momentum : b;
  }
  theta.copy_(theta - g * o.lr);  // (3)
}

}  // namespace

void SGDOptions::check() const {
  require_range("sgd", "lr", lr, 0, kInfinity);
  require_range("sgd", "momentum", momentum, 0, kInfinity);
  require_range("sgd", "dampening", dampening, -kInfinity, kInfinity);
  require_range("sgd", "weight_decay", weight_decay, 0, kInfinity);
  if (nesterov && !(momentum > 0 && dampening == 0))
    throw ValueError("sgd: nesterov needs momentum > 0 and dampening 0; set momentum, 0.9 for instance");
}

void SGD::update(Entry& entry, const Tensor& gradient) {
  const SGDOptions& o = options(entry.group);
  const bool first = entry.step == 1;
  if (reference_mode()) return plain_step(entry.parameter, entry.memory[0], gradient, first, o);
  kernels::sgd_step(entry.parameter.dtype(), entry.parameter.numel(), entry.parameter.raw(), gradient.raw(),
                    entry.at(0),
                    {.lr = o.lr,
                     .momentum = o.momentum,
                     .dampening = o.dampening,
                     .weight_decay = o.weight_decay,
                     .nesterov = o.nesterov,
                     .first = first});
}

}  // namespace fovea
