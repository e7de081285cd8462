// Gumbel-softmax, or Concrete. Jang, Gu, Poole 2016, arXiv 1611.01144; Maddison, Mnih, Teh 2016, arXiv 1611.00712.
//
//   g_i = -log(-log u_i),   u_i uniform in (0, 1)                                (1)
//   y = softmax((e + g) / τ)                                                     (2)
//   hard: weights = onehot(argmax y) + (y - sg(y))                               (3)
//
//   symbol   shape          meaning
//   e        [B, Tq, Tk]    scores
//   g        [B, Tq, Tk]    noise: argmax(e + g) is a draw from softmax(e)
//   τ                       temperature; from 1 down to 0.5 while training
//   sg                      stop-gradient: the value alone
//
// In eval mode g = 0.
#pragma once

#include <fovea/autograd/distributions.h>
#include <fovea/layers/attention/align/align.h>

namespace fovea {

class GumbelSoftmax final : public AlignTo<Weights> {
 public:
  explicit GumbelSoftmax(double temperature = 1, bool hard = false)
      : temperature_(checked_positive("GumbelSoftmax", "temperature", temperature)), hard_(hard) {}
  void set_temperature(double temperature) {
    temperature_ = checked_positive("GumbelSoftmax", "temperature", temperature);
  }

  Weights weigh(const AlignInput& in) const override {
    const Tensor e = in.scores;
    const Tensor noisy = training() ? e + gumbel(e.shape(), in.generator, e.dtype()) : e;  // (1) [B, Tq, Tk]
    const Tensor y = softmax(noisy * (1 / temperature_), -1, in.mask);                     // (2) [B, Tq, Tk]
    if (!hard_) return {y};
    return {one_at(in, argmax(y, -1)) + (y - y.detach())};  // (3) [B, Tq, Tk]
  }

 private:
  double temperature_;  // τ
  bool hard_;
};

}  // namespace fovea
