// Hard: one key, drawn from the softmax. Xu et al. 2015, "Show, Attend and Tell", arXiv 1502.03044, section 4.1.
//
//   s_t ~ Categorical(α_t),   α_t = softmax(e_t)                                 (1)
//   weights = onehot(s_t)                                                        (2)
//   log_probability = log α_{t, s_t}                                             (3)
//   entropy = -Σ_i α_{ti} log α_{ti}                                             (4)
//
//   symbol   shape          meaning
//   e_t      [B, Tq, Tk]    scores
//   s_t      [B, Tq]        the key that is read
//
// No gradient passes (2); the scores learn through (3) and (4), which go into surrogate_loss of
// autograd/score_function.h. In eval mode s_t is the key of the largest weight. A row that is masked wholly draws
// nothing: its weights, log-probability and entropy are 0.
#pragma once

#include <fovea/autograd/distributions.h>
#include <fovea/layers/attention/align/align.h>

namespace fovea {

class Hard final : public Align {
 public:
  Alignment weigh(const AlignInput& in) const override {
    const Categorical alpha(in.scores, in.mask);
    const Tensor s = training() ? alpha.sample(in.generator) : alpha.mode();        // (1) [B, Tq]
    return {one_at(in, unsqueeze(s, -1)), {}, alpha.log_prob(s), alpha.entropy()};  // (2), (3), (4)
  }
};

}  // namespace fovea
