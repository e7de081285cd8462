#include <fmt/format.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/core/array.h>
#include <fovea/layers/init.h>
#include <fovea/layers/recurrent/recurrent.h>

#include <cmath>

namespace fovea {
namespace {

constexpr int64_t gates_of(Recurrent::Kind kind) {
  return kind == Recurrent::Kind::lstm ? 4 : kind == Recurrent::Kind::gru ? 3 : 1;
}

constexpr const char* name_of(Recurrent::Kind kind) {
  return kind == Recurrent::Kind::lstm ? "LSTM" : kind == Recurrent::Kind::gru ? "GRU" : "RNN";
}

void check_options(Recurrent::Kind kind, const RecurrentOptions& o) {
  if (o.inputs < 1 || o.hidden < 1 || o.layers < 1 || !(o.dropout >= 0 && o.dropout < 1))
    throw ValueError(
        fmt::format("{}: inputs {}, hidden {}, layers {}, dropout {}; need sizes of at least 1, dropout in [0, 1)",
                    name_of(kind), o.inputs, o.hidden, o.layers, o.dropout));
  const char* const stray = o.forget_bias != 0 && kind != Recurrent::Kind::lstm ? "forget_bias, which is the LSTM's"
                            : o.reset_before && kind != Recurrent::Kind::gru    ? "reset_before, which is the GRU's"
                            : o.relu && kind != Recurrent::Kind::rnn            ? "relu, which is the RNN's"
                                                                                : nullptr;
  if (!std::isfinite(o.forget_bias) || (o.forget_bias != 0 && !o.bias))
    throw ValueError(fmt::format("{}: forget_bias is {}, bias {}; need a finite number, and a bias to add it to",
                                 name_of(kind), o.forget_bias, o.bias));
  if (stray != nullptr) throw ValueError(fmt::format("{}: its options set {}; leave it out", name_of(kind), stray));
}

// State number `index` of a stack, or an undefined one.
Tensor part_of(const Tensor& states, size_t index) {
  return states.defined() ? select(states, 0, static_cast<int64_t>(index)) : states;
}

}  // namespace

Recurrent::Recurrent(Kind kind, const RecurrentOptions& options, Generator& generator)
    : kind_(kind), options_(options) {
  check_options(kind, options);
  const int64_t H = options.hidden, rows = gates_of(kind) * H;
  for (int64_t layer = 0; layer < options.layers; ++layer)
    for (int64_t direction = 0; direction < directions(); ++direction) {
      const int64_t in = layer == 0 ? options.inputs : directions() * H;
      Weights w{Parameter(init::uniform_fan({rows, in}, H, generator)),
                Parameter(init::uniform_fan({rows, H}, H, generator)), Parameter(), Parameter()};
      if (options.bias) {
        Tensor bias_ih = init::uniform_fan({rows}, H, generator);
        if (kind == Kind::lstm) array::slice(bias_ih, 0, H, 2 * H).add_(scalar(options.forget_bias));
        w.bias_ih = Parameter(bias_ih);
        w.bias_hh = Parameter(init::uniform_fan({rows}, H, generator));
      }
      weights_.push_back(std::move(w));
    }
}

void Recurrent::members(Members& m) {
  for (size_t i = 0; i < weights_.size(); ++i) {
    const int64_t index = static_cast<int64_t>(i);
    const std::string end = fmt::format("_l{}{}", index / directions(), index % directions() == 1 ? "_reverse" : "");
    m("weight_ih" + end, weights_[i].ih)("weight_hh" + end, weights_[i].hh);
    m("bias_ih" + end, weights_[i].bias_ih)("bias_hh" + end, weights_[i].bias_hh);
  }
}

void Recurrent::check(const Tensor& x, const State& initial) const {
  if (!x.defined() || x.dim() != 3 || x.size(2) != options_.inputs)
    throw ShapeError(fmt::format("{}: x is {}, need [B, T, {}]", name_of(kind_), describe(x), options_.inputs));
  const Shape wanted{static_cast<int64_t>(weights_.size()), x.size(0), options_.hidden};
  for (const Tensor* state : {&initial.hidden, &initial.cell})
    if (state->defined() && !(state->shape() == wanted))
      throw ShapeError(fmt::format("{}: an initial state is {}, need {} (layers * directions, B, H)", name_of(kind_),
                                   describe(*state), wanted.str()));
}

RecurrentOutput Recurrent::run(size_t index, const Tensor& x, const State& initial, const Tensor& lengths) const {
  const Weights& own = weights_[index];
  const RecurrentWeights w{own.ih, own.hh, own.bias_ih, own.bias_hh};
  const SequenceOptions sequence{.reverse = static_cast<int64_t>(index) % directions() == 1, .lengths = lengths};
  const Tensor hidden = part_of(initial.hidden, index);
  if (kind_ == Kind::lstm) {
    const LstmSequence y = lstm_sequence(x, hidden, part_of(initial.cell, index), w, sequence);
    return {y.output, {y.hidden, y.cell}};
  }
  const HiddenSequence y = kind_ == Kind::gru ? gru_sequence(x, hidden, w, sequence, options_.reset_before)
                                              : rnn_sequence(x, hidden, w, sequence, options_.relu);
  return {y.output, {y.hidden, Tensor()}};
}

RecurrentOutput Recurrent::operator()(const Tensor& x, const State& initial, const Tensor& lengths,
                                      Generator& generator) const {
  check(x, initial);
  Tensor below = x;
  std::vector<Tensor> hidden, cell;
  for (int64_t layer = 0; layer < options_.layers; ++layer) {
    std::vector<Tensor> outputs;
    for (int64_t direction = 0; direction < directions(); ++direction) {
      const RecurrentOutput y = run(hidden.size(), below, initial, lengths);
      outputs.push_back(y.output);
      hidden.push_back(y.state.hidden);
      if (y.state.cell.defined()) cell.push_back(y.state.cell);
    }
    below = outputs.size() == 1 ? outputs[0] : cat(outputs, 2);  // [B, T, D H]
    if (options_.dropout > 0 && training() && layer + 1 < options_.layers)
      below = dropout(below, options_.dropout, generator);
  }
  return {below, {stack(hidden, 0), cell.empty() ? Tensor() : stack(cell, 0)}};
}

}  // namespace fovea
