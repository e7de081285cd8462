#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/kernels/optimizer.h>
#include <fovea/optim/adam.h>

#include <cmath>

namespace fovea {
namespace {

template <class Options>
void check_options(std::string_view what, const Options& o) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  require_range(what, "lr", o.lr, 0, infinity);
  require_range(what, "beta1", o.beta1, 0, 1);
  require_range(what, "beta2", o.beta2, 0, 1);
  require_range(what, "eps", o.eps, 0, infinity);
  require_range(what, "weight_decay", o.weight_decay, 0, infinity);
}

// The equations of adam.h in ops.
void plain_step(Tensor theta, Tensor m, Tensor v, Tensor g, int64_t t, const AdamOptions& o, bool decoupled) {
  if (decoupled)
    theta.mul_(1 - o.lr * o.weight_decay);  // (1')
  else
    g = g + theta * o.weight_decay;                  // (1)
  m.copy_(m * o.beta1 + g * (1 - o.beta1));          // (2)
  v.copy_(v * o.beta2 + square(g) * (1 - o.beta2));  // (3)
  const double start1 = 1 - std::pow(o.beta1, t);
  const double start2 = 1 - std::pow(o.beta2, t);
  theta.copy_(theta - m / (sqrt(v) / std::sqrt(start2) + o.eps) * (o.lr / start1));  // (4)
}

// β^t depends on the step alone, and the parameters of a model are mostly at the same one.
struct Corrections {
  double beta1 = -1, beta2 = -1;
  int64_t t = -1;
  double first = 0, second = 0;

  void update(double b1, double b2, int64_t step) {
    if (t == step && beta1 == b1 && beta2 == b2) return;
    *this = {b1, b2, step, 1 / (1 - std::pow(b1, step)), 1 / std::sqrt(1 - std::pow(b2, step))};
  }
};
thread_local constinit Corrections corrections;

void take_step(const Tensor& theta, const Tensor& m, const Tensor& v, const Tensor& g, int64_t t, const AdamOptions& o,
               bool decoupled) {
  if (reference_mode()) return plain_step(theta, m, v, g, t, o, decoupled);
  corrections.update(o.beta1, o.beta2, t);
  kernels::adam_step(theta.dtype(), theta.numel(), theta.raw(), g.raw(), m.raw(), v.raw(),
                     {.rate = o.lr * corrections.first,
                      .correction = corrections.second,
                      .beta1 = o.beta1,
                      .beta2 = o.beta2,
                      .eps = o.eps,
                      .weight_decay = decoupled ? 0 : o.weight_decay,
                      .shrink = decoupled ? 1 - o.lr * o.weight_decay : 1});
}

}  // namespace

void AdamOptions::check() const { check_options("adam", *this); }
void AdamWOptions::check() const { check_options("adamw", *this); }

void Adam::update(Entry& entry, const Tensor& gradient) {
  take_step(entry.parameter, entry.memory[0], entry.memory[1], gradient, entry.step, options(entry.group), false);
}

void AdamW::update(Entry& entry, const Tensor& gradient) {
  const AdamWOptions& o = options(entry.group);
  take_step(entry.parameter, entry.memory[0], entry.memory[1], gradient, entry.step,
            {o.lr, o.beta1, o.beta2, o.eps, o.weight_decay}, true);
}

}  // namespace fovea
