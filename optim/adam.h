// Adam (Kingma & Ba 2015, arXiv 1412.6980) and AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101).
//
//   Adam:   g = dL/dθ + wd θ                                    (1)
//   AdamW:  θ = (1 - lr wd) θ,  g = dL/dθ                       (1')
//   m = β1 m + (1 - β1) g                                       (2)  mean
//   v = β2 v + (1 - β2) g²                                      (3)  mean square
//   θ = θ - lr / (1 - β1^t) · m / (√v / √(1 - β2^t) + eps)      (4)  both corrected for their start at zero
//
// t counts the updates of the parameter, from 1. As in PyTorch, eps stands outside of both roots.
// Errors: ValueError for options out of range; see optimizer.h.
#pragma once

#include <fovea/optim/optimizer.h>

namespace fovea {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;

  void fields(Fields& f) { f("lr", lr)("beta1", beta1)("beta2", beta2)("eps", eps)("weight_decay", weight_decay); }
  void check() const;
  std::array<std::string_view, 3> symbols() const { return {"m", "v"}; }
};

struct AdamWOptions {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.01;

  void fields(Fields& f) { f("lr", lr)("beta1", beta1)("beta2", beta2)("eps", eps)("weight_decay", weight_decay); }
  void check() const;
  std::array<std::string_view, 3> symbols() const { return {"m", "v"}; }
};

class Adam final : public OptimizerWith<AdamOptions> {
 public:
  explicit Adam(const Groups& groups) : OptimizerWith("adam", groups) {}
  explicit Adam(const std::vector<Tensor>& parameters, const AdamOptions& options = {})
      : Adam(Groups{{parameters, options}}) {}

 private:
  void update(Entry& entry, const Tensor& gradient) override;
};

class AdamW final : public OptimizerWith<AdamWOptions> {
 public:
  explicit AdamW(const Groups& groups) : OptimizerWith("adamw", groups) {}
  explicit AdamW(const std::vector<Tensor>& parameters, const AdamWOptions& options = {})
      : AdamW(Groups{{parameters, options}}) {}

 private:
  void update(Entry& entry, const Tensor& gradient) override;
};

}  // namespace fovea
