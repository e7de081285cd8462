// Pointer: the weights are the answer. Vinyals, Fortunato, Jaitly 2015, "Pointer Networks", arXiv 1506.03134.
//
//   log p(C_i = j | C_<i, P) = u_j - log Σ_k exp(u_k)                            (1)
//
//   symbol   shape          meaning
//   u        [B, Tq, Tk]    scores of the inputs as answers
//
// log_weights holds (1), for nll_loss and decoding; masked inputs have -inf. weights = p.
#pragma once

#include <fovea/layers/attention/align/align.h>

namespace fovea {

class Pointer final : public AlignTo<LogWeights> {
 public:
  LogWeights weigh(const AlignInput& in) const override {
    const Tensor log_p = log_softmax(in.scores, -1, in.mask);  // (1) [B, Tq, Tk]
    return {{exp(log_p)}, log_p};
  }
};

}  // namespace fovea
