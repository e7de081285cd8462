// minGRU: a GRU whose gates do not look at the state. Feng, Tung, Ahmed, Bengio, Hajimirsadeghi 2024, "Were RNNs All We
// Needed?", arXiv 2410.01201, section 3.1.
//
//   z_t = σ(W_z x_t + b_z)                                                       (1)
//   h̃_t = W_h x_t + b_h                                                          (2)
//   h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t                                        (3)
//
//   symbol   shape     meaning
//   x_t      [B, I]    input
//   z_t      [B, H]    how much of h is written anew
//   h_t      [B, H]    hidden state
//
// Parameters: weight_ih [2H, I] with the rows W_z, W_h, bias_ih; there is no weight_hh. All of (1) and (2) is known
// before the first step: one product for a sequence, and (3) alone is left. A state can only forget and be overwritten,
// by what one input holds: two layers do what one cannot. Cost: 2 B T H I for a sequence.
#pragma once

#include <fovea/autograd/parts.h>
#include <fovea/layers/recurrent/cell.h>

namespace fovea {

class MinGRUCell final : public Cell {
 public:
  explicit MinGRUCell(const CellOptions& options, Generator& generator = default_generator())
      : Cell("MinGRU", 2, options, generator, false) {}

  RecurrentOutput step(const Tensor& gates, const State& state) const override {
    const auto g = chunk<2>(gates, 1);
    const Tensor z = sigmoid(g[0]);                             // (1) [B, H]
    const Tensor h = state.hidden + z * (g[1] - state.hidden);  // (2), (3) [B, H]
    return {h, {h, {}}};
  }
};

}  // namespace fovea
