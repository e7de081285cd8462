// LSTMN: an LSTM whose memory is a tape that it attends to. Cheng, Dong, Lapata 2016, "Long Short-Term Memory-Networks
// for Machine Reading", arXiv 1601.06733, section 3.1.
//
//   a_i = vᵀ tanh(W_h h_i + W_x x_t + W_h̃ h̃_{t-1}),   i = 1 .. t-1               (1)
//   s   = softmax(a)                                                             (2)
//   [h̃_t ; c̃_t] = Σ_i s_i [h_i ; c_i];   h̃_1 = c̃_1 = 0                           (3)
//   [i, f, o, ĉ] = [σ, σ, σ, tanh](W [h̃_t ; x_t] + b)                            (4)
//   c_t = f ⊙ c̃_t + i ⊙ ĉ                                                        (5)
//   h_t = o ⊙ tanh(c_t)                                                          (6)
//
//   symbol      shape            meaning
//   x_t         [B, I]           input
//   h_i, c_i    [B, T, H] each   the two tapes
//   s           [B, 1, t-1]      weights over what came before
//   h̃_t, c̃_t    [B, H]           what the tapes say at t
//
// Past a sequence's length h is 0. Parameters: weight_ih [4H, I] and weight_hh [4H, H] are W in PyTorch's order i f g o
// (g = ĉ), biases as there; tape_weight W_h and previous_weight W_h̃ [H, H], input_weight W_x [H, I], v [H]; all
// U(-1/√H, 1/√H). With T = 1 it is an LSTM from the zero state. Cost: T² H.
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

class Lstmn final : public Module {
 public:
  struct Output {
    Tensor hidden;  // h, [B, T, H]
    Tensor cell;    // c, [B, T, H]
  };

  Lstmn(int64_t inputs, int64_t hidden, Generator& generator = default_generator());
  void members(Members& m) override;
  // x [B, T, I], lengths i64 [B] or undefined. The weights of each step t >= 2 are reported to a WeightCollector.
  Output operator()(const Tensor& x, const Tensor& lengths = {}) const;

  Parameter weight_ih, weight_hh, bias_ih, bias_hh;
  Parameter tape_weight, input_weight, previous_weight, v;
};

}  // namespace fovea
