// Hard: one key, drawn from the softmax. Xu et al. 2015, "Show, Attend and Tell", arXiv 1502.03044, section 4.1.
//
//   s_t ~ Categorical(α_t),   α_t = softmax(e_t)                                 (1)
//   weights = onehot(s_t)                                                        (2)
//   log_probability = log α_{t, s_t}                                             (3)
//   entropy = -Σ_i α_{ti} log α_{ti}                                             (4)
//   with probability ε:  weights = α_t, and nothing was drawn: log_probability = 0         (5)
//
//   symbol   shape          meaning
//   e_t      [B, Tq, Tk]    scores
//   s_t      [B, Tq]        the key that is read
//
// No gradient passes (2); the scores learn through (3) and (4), which go into surrogate_loss of
// autograd/score_function.h. (5), in training alone, lowers the variance of what they learn (section 4.2, with ε =
// 1/2): there the gradient passes through α as in soft attention. In eval mode s_t is the key of the largest weight. A
// row that is masked wholly draws nothing: its weights, log-probability and entropy are 0.
#pragma once

#include <fovea/autograd/distributions.h>
#include <fovea/layers/attention/align/align.h>

namespace fovea {

class Hard final : public AlignTo<Drawn> {
 public:
  // ε of (5), 0 at the start. ValueError outside [0, 1].
  void set_expectation(double probability) {
    if (!(probability >= 0 && probability <= 1))
      throw ValueError("Hard: an expectation of " + std::to_string(probability) + "; need 0 to 1");
    expectation_ = probability;
  }

  Drawn weigh(const AlignInput& in) const override {
    const Categorical alpha(in.scores, in.mask);
    const Tensor s = training() ? alpha.sample(in.generator) : alpha.mode();            // (1) [B, Tq]
    const Tensor drawn = one_at(in, s), log_p = alpha.log_prob(s);                      // (2) [B, Tq, Tk], (3) [B, Tq]
    if (!training() || expectation_ == 0) return {{drawn}, s, log_p, alpha.entropy()};  // (4) [B, Tq]
    const Tensor expected = lt(uniform(s.shape(), 0, 1, in.generator, in.scores.dtype()),
                               scalar(expectation_, in.scores.dtype()));  // [B, Tq]
    const Tensor mixed = where(unsqueeze(expected, -1), softmax(in.scores, -1, in.mask), drawn);
    return {{mixed}, s, where(expected, scalar(0, log_p.dtype()), log_p), alpha.entropy()};  // (5), (4)
  }

 private:
  double expectation_ = 0;  // ε
};

}  // namespace fovea
