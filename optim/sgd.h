// Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's momentum (Sutskever et al. 2013).
//
//   g = dL/dθ + wd θ                                            (1)
//   b = g in the first step,  b = μ b + (1 - τ) g afterwards    (2)
//   θ = θ - lr b,  with Nesterov  θ = θ - lr (g + μ b)          (3)
//
// With μ = 0 there is no b and θ = θ - lr g. As in PyTorch, lr stands outside of b: a new lr acts at once.
// Errors: ValueError for options out of range, or for Nesterov without momentum or with dampening; see optimizer.h.
#pragma once

#include <fovea/optim/optimizer.h>

namespace fovea {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;   // μ
  double dampening = 0;  // τ
  double weight_decay = 0;
  bool nesterov = false;

  void fields(Fields& f) {
    f("lr", lr)("momentum", momentum)("dampening", dampening)("weight_decay", weight_decay)("nesterov", nesterov);
  }
  void check() const;
  std::array<std::string_view, 3> symbols() const { return {momentum > 0 ? "b" : ""}; }
};

class SGD final : public OptimizerWith<SGDOptions> {
 public:
  explicit SGD(const Groups& groups) : OptimizerWith("sgd", groups) {}
  explicit SGD(const std::vector<Tensor>& parameters, const SGDOptions& options = {})
      : SGD(Groups{{parameters, options}}) {}

 private:
  void update(Entry& entry, const Tensor& gradient) override;
};

}  // namespace fovea
