// RMSNorm: y = x / sqrt(mean x² + eps) * weight, the mean over the last dimension: LayerNorm without centring and bias.
// Zhang, Sennrich 2019, arXiv 1910.07467, equation 4.
// Shapes: x and y [..., size], weight [size], which starts as 1. eps as in PyTorch: what the type can tell from 1.
// Errors: ShapeError when the last size of x is not `size`; ValueError for a size below 1 or an eps that is not
// positive.
#pragma once

#include <fovea/layers/module.h>

#include <optional>

namespace fovea {

class RMSNorm final : public Module {
 public:
  explicit RMSNorm(int64_t size, std::optional<double> eps = {});
  void members(Members& m) override { m("weight", weight); }
  Tensor operator()(const Tensor& x) const { return rms_norm(x, weight, eps_); }

  Parameter weight;

 private:
  std::optional<double> eps_;
};

}  // namespace fovea
