// LayerNorm: y = (x - mean) / sqrt(var + eps) * weight + bias, mean and biased variance over the last dimension.
// Ba, Kiros, Hinton 2016, arXiv 1607.06450.
// Shapes: x and y [..., size], weight and bias [size], which start as 1 and 0.
// Errors: ShapeError when the last size of x is not `size`; ValueError for a size below 1 or an eps that is not
// positive.
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

class LayerNorm final : public Module {
 public:
  explicit LayerNorm(int64_t size, double eps = 1e-5);
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const { return layer_norm(x, weight, bias, eps_); }

  Parameter weight, bias;

 private:
  double eps_;
};

}  // namespace fovea
