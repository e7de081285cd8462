// Cells over whole sequences: several layers, one or both directions, padded batches.
//   LSTM lstm({.input_size = 64, .hidden_size = 128, .layers = 2, .bidirectional = true});
//   const auto [output, state] = lstm(x, {}, lengths);
//   const auto [same, last] = Recurrent("gru", {.input_size = 64, .hidden_size = 128})(x);    // any cell by name
// Equations: cell.h. Bidirectional (Schuster & Paliwal 1997): the outputs of both directions side by side; layer k > 0
// reads them. Dropout acts on the output of every layer but the last, in training. Shapes, D = 1 or 2 directions:
// x [B, T, I], lengths i64 [B], output [B, T, D H], states [layers D, B, H], index layer D + direction. Past a length
// the output is zero, the state stays, and x is not looked at; the backward direction starts at each sequence's last
// valid step. Parameters are PyTorch's: weight_ih_l0 [G H, I], weight_hh_l0, bias_ih_l0, bias_hh_l0, ..., with _reverse
// for the backward direction.
// A decoder takes its steps one by one, from the first layer's gates (cell.h, (1)) and a state for each layer:
//   std::vector<State> states = stack.split(encoder_state);
//   const Tensor h = stack.step(gates, states);                                  // [B, G H] -> [B, H]
// Errors: ValueError for options; ShapeError, DTypeError, IndexError for inputs that do not fit.
#pragma once

#include <fovea/layers/recurrent/cell.h>

namespace fovea {

struct RecurrentOptions {
  int64_t input_size, hidden_size;
  int64_t layers = 1;
  bool bidirectional = false;
  bool bias = true;
  double dropout = 0;
  double forget_bias = 0;  // these three as in CellOptions
  bool reset_before = false;
  bool relu = false;
};

class Recurrent : public Module {
 public:
  Recurrent(std::string_view cell, const RecurrentOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;

  // `initial` and `lengths` may be undefined: zeros, and all T steps. The generator serves dropout.
  RecurrentOutput operator()(const Tensor& x, const State& initial = {}, const Tensor& lengths = {},
                             Generator& generator = default_generator()) const;
  // The same with a state for each layer and direction, which move on: x [B, T, I] -> [B, T, D H].
  Tensor run(const Tensor& x, std::vector<State>& states, const Tensor& lengths = {},
             Generator& generator = default_generator()) const;
  // One step in one direction: the first layer's gates [B, G H] -> the last layer's output [B, H]; states all defined.
  Tensor step(const Tensor& gates, std::vector<State>& states) const;
  // The states [layers D, B, H] that a stack of as many layers ended with, one by one.
  std::vector<State> split(const State& state) const;

  // Columns of the first layer's W_ih, for one part of x: slice once, use at every step.
  Tensor input_weight(int64_t offset, int64_t size) const {
    return contiguous(slice(cells_[0]->weight_ih, 1, offset, offset + size));
  }
  const Cell& cell(size_t index = 0) const { return *cells_[index]; }
  const RecurrentOptions& options() const { return options_; }

 private:
  int64_t directions() const { return options_.bidirectional ? 2 : 1; }

  RecurrentOptions options_;
  std::vector<Box<Cell>> cells_;  // index layer * directions + direction
};

class RNN final : public Recurrent {
 public:
  explicit RNN(const RecurrentOptions& options, Generator& generator = default_generator())
      : Recurrent("rnn", options, generator) {}
};

class LSTM final : public Recurrent {
 public:
  explicit LSTM(const RecurrentOptions& options, Generator& generator = default_generator())
      : Recurrent("lstm", options, generator) {}
};

class GRU final : public Recurrent {
 public:
  explicit GRU(const RecurrentOptions& options, Generator& generator = default_generator())
      : Recurrent("gru", options, generator) {}
};

}  // namespace fovea
