#include <fmt/format.h>
#include <fovea/layers/check.h>
#include <fovea/layers/recurrent/recurrent.h>

namespace fovea {

Recurrent::Recurrent(std::string_view cell, const RecurrentOptions& o, Generator& generator) : options_(o) {
  if (o.layers < 1 || !(o.dropout >= 0 && o.dropout < 1))
    throw ValueError(
        fmt::format("Recurrent: layers {}, dropout {}; need at least 1, dropout in [0, 1)", o.layers, o.dropout));
  for (int64_t i = 0; i < o.layers * directions(); ++i) {
    const int64_t in = i < directions() ? o.input_size : directions() * o.hidden_size;
    cells_.push_back(make_cell(cell, {in, o.hidden_size, o.bias, o.forget_bias, o.reset_before, o.relu}, generator));
  }
}

void Recurrent::members(Members& m) {
  for (size_t i = 0; i < cells_.size(); ++i) {
    const int64_t index = static_cast<int64_t>(i);
    cells_[i]->list(m, fmt::format("_l{}{}", index / directions(), index % directions() == 1 ? "_reverse" : ""));
  }
}

std::vector<State> Recurrent::split(const State& state) const {
  std::vector<State> states(cells_.size());
  for (const auto part : {&State::hidden, &State::cell}) {
    const Tensor& all = state.*part;
    if (!all.defined()) continue;
    if (all.dim() != 3 || all.size(0) != static_cast<int64_t>(cells_.size()) || all.size(2) != options_.hidden_size)
      throw ShapeError(fmt::format("{}: a state is {}, need [{}, B, {}] (layers * directions, B, H)", cells_[0]->name(),
                                   describe(all), cells_.size(), options_.hidden_size));
    const std::vector<Tensor> each = unbind(all, 0);
    for (size_t i = 0; i < states.size(); ++i) states[i].*part = each[i];
  }
  return states;
}

Tensor Recurrent::run(const Tensor& x, std::vector<State>& states, const Tensor& lengths, Generator& generator) const {
  Tensor below = x;
  for (size_t i = 0; i < cells_.size();) {
    std::vector<Tensor> outputs;
    for (int64_t direction = 0; direction < directions(); ++direction, ++i) {
      RecurrentOutput y = cells_[i]->sequence(below, states[i], {.reverse = direction == 1, .lengths = lengths});
      outputs.push_back(std::move(y.output));
      states[i] = std::move(y.state);
    }
    below = outputs.size() == 1 ? outputs[0] : cat(outputs, 2);  // [B, T, D H]
    if (options_.dropout > 0 && training() && i < cells_.size()) below = dropout(below, options_.dropout, generator);
  }
  return below;
}

Tensor Recurrent::step(const Tensor& gates, std::vector<State>& states) const {
  Tensor below;
  for (size_t layer = 0; layer < cells_.size(); ++layer) {
    RecurrentOutput y = cells_[layer]->step(layer == 0 ? gates : cells_[layer]->input_gates(below), states[layer]);
    below = std::move(y.output);  // [B, H]
    states[layer] = std::move(y.state);
  }
  return below;
}

RecurrentOutput Recurrent::operator()(const Tensor& x, const State& initial, const Tensor& lengths,
                                      Generator& generator) const {
  check_features(*this, cells_[0]->name(), "x", x, 3, options_.input_size);
  const Shape wanted{static_cast<int64_t>(cells_.size()), x.size(0), options_.hidden_size};
  for (const Tensor* part : {&initial.hidden, &initial.cell})
    if (part->defined() && !(part->shape() == wanted))
      throw ShapeError(fmt::format("{}: an initial state is {}, need {} (layers * directions, B, H)", cells_[0]->name(),
                                   describe(*part), wanted.str()));
  std::vector<State> states = split(initial);
  const Tensor output = run(x, states, lengths, generator);
  std::vector<Tensor> hidden, cell;
  for (const State& each : states) {
    hidden.push_back(each.hidden);
    if (each.cell.defined()) cell.push_back(each.cell);
  }
  return {output, {stack(hidden, 0), cell.empty() ? Tensor() : stack(cell, 0)}};
}

}  // namespace fovea
