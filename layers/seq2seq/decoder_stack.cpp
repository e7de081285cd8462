#include <fmt/format.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/layers/init.h>
#include <fovea/layers/seq2seq/decoder_stack.h>

namespace fovea {

DecoderStack::DecoderStack(Recurrent::Kind kind, int64_t inputs, int64_t hidden, int64_t layers, Generator& generator)
    : kind_(kind) {
  if (inputs < 1 || hidden < 1 || layers < 1)
    throw ValueError(
        fmt::format("DecoderStack: inputs {}, hidden {}, layers {}; need at least 1", inputs, hidden, layers));
  const int64_t gates = kind == Recurrent::Kind::lstm ? 4 : kind == Recurrent::Kind::gru ? 3 : 1;
  const auto fresh = [&](const Shape& shape) { return Parameter(init::uniform_fan(shape, hidden, generator)); };
  for (int64_t layer = 0; layer < layers; ++layer)
    cells_.push_back({fresh({gates * hidden, layer == 0 ? inputs : hidden}), fresh({gates * hidden, hidden}),
                      fresh({gates * hidden}), fresh({gates * hidden})});
}

void DecoderStack::members(Members& m) {
  for (size_t i = 0; i < cells_.size(); ++i) {
    const std::string end = fmt::format("_l{}", i);
    m("weight_ih" + end, cells_[i].ih)("weight_hh" + end, cells_[i].hh);
    m("bias_ih" + end, cells_[i].bias_ih)("bias_hh" + end, cells_[i].bias_hh);
  }
}

Tensor DecoderStack::input_weight(int64_t first, int64_t size) const {
  return contiguous(slice(cells_[0].ih, 1, first, first + size));
}

Tensor DecoderStack::step_of(const Cell& cell, const Tensor& gates, State& state) const {
  const Tensor from_state = linear(state.hidden, cell.hh, cell.bias_hh);  // [B, G H]
  if (kind_ == Recurrent::Kind::lstm) {
    const LstmStep next = lstm_cell(gates + from_state, state.cell);
    state = {next.hidden, next.cell};
  } else if (kind_ == Recurrent::Kind::gru) {
    state.hidden = gru_cell(gates, from_state, state.hidden);
  } else {
    state.hidden = tanh(gates + from_state);
  }
  return state.hidden;
}

Tensor DecoderStack::step(const Tensor& gates, std::vector<State>& states) const {
  Tensor below = step_of(cells_[0], gates, states[0]);  // (2) [B, H]
  for (size_t layer = 1; layer < cells_.size(); ++layer) {
    const Cell& cell = cells_[layer];
    below = step_of(cell, linear(below, cell.ih, cell.bias_ih), states[layer]);  // (1), (2) [B, H]
  }
  return below;
}

Tensor DecoderStack::run(const Tensor& x, std::vector<State>& states) const {
  Tensor below = x;
  for (size_t layer = 0; layer < cells_.size(); ++layer) {
    const Cell& cell = cells_[layer];
    const RecurrentWeights weights{cell.ih, cell.hh, cell.bias_ih, cell.bias_hh};
    State& state = states[layer];
    if (kind_ == Recurrent::Kind::lstm) {
      const LstmSequence y = lstm_sequence(below, state.hidden, state.cell, weights);
      state = {y.hidden, y.cell};
      below = y.output;  // (1), (2) [B, U, H]
    } else {
      const HiddenSequence y = kind_ == Recurrent::Kind::gru ? gru_sequence(below, state.hidden, weights)
                                                             : rnn_sequence(below, state.hidden, weights);
      state.hidden = y.hidden;
      below = y.output;  // (1), (2) [B, U, H]
    }
  }
  return below;
}

std::vector<State> DecoderStack::states_from(const State& encoder) const {
  const std::vector<Tensor> hidden = unbind(encoder.hidden, 0);
  const std::vector<Tensor> cell = encoder.cell.defined() ? unbind(encoder.cell, 0) : std::vector<Tensor>();
  if (hidden.size() != cells_.size())
    throw ShapeError(fmt::format("DecoderStack: states {} for {} layers", describe(encoder.hidden), cells_.size()));
  std::vector<State> states;
  for (size_t layer = 0; layer < hidden.size(); ++layer)
    states.push_back({hidden[layer], cell.empty() ? Tensor() : cell[layer]});
  return states;
}

Recurrent::Kind recurrent_kind(std::string_view name) {
  if (name == "rnn") return Recurrent::Kind::rnn;
  if (name == "lstm") return Recurrent::Kind::lstm;
  if (name == "gru") return Recurrent::Kind::gru;
  throw ValueError(fmt::format("recurrent_kind: no cell is called '{}'; need rnn, lstm or gru", name));
}

}  // namespace fovea
