// The recurrent part of a decoder: layers of RNN, LSTM or GRU, a step at a time or all steps at once.
//
//   g_t = W_ih x_t + b_ih                                                        (1)
//   s_t = cell(g_t, W_hh s_{t-1} + b_hh)            autograd/recurrent.h         (2)
//
//   symbol   shape                        meaning
//   x        [B, U, I] or [B, I]          what the first layer hears
//   g        [B, U, G H] or [B, G H]      its input gates
//   s        [B, H], one for each layer   states, with a cell where the kind is LSTM
//
// (1) is linear: where x is made of parts (token, context), each adds its own share, and what is known beforehand is
// worked out for all steps in one product. Parameters are PyTorch's, U(-1/√H, 1/√H). Errors: ShapeError, ValueError.
#pragma once

#include <fovea/layers/recurrent/recurrent.h>

#include <string_view>
#include <vector>

namespace fovea {

class DecoderStack final : public Module {
 public:
  DecoderStack(Recurrent::Kind kind, int64_t inputs, int64_t hidden, int64_t layers,
               Generator& generator = default_generator());
  void members(Members& m) override;

  // Columns of the first layer's W_ih, for one part of x: slice once, use at every step.
  Tensor input_weight(int64_t first, int64_t size) const;
  const Tensor& input_bias() const { return cells_[0].bias_ih; }

  // From the first layer's gates [B, G H] to the last layer's state [B, H]; the states move on.
  Tensor step(const Tensor& gates, std::vector<State>& states) const;
  // All steps at once: x [B, U, I] -> [B, U, H].
  Tensor run(const Tensor& x, std::vector<State>& states) const;
  // The states that an encoder of as many layers ended with.
  std::vector<State> states_from(const State& encoder) const;

 private:
  struct Cell {
    Parameter ih, hh, bias_ih, bias_hh;
  };
  Tensor step_of(const Cell& cell, const Tensor& gates, State& state) const;

  Recurrent::Kind kind_;
  std::vector<Cell> cells_;
};

// "rnn", "lstm" or "gru", for command lines. Errors: ValueError lists the names.
Recurrent::Kind recurrent_kind(std::string_view name);

}  // namespace fovea
