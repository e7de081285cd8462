// RNN, LSTM and GRU over whole sequences: several layers, one or both directions, padded batches.
//   LSTM lstm({.inputs = 64, .hidden = 128, .layers = 2, .bidirectional = true});
//   const auto [output, state] = lstm(x, {}, lengths);
// Equations: autograd/recurrent.h. Bidirectional (Schuster & Paliwal 1997): the outputs of both directions side by
// side; layer k > 0 reads them. Dropout acts on the output of every layer but the last, in training. Shapes, D = 1 or 2
// directions: x [B, T, I], lengths i64 [B], output [B, T, D H], states [layers D, B, H], index layer D + direction.
// Past a length the output is zero, the state stays, and x is not looked at; the backward direction starts at each
// sequence's last valid step. Parameters are PyTorch's: weight_ih_l0 [G H, I], weight_hh_l0, bias_ih_l0, bias_hh_l0,
// ..., with _reverse for the backward direction; all U(-1/sqrt(H), 1/sqrt(H)). Errors: ValueError for options;
// ShapeError, DTypeError, IndexError for inputs that do not fit.
#pragma once

#include <fovea/layers/recurrent/cell.h>

#include <string>
#include <vector>

namespace fovea {

struct RecurrentOptions {
  int64_t inputs, hidden;
  int64_t layers = 1;
  bool bidirectional = false;
  bool bias = true;
  double dropout = 0;
  double forget_bias = 0;     // LSTM: added to the forget gate's bias_ih; 1 helps long memory (Jozefowicz et al. 2015)
  bool reset_before = false;  // GRU: reset before the product (Cho et al. 2014) instead of after it
  bool relu = false;          // RNN: relu instead of tanh
};

struct RecurrentOutput {
  Tensor output;  // of the last layer
  State state;    // after the last valid step, of every layer and direction
};

// Any of the three; which one is known at run time only.
class Recurrent : public Module {
 public:
  enum class Kind { rnn, lstm, gru };
  Recurrent(Kind kind, const RecurrentOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;

  // `initial` and `lengths` may be undefined: zeros, and all T steps. The generator serves dropout.
  RecurrentOutput operator()(const Tensor& x, const State& initial = {}, const Tensor& lengths = {},
                             Generator& generator = default_generator()) const;
  const RecurrentOptions& options() const { return options_; }

 private:
  struct Weights {
    Parameter ih, hh, bias_ih, bias_hh;
  };
  int64_t directions() const { return options_.bidirectional ? 2 : 1; }
  // One layer in one direction.
  RecurrentOutput run(size_t index, const Tensor& x, const State& initial, const Tensor& lengths) const;
  void check(const Tensor& x, const State& initial) const;

  Kind kind_;
  RecurrentOptions options_;
  std::vector<Weights> weights_;  // index layer * directions + direction
};

class RNN final : public Recurrent {
 public:
  explicit RNN(const RecurrentOptions& options, Generator& generator = default_generator())
      : Recurrent(Kind::rnn, options, generator) {}
};

class LSTM final : public Recurrent {
 public:
  explicit LSTM(const RecurrentOptions& options, Generator& generator = default_generator())
      : Recurrent(Kind::lstm, options, generator) {}
};

class GRU final : public Recurrent {
 public:
  explicit GRU(const RecurrentOptions& options, Generator& generator = default_generator())
      : Recurrent(Kind::gru, options, generator) {}
};

}  // namespace fovea
