// RMSprop in two forms: PyTorch's, and the one of Graves 2013 (arXiv 1308.0850, eqs. 38-45), used by Neural Turing
// Machines.
//
// RMSprop:  g = dL/dθ + wd θ                                     (1)
//           v = α v + (1 - α) g²                                 (2)  mean square
//           centred:  ḡ = α ḡ + (1 - α) g,  ṽ = v - ḡ²           (3)  variance; else ṽ = v
//           u = g / (√ṽ + eps)                                   (4)  eps outside of the root
//           b = μ b + u,  θ = θ - lr b;  μ = 0:  θ = θ - lr u    (5)
//
// Graves:   n = ℵ n + (1 - ℵ) g²                                 (6)
//           ḡ = ℵ ḡ + (1 - ℵ) g                                  (7)
//           Δ = ℶ Δ - ℷ g / √(n - ḡ² + ℸ)                        (8)  ℸ inside of the root, ℷ inside of Δ
//           θ = θ + Δ                                            (9)
//
// A variance that rounding made negative counts as 0. Errors: ValueError for options out of range; see optimizer.h.
#pragma once

#include <fovea/optim/optimizer.h>

namespace fovea {

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double momentum = 0;  // μ
  double weight_decay = 0;
  bool centered = false;

  void fields(Fields& f) {
    f("lr", lr)("alpha", alpha)("eps", eps)("momentum", momentum)("weight_decay", weight_decay)("centered", centered);
  }
  void check() const;
  std::array<std::string_view, 3> symbols() const { return {"v", centered ? "mean" : "", momentum > 0 ? "b" : ""}; }
};

class RMSprop final : public OptimizerWith<RMSpropOptions> {
 public:
  explicit RMSprop(const Groups& groups) : OptimizerWith("rmsprop", groups) {}
  explicit RMSprop(const std::vector<Tensor>& parameters, const RMSpropOptions& options = {})
      : RMSprop(Groups{{parameters, options}}) {}

 private:
  void update(Entry& entry, const Tensor& gradient) override;
};

struct GravesRMSpropOptions {
  double lr = 1e-4;       // ℷ
  double decay = 0.95;    // ℵ
  double momentum = 0.9;  // ℶ
  double eps = 1e-4;      // ℸ

  void fields(Fields& f) { f("lr", lr)("decay", decay)("momentum", momentum)("eps", eps); }
  void check() const;
  std::array<std::string_view, 3> symbols() const { return {"n", "mean", "delta"}; }
};

class GravesRMSprop final : public OptimizerWith<GravesRMSpropOptions> {
 public:
  explicit GravesRMSprop(const Groups& groups) : OptimizerWith("graves-rmsprop", groups) {}
  explicit GravesRMSprop(const std::vector<Tensor>& parameters, const GravesRMSpropOptions& options = {})
      : GravesRMSprop(Groups{{parameters, options}}) {}

 private:
  void update(Entry& entry, const Tensor& gradient) override;
};

}  // namespace fovea
