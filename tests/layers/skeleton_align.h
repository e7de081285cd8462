// The skeleton of an alignment, made to be copied; CONTRIBUTING.md says where it goes in the library.
//
// Tempered: soft, at a temperature. Hinton, Vinyals, Dean 2015, "Distilling the Knowledge in a Neural Network", arXiv
// 1503.02531, equation (1).
//
//   α_ij = exp(e_ij / τ) / Σ_k exp(e_ik / τ)                                     (1)
//
//   symbol   shape          meaning
//   e        [B, Tq, Tk]    scores
//   τ                       temperature; towards 0 the largest score takes all
//   α        [B, Tq, Tk]    weights; each row sums to 1
//
// Errors: ValueError for a temperature that is not above 0.
#pragma once

#include <fovea/layers/attention/align/align.h>

namespace fovea::skeleton {

class Tempered final : public AlignTo<Weights> {
 public:
  explicit Tempered(double temperature) : temperature_(checked_positive("Tempered", "temperature", temperature)) {}
  Weights weigh(const AlignInput& in) const override {
    return {softmax(in.scores / temperature_, -1, in.mask)};  // (1) [B, Tq, Tk]
  }

 private:
  double temperature_;
};

}  // namespace fovea::skeleton
