// Straight-through: hard forward, soft backward. Bengio, Léonard, Courville 2013, "Estimating or Propagating Gradients
// Through Stochastic Neurons for Conditional Computation", arXiv 1308.3432.
//
//   α = softmax(e),   h = onehot(argmax α)                                       (1)
//   weights = h + (α - sg(α))                                                    (2)
//
//   symbol   shape          meaning
//   e        [B, Tq, Tk]    scores
//   sg                      stop-gradient: the value alone
//
// The value of (2) is exactly h, its gradient that of α: biased, but without variance.
#pragma once

#include <fovea/layers/attention/align/align.h>

namespace fovea {

class StraightThrough final : public AlignTo<Weights> {
 public:
  Weights weigh(const AlignInput& in) const override {
    const Tensor alpha = softmax(in.scores, -1, in.mask);  // (1) [B, Tq, Tk]
    const Tensor hard = one_at(in, argmax(alpha, -1));     // (1) [B, Tq, Tk]
    return {hard + (alpha - alpha.detach())};              // (2) [B, Tq, Tk]
  }
};

}  // namespace fovea
