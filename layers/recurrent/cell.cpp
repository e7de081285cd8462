#include <fmt/format.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/layers/init.h>
#include <fovea/layers/recurrent/cell.h>

namespace fovea {

RecurrentCell::RecurrentCell(const char* name, int64_t gates, int64_t inputs, int64_t hidden, Generator& generator) {
  if (inputs < 1 || hidden < 1)
    throw ValueError(fmt::format("{}: inputs {}, hidden {}; need at least 1", name, inputs, hidden));
  weight_ih = Parameter(init::uniform_fan({gates * hidden, inputs}, hidden, generator));
  weight_hh = Parameter(init::uniform_fan({gates * hidden, hidden}, hidden, generator));
  bias_ih = Parameter(init::uniform_fan({gates * hidden}, hidden, generator));
  bias_hh = Parameter(init::uniform_fan({gates * hidden}, hidden, generator));
}

void RecurrentCell::members(Members& m) {
  m("weight_ih", weight_ih)("weight_hh", weight_hh)("bias_ih", bias_ih)("bias_hh", bias_hh);
}

State RecurrentCell::initial_state(int64_t batch) const {
  const bool has_cell = weight_ih->size(0) == 4 * hidden_size();
  const Tensor zero = zeros({batch, hidden_size()}, weight_hh->dtype());
  return {zero, has_cell ? zero : Tensor()};
}

void RecurrentCell::begin(const Tensor& x, State& state) const {
  if (!state.hidden.defined()) state = initial_state(x.size(0));
}

Tensor RNNCell::operator()(const Tensor& x, State& state) const {
  begin(x, state);
  return state.hidden = tanh(from_input(x) + from_hidden(state.hidden));
}

Tensor LSTMCell::operator()(const Tensor& x, State& state) const {
  begin(x, state);
  const LstmStep step = lstm_cell(from_input(x) + from_hidden(state.hidden), state.cell);
  state = {step.hidden, step.cell};
  return state.hidden;
}

Tensor GRUCell::operator()(const Tensor& x, State& state) const {
  begin(x, state);
  return state.hidden = gru_cell(from_input(x), from_hidden(state.hidden), state.hidden);
}

}  // namespace fovea
