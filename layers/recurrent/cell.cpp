#include <fmt/format.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/layers/init.h>
#include <fovea/layers/recurrent/cell.h>

namespace fovea {

RecurrentCell::RecurrentCell(const char* name, int64_t gates, int64_t inputs, int64_t hidden, Generator& generator)
    : name_(name) {
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
  const auto zero = [&] { return zeros({batch, hidden_size()}, weight_hh->dtype()); };
  return {zero(), has_cell() ? zero() : Tensor()};
}

void RecurrentCell::begin(const Tensor& x, State& state) const {
  if (!x.defined() || x.dim() != 2 || x.shape()[1] != weight_ih->shape()[1])
    throw ShapeError(fmt::format("{}: x is {}; need [B, {}]", name_, describe(x), weight_ih->size(1)));
  const Shape wanted{x.shape()[0], hidden_size()};
  for (const Tensor* part : {&state.hidden, &state.cell})
    if (part->defined() && !(part->shape() == wanted))
      throw ShapeError(fmt::format("{}: x is {}, a state {}; need x [B, {}] and states [B, {}] of one B", name_,
                                   describe(x), describe(*part), weight_ih->size(1), hidden_size()));
  if (!state.hidden.defined()) state.hidden = zeros(wanted, weight_hh->dtype());
  if (has_cell() && !state.cell.defined()) state.cell = zeros(wanted, weight_hh->dtype());
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
