// Recurrent cells: one step of an RNN, LSTM or GRU. All share one State type and one call, so that they swap freely:
//   State state = cell.initial_state(batch);
//   for (...) h = cell(x, state);               // the new hidden state, [B, H]; state moves on
// Equations: autograd/recurrent.h. Parameters are PyTorch's: weight_ih [G H, I], weight_hh [G H, H], bias_ih, bias_hh
// [G H], all U(-1/sqrt(H), 1/sqrt(H)).
// Shapes: x [B, I], state [B, H]. Errors: ShapeError for inputs that do not fit; ValueError for sizes below 1.
#pragma once

#include <fovea/layers/module.h>
#include <fovea/layers/state.h>

namespace fovea {

// What a recurrent layer carries from step to step. `cell` is the LSTM's and undefined elsewhere. Of a cell both are
// [B, H]; of a layer over sequences [layers * directions, B, H]. Undefined at the start of a sequence: zeros.
struct State {
  Tensor hidden, cell;
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("hidden", hidden, 0), visit("cell", cell, 0);
  }
};

// What the cells have in common.
class RecurrentCell : public Module {
 public:
  void members(Members& m) override;
  // Zeros, with a cell for the LSTM.
  State initial_state(int64_t batch) const;
  int64_t hidden_size() const { return weight_hh->size(1); }

  Parameter weight_ih, weight_hh, bias_ih, bias_hh;

 protected:
  RecurrentCell(const char* name, int64_t gates, int64_t inputs, int64_t hidden, Generator& generator);
  Tensor from_input(const Tensor& x) const { return linear(x, weight_ih, bias_ih); }
  Tensor from_hidden(const Tensor& h) const { return linear(h, weight_hh, bias_hh); }
  // Checks both, and puts zeros in place of what is undefined.
  void begin(const Tensor& x, State& state) const;

 private:
  bool has_cell() const { return weight_ih->size(0) == 4 * hidden_size(); }
  const char* name_;
};

class RNNCell final : public RecurrentCell {
 public:
  RNNCell(int64_t inputs, int64_t hidden, Generator& generator = default_generator())
      : RecurrentCell("RNNCell", 1, inputs, hidden, generator) {}
  Tensor operator()(const Tensor& x, State& state) const;
};

class LSTMCell final : public RecurrentCell {
 public:
  LSTMCell(int64_t inputs, int64_t hidden, Generator& generator = default_generator())
      : RecurrentCell("LSTMCell", 4, inputs, hidden, generator) {}
  Tensor operator()(const Tensor& x, State& state) const;
};

class GRUCell final : public RecurrentCell {
 public:
  GRUCell(int64_t inputs, int64_t hidden, Generator& generator = default_generator())
      : RecurrentCell("GRUCell", 3, inputs, hidden, generator) {}
  Tensor operator()(const Tensor& x, State& state) const;
};

}  // namespace fovea
