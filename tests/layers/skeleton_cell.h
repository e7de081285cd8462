// The skeleton of a recurrent cell, made to be copied; CONTRIBUTING.md says where it goes in the library.
//
// JANET: an LSTM that has kept only its forget gate. Van der Westhuizen, Lasenby 2018, "The Unreasonable Effectiveness
// of the Forget Gate", arXiv 1804.04849, section 3; here without the β that shifts the input's gate.
//
//   f_t = σ(W_f x_t + U_f h_{t-1} + b_f)                                         (1)
//   c_t = tanh(W_c x_t + U_c h_{t-1} + b_c)                                      (2)
//   h_t = f_t ⊙ h_{t-1} + (1 - f_t) ⊙ c_t                                        (3)
//
//   symbol   shape     meaning
//   x_t      [B, I]    input
//   f_t      [B, H]    how much of h is kept
//   h_t      [B, H]    hidden state
//
// Parameters: weight_ih [2H, I] with the rows W_f, W_c, weight_hh [2H, H] with U_f, U_c, and their biases.
#pragma once

#include <fovea/autograd/parts.h>
#include <fovea/layers/recurrent/cell.h>

namespace fovea::skeleton {

class JanetCell final : public Cell {
 public:
  explicit JanetCell(const CellOptions& options, Generator& generator = default_generator())
      : Cell("JANET", 2, options, generator) {}

  RecurrentOutput step(const Tensor& gates, const State& state) const override {
    const auto [g_f, g_c] = chunk<2>(gates + from_hidden(state), 1);
    const Tensor f = sigmoid(g_f), c = tanh(g_c);  // (1), (2) [B, H]
    const Tensor h = c + f * (state.hidden - c);   // (3) [B, H]
    return {h, {h, {}}};
  }
};

}  // namespace fovea::skeleton
