#include <fmt/format.h>
#include <fovea/autograd/parts.h>
#include <fovea/core/array.h>
#include <fovea/layers/check.h>
#include <fovea/layers/init.h>
#include <fovea/layers/recurrent/drive.h>
#include <fovea/layers/recurrent/min_gru.h>

#include <cmath>

namespace fovea {
namespace {

template <class C>
Box<Cell> made(const CellOptions& options, Generator& generator) {
  return C(options, generator);
}

// One line a cell.
constexpr std::pair<std::string_view, Box<Cell> (*)(const CellOptions&, Generator&)> kCells[] = {
    {"rnn", made<RNNCell>},
    {"lstm", made<LSTMCell>},
    {"gru", made<GRUCell>},
    {"min_gru", made<MinGRUCell>},
    {"feed_forward", made<FeedForwardCell>},
};

void check_options(std::string_view name, const CellOptions& o) {
  check_sizes(name, {{"input_size", o.input_size}, {"hidden_size", o.hidden_size}});
  const char* const stray = o.forget_bias != 0 && name != "LSTM" ? "forget_bias, which is the LSTM's"
                            : o.reset_before && name != "GRU"    ? "reset_before, which is the GRU's"
                            : o.relu && name != "RNN"            ? "relu, which is the RNN's"
                                                                 : nullptr;
  if (!std::isfinite(o.forget_bias) || (o.forget_bias != 0 && !o.bias))
    throw ValueError(fmt::format("{}: forget_bias is {}, bias {}; need a finite number, and a bias to add it to", name,
                                 o.forget_bias, o.bias));
  if (stray != nullptr) throw ValueError(fmt::format("{}: its options set {}; leave it out", name, stray));
}

}  // namespace

Cell::Cell(const char* name, int64_t gates, const CellOptions& o, Generator& generator, bool recurrent, int64_t fan)
    : name_(name), hidden_size_(o.hidden_size) {
  check_options(name, o);
  const int64_t rows = gates * o.hidden_size;
  const auto fresh = [&](const Shape& shape) {
    return Parameter(init::uniform_fan(shape, fan == 0 ? o.hidden_size : fan, generator));
  };
  weight_ih = fresh({rows, o.input_size});
  if (recurrent) weight_hh = fresh({rows, o.hidden_size});
  if (o.bias) bias_ih = fresh({rows});
  if (o.bias && recurrent) bias_hh = fresh({rows});
}

void Cell::list(Members& m, const std::string& end) {
  m("weight_ih" + end, weight_ih)("weight_hh" + end, weight_hh)("bias_ih" + end, bias_ih)("bias_hh" + end, bias_hh);
}

RecurrentOutput Cell::operator()(const Tensor& x, const State& state) const {
  if (!x.defined() || x.dim() != 2 || x.size(1) != input_size())
    throw ShapeError(fmt::format("{}Cell: x is {}; need [B, {}]", name_, describe(x), input_size()));
  for (const Tensor* part : {&state.hidden, &state.cell})
    if (part->defined() && !(part->shape() == Shape{x.size(0), hidden_size_}))
      throw ShapeError(fmt::format("{}Cell: x is {}, a state {}; need x [B, {}] and states [B, {}] of one B", name_,
                                   describe(x), describe(*part), input_size(), hidden_size_));
  if (state.hidden.defined() && state.cell.defined()) return step(input_gates(x), state);
  State begun = state.hidden.defined() ? state_from(state.hidden) : initial_state(x.size(0));
  if (state.cell.defined()) begun.cell = state.cell;
  return step(input_gates(x), begun);
}

RecurrentOutput Cell::sequence(const Tensor& x, const State& state, const SequenceOptions& options) const {
  const State begun = state.hidden.defined() ? state : initial_state(x.size(0));
  if (x.size(1) == 0) return {zeros({x.size(0), 0, hidden_size_}, x.dtype()), begun};
  return drive(*this, input_gates(without_padding(x, options.lengths)), begun, options);
}

RecurrentOutput RNNCell::step(const Tensor& gates, const State& state) const {
  const Tensor sum = gates + from_hidden(state), h = relu_ ? relu(sum) : tanh(sum);
  return {h, {h, {}}};
}

RecurrentOutput RNNCell::sequence(const Tensor& x, const State& state, const SequenceOptions& options) const {
  const HiddenSequence y = rnn_sequence(x, state.hidden, weights(), options, relu_);
  return {y.output, {y.hidden, {}}};
}

LSTMCell::LSTMCell(const CellOptions& o, Generator& generator) : Cell("LSTM", 4, o, generator) {
  if (o.bias) array::slice(bias_ih.tensor().detach(), 0, o.hidden_size, 2 * o.hidden_size).add_(scalar(o.forget_bias));
}

RecurrentOutput LSTMCell::step(const Tensor& gates, const State& state) const {
  const LstmStep next = lstm_cell(gates + from_hidden(state), state.cell);
  return {next.hidden, {next.hidden, next.cell}};
}

RecurrentOutput LSTMCell::sequence(const Tensor& x, const State& state, const SequenceOptions& options) const {
  const LstmSequence y = lstm_sequence(x, state.hidden, state.cell, weights(), options);
  return {y.output, {y.hidden, y.cell}};
}

RecurrentOutput GRUCell::step(const Tensor& gates, const State& state) const {
  if (!reset_before_) {
    const Tensor h = gru_cell(gates, from_hidden(state), state.hidden);
    return {h, {h, {}}};
  }
  const int64_t H = hidden_size();
  const auto from = [&](const Tensor& h, int64_t first, int64_t last) {
    return linear(h, slice(weight_hh, 0, first, last), bias_hh.defined() ? slice(bias_hh, 0, first, last) : Tensor());
  };
  const auto x = chunk<3>(gates, 1);
  const auto g = chunk<2>(from(state.hidden, 0, 2 * H), 1);
  const Tensor r = sigmoid(x[0] + g[0]), z = sigmoid(x[1] + g[1]);
  const Tensor n = tanh(x[2] + from(r * state.hidden, 2 * H, 3 * H)), h = (1 - z) * n + z * state.hidden;
  return {h, {h, {}}};
}

RecurrentOutput GRUCell::sequence(const Tensor& x, const State& state, const SequenceOptions& options) const {
  const HiddenSequence y = gru_sequence(x, state.hidden, weights(), options, reset_before_);
  return {y.output, {y.hidden, {}}};
}

RecurrentOutput FeedForwardCell::step(const Tensor& gates, const State&) const {
  const Tensor h = tanh(gates);
  return {h, {h, {}}};
}

std::vector<std::string> cell_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : kCells) names.emplace_back(name);
  return names;
}

Box<Cell> make_cell(std::string_view name, const CellOptions& options, Generator& generator) {
  for (const auto& [own, make] : kCells)
    if (own == name) return make(options, generator);
  throw ValueError(fmt::format("make_cell: no cell is called '{}'; there are {}", name, fmt::join(cell_names(), ", ")));
}

}  // namespace fovea
