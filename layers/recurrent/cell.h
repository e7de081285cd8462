// A cell is one step of a recurrent network: input and state in, output and state out.
//   RecurrentOutput y{.state = cell.initial_state(batch)};
//   for (...) y = cell(x, y.state);                // y.output, the new hidden state, [B, H]
//
//   g = x W_ihᵀ + b_ih                                                           (1)
//   h', s' = step(g, s)              each cell's own; autograd/recurrent.h       (2)
//
//   symbol   shape                       meaning
//   x        [B, I], [B, T, I]           input of one step, or of all
//   g        [B, G H], [B, T, G H]       gates of the input: (1) needs no state
//   s        [B, H] each                 state
//
// (1) is linear: where x is made of parts (token, context), each adds its own share of g, and what is known beforehand
// is worked out for all steps in one product. Parameters are PyTorch's: weight_ih [G H, I], weight_hh [G H, H],
// bias_ih, bias_hh [G H], all U(-1/√H, 1/√H). A new cell derives from Cell, writes step, and has a line in cell.cpp's
// list: then layers over sequences, decoders and programs find it by name. Errors: ShapeError for inputs that do not
// fit; ValueError for options.
#pragma once

#include <fovea/autograd/recurrent.h>
#include <fovea/layers/module.h>
#include <fovea/layers/state.h>

#include <string>
#include <string_view>
#include <vector>

namespace fovea {

// `cell` is the LSTM's and undefined elsewhere. Of a cell both are [B, H]; of a layer over sequences [layers *
// directions, B, H]. Undefined at the start of a sequence: zeros.
struct State {
  Tensor hidden, cell;
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("hidden", hidden, 0), visit("cell", cell, 0);
  }
};

// What a cell of any state, and a layer over sequences, returns.
template <class S>
struct Stepped {
  Tensor output = {};  // [B, H], or of a sequence [B, T, H]
  S state = {};
};
using RecurrentOutput = Stepped<State>;

struct CellOptions {
  int64_t input_size, hidden_size;
  bool bias = true;
  double forget_bias = 0;     // LSTM: added to the forget gate's bias_ih; 1 helps long memory (Jozefowicz et al. 2015)
  bool reset_before = false;  // GRU: reset before the product (Cho et al. 2014) instead of after it
  bool relu = false;          // RNN: relu instead of tanh
};

class Cell : public Module {
 public:
  void members(Members& m) final { list(m, ""); }
  // The members, each name with `end` behind it.
  virtual void list(Members& m, const std::string& end);

  // One step: x [B, I]; what is undefined of the state is zeros.
  RecurrentOutput operator()(const Tensor& x, const State& state = {}) const;
  State initial_state(int64_t batch) const { return state_from(zeros({batch, hidden_size_}, weight_ih->dtype())); }
  // The state that begins with this h [B, H].
  virtual State state_from(const Tensor& hidden) const { return {hidden, {}}; }

  Tensor input_gates(const Tensor& x) const { return linear(x, weight_ih, bias_ih); }  // (1)
  virtual RecurrentOutput step(const Tensor& gates, const State& state) const = 0;     // (2)
  // All steps of x [B, T, I]: the output of each, and the state after the last valid one. Fused where an op is.
  virtual RecurrentOutput sequence(const Tensor& x, const State& state, const SequenceOptions& options = {}) const;

  const char* name() const { return name_; }
  int64_t input_size() const { return weight_ih->size(1); }
  int64_t hidden_size() const { return hidden_size_; }

  Parameter weight_ih, weight_hh, bias_ih, bias_hh;

 protected:
  // `fan`: the parameters are U(-1/√fan, 1/√fan); 0: H. A cell without W_hh is not `recurrent`.
  Cell(const char* name, int64_t gates, const CellOptions& options, Generator& generator, bool recurrent = true,
       int64_t fan = 0);
  Tensor from_hidden(const State& state) const { return linear(state.hidden, weight_hh, bias_hh); }
  RecurrentWeights weights() const { return {weight_ih, weight_hh, bias_ih, bias_hh}; }

 private:
  const char* name_;
  int64_t hidden_size_;
};

// Elman 1990: h' = tanh(g + W_hh h + b_hh), or relu.
class RNNCell final : public Cell {
 public:
  explicit RNNCell(const CellOptions& o, Generator& generator = default_generator())
      : Cell("RNN", 1, o, generator), relu_(o.relu) {}
  RecurrentOutput step(const Tensor& gates, const State& state) const override;
  RecurrentOutput sequence(const Tensor& x, const State& state, const SequenceOptions& options) const override;

 private:
  bool relu_;
};

class LSTMCell final : public Cell {
 public:
  explicit LSTMCell(const CellOptions& options, Generator& generator = default_generator());
  State state_from(const Tensor& hidden) const override { return {hidden, zeros_like(hidden)}; }
  RecurrentOutput step(const Tensor& gates, const State& state) const override;
  RecurrentOutput sequence(const Tensor& x, const State& state, const SequenceOptions& options) const override;
};

class GRUCell final : public Cell {
 public:
  explicit GRUCell(const CellOptions& o, Generator& generator = default_generator())
      : Cell("GRU", 3, o, generator), reset_before_(o.reset_before) {}
  RecurrentOutput step(const Tensor& gates, const State& state) const override;
  RecurrentOutput sequence(const Tensor& x, const State& state, const SequenceOptions& options) const override;

 private:
  bool reset_before_;
};

// Remembers nothing: h' = tanh(W x + b), the feed-forward controller of a Neural Turing Machine. Parameters as
// Linear's.
class FeedForwardCell final : public Cell {
 public:
  explicit FeedForwardCell(const CellOptions& o, Generator& generator = default_generator())
      : Cell("FeedForward", 1, o, generator, false, o.input_size) {}
  void list(Members& m, const std::string& end) override { m("weight" + end, weight_ih)("bias" + end, bias_ih); }
  RecurrentOutput step(const Tensor& gates, const State&) const override;
};

// The cells by name, for command lines: rnn, lstm, gru, ... Errors: ValueError lists the names.
std::vector<std::string> cell_names();
Box<Cell> make_cell(std::string_view name, const CellOptions& options, Generator& generator = default_generator());

}  // namespace fovea
