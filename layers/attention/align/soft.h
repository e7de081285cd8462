// Soft: every key gets a share. Bahdanau, Cho, Bengio 2014, arXiv 1409.0473, equation (6).
//
//   α_ij = exp(e_ij) / Σ_k exp(e_ik)                                             (1)
//
//   symbol   shape          meaning
//   e        [B, Tq, Tk]    scores
//   α        [B, Tq, Tk]    weights; each row sums to 1
#pragma once

#include <fovea/layers/attention/align/align.h>

namespace fovea {

class Soft final : public AlignTo<Weights> {
 public:
  Weights weigh(const AlignInput& in) const override {
    return {softmax(in.scores, -1, in.mask)};  // (1) [B, Tq, Tk]
  }
};

}  // namespace fovea
