// Losses as modules: each is the op of its formula with the options that it was given, so that a model can be handed
// one.
//
//   CrossEntropyLoss, NLLLoss         logits or log-probabilities [..., C]; target ids i64 [...] or probabilities [...,
//   C] BCEWithLogitsLoss, BCELoss        logits or probabilities, targets in [0, 1] of their shape KLDivLoss
//   log-probabilities, target probabilities or their logarithms L1Loss, MSELoss, HuberLoss        anything, targets of
//   its shape
//
// Names are PyTorch's; formulas, reductions and errors are those of the ops (docs/ops.md).
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/layers/module.h>

namespace fovea {

class CrossEntropyLoss final : public Module {
 public:
  explicit CrossEntropyLoss(const CrossEntropyOptions& options = {}) : options_(options) {}
  Tensor operator()(const Tensor& logits, const Tensor& target) const {
    return cross_entropy(logits, target, options_);
  }

 private:
  CrossEntropyOptions options_;
};

class NLLLoss final : public Module {
 public:
  explicit NLLLoss(const CrossEntropyOptions& options = {}) : options_(options) {}
  Tensor operator()(const Tensor& log_probabilities, const Tensor& target) const {
    return nll_loss(log_probabilities, target, options_);
  }

 private:
  CrossEntropyOptions options_;
};

// One whose only option is how the elements become one number.
template <Tensor (*f)(const Tensor&, const Tensor&, Reduction)>
class ElementLoss final : public Module {
 public:
  explicit ElementLoss(Reduction reduction = Reduction::mean) : reduction_(reduction) {}
  Tensor operator()(const Tensor& x, const Tensor& target) const { return f(x, target, reduction_); }

 private:
  Reduction reduction_;
};

using BCEWithLogitsLoss = ElementLoss<&binary_cross_entropy_with_logits>;
using BCELoss = ElementLoss<&binary_cross_entropy>;
using L1Loss = ElementLoss<&l1_loss>;
using MSELoss = ElementLoss<&mse_loss>;

class KLDivLoss final : public Module {
 public:
  explicit KLDivLoss(Reduction reduction = Reduction::mean, bool log_target = false)
      : reduction_(reduction), log_target_(log_target) {}
  Tensor operator()(const Tensor& log_probabilities, const Tensor& target) const {
    return kl_div(log_probabilities, target, reduction_, log_target_);
  }

 private:
  Reduction reduction_;
  bool log_target_;
};

class HuberLoss final : public Module {
 public:
  explicit HuberLoss(double delta = 1, Reduction reduction = Reduction::mean) : delta_(delta), reduction_(reduction) {}
  Tensor operator()(const Tensor& x, const Tensor& target) const { return huber_loss(x, target, delta_, reduction_); }

 private:
  double delta_;
  Reduction reduction_;
};

}  // namespace fovea
