// GroupNorm: y = (x - mean) / sqrt(var + eps) * weight + bias, mean and biased variance over each group of neighbouring
// channels and all dimensions behind them, so that examples of a batch do not touch.
// Wu, He 2018, arXiv 1803.08494.
// Shapes: x and y [N, C, ...], weight and bias [C], which start as 1 and 0.
// Errors: ShapeError when x has not C channels; ValueError for groups that do not divide C or an eps that is not
// positive.
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

class GroupNorm final : public Module {
 public:
  GroupNorm(int64_t num_groups, int64_t num_channels, double eps = 1e-5);
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const { return group_norm(x, num_groups_, weight, bias, eps_); }

  Parameter weight, bias;

 private:
  int64_t num_groups_;
  double eps_;
};

}  // namespace fovea
