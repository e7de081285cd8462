// Layers that normalise. eps is in the root; mean and biased variance are
//
//   LayerNorm   over the last dimension: y = (x - mean) / sqrt(var + eps) * weight + bias                         (1)
//   GroupNorm   over each group of neighbouring channels and all dimensions behind them: y as in (1), and examples of a
//               batch do not touch                                                                                (2)
//   RMSNorm     over the last dimension: y = x / sqrt(mean x² + eps) * weight                                     (3)
//
//   symbol          shape                        meaning
//   x, y            [..., size]; (2) [N, C, ...]
//   weight, bias    [size]; (2) [C]              start as 1 and 0
//
// (1): Ba, Kiros, Hinton 2016, arXiv 1607.06450. (2): Wu, He 2018, arXiv 1803.08494. (3): Zhang, Sennrich 2019, arXiv
// 1910.07467, equation 4; eps as in PyTorch: what the type can tell from 1. Errors: ShapeError when x has another size
// or other channels; ValueError for a size below 1, groups that do not divide C, or an eps that is not positive.
#pragma once

#include <fovea/layers/check.h>

#include <optional>

namespace fovea {

class LayerNorm final : public Module {
 public:
  explicit LayerNorm(int64_t size, double eps = 1e-5) : eps_(checked_positive("LayerNorm", "eps", eps)) {
    check_sizes("LayerNorm", {{"size", size}});
    weight = Parameter(ones({size}));
    bias = Parameter(zeros({size}));
  }
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const { return layer_norm(x, weight, bias, eps_); }  // (1)

  Parameter weight, bias;

 private:
  double eps_;
};

class GroupNorm final : public Module {
 public:
  GroupNorm(int64_t num_groups, int64_t num_channels, double eps = 1e-5)
      : num_groups_(num_groups), eps_(checked_positive("GroupNorm", "eps", eps)) {
    check_sizes("GroupNorm", {{"num_groups", num_groups}, {"num_channels", num_channels}});
    if (num_channels % num_groups != 0)
      throw ValueError("GroupNorm: num_groups " + std::to_string(num_groups) + ", num_channels " +
                       std::to_string(num_channels) + "; need groups that divide the channels");
    weight = Parameter(ones({num_channels}));
    bias = Parameter(zeros({num_channels}));
  }
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const { return group_norm(x, num_groups_, weight, bias, eps_); }  // (2)

  Parameter weight, bias;

 private:
  int64_t num_groups_;
  double eps_;
};

class RMSNorm final : public Module {
 public:
  explicit RMSNorm(int64_t size, std::optional<double> eps = {}) : eps_(eps) {
    check_sizes("RMSNorm", {{"size", size}});
    checked_positive("RMSNorm", "eps", eps.value_or(1));
    weight = Parameter(ones({size}));
  }
  void members(Members& m) override { m("weight", weight); }
  Tensor operator()(const Tensor& x) const { return rms_norm(x, weight, eps_); }  // (3)

  Parameter weight;

 private:
  std::optional<double> eps_;
};

}  // namespace fovea
