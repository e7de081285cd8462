// Every cell by its name: the contract, alone and in a layer over sequences, and what must hold of each.
#include <fovea/core/array.h>
#include <fovea/layers/recurrent/drive.h>
#include <fovea/layers/recurrent/min_gru.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <tests/layers/contract.h>
#include <tests/layers/random_input.h>

#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

// A cell of the list as a module of its own, since its type is not known here.
struct Held final : Module {
  Held(const std::string& name, Generator& generator) : cell(make_cell(name, {3, 4}, generator)) {}
  void members(Members& m) override { m("cell", cell); }
  Box<Cell> cell;
};

MinGRUCell min_gru() {
  MinGRUCell cell({2, 3});
  to(cell, f64);
  return cell;
}

}  // namespace

TEST_CASE("every cell of the list keeps the contract", "[layers][contract][recurrent][cell]") {
  for (const std::string& name : cell_names()) {
    INFO(name);
    const bool remembers = name != "feed_forward";
    require_contract<Held>({[=](Generator& g) { return Held(name, g); },
                            [=](const Held& m, const List& in) {
                              const RecurrentOutput y = (*m.cell)(in[0], {remembers ? in[1] : Tensor(), {}});
                              return List{y.output, (*m.cell)(in[0] * 0.5, y.state).output};
                            },
                            remembers ? List{random_input({2, 3}), random_input({2, 4})} : List{random_input({2, 3})},
                            {}});
  }
}

TEST_CASE("every cell of the list makes a layer over sequences", "[layers][contract][recurrent][cell]") {
  const Tensor lengths = tensor<int64_t>({2, 4, 0}), x = random_input({3, 4, 3});
  const Tensor broken = array::clone(x);
  array::slice(array::select(broken, 0, 0), 0, 2, 4).fill_(std::numeric_limits<double>::quiet_NaN());
  array::select(broken, 0, 2).fill_(7);
  for (const std::string& name : cell_names()) {
    INFO(name);
    const RecurrentOptions options{.input_size = 3, .hidden_size = 4, .layers = 2, .bidirectional = true};
    require_contract<Recurrent>({[=](Generator& g) { return Recurrent(name, options, g); },
                                 [](const Recurrent& layer, const List& in) {
                                   const RecurrentOutput y = layer(in[0], {}, in[1]);
                                   return List{y.output, y.state.hidden};
                                 },
                                 {x, lengths},
                                 {broken, lengths}});
    Recurrent layer(name, {.input_size = 3, .hidden_size = 4, .layers = 2});
    to(layer, f64);
    // One long sequence, two short ones with the state carried over, and one step after another.
    const RecurrentOutput whole = layer(x), first = layer(slice(x, 1, 0, 1)), rest = layer(slice(x, 1, 1), first.state);
    REQUIRE(allclose(cat({first.output, rest.output}, 1), whole.output, 1e-12, 1e-14));
    std::vector<State> states = layer.split(first.state);
    for (int64_t t = 1; t < 4; ++t) {
      const Tensor h = layer.step(layer.cell().input_gates(select(x, 1, t)), states);
      REQUIRE(allclose(h, select(whole.output, 1, t), 1e-12, 1e-14));
    }
    REQUIRE(layer(slice(x, 1, 0, 0), first.state).output.shape() == Shape{3, 0, 4});
  }
}

TEST_CASE("driving a cell step by step equals the fused sequence", "[layers][recurrent][cell]") {
  const Tensor x = random_input({3, 4, 3}), lengths = tensor<int64_t>({2, 4, 0});
  for (const std::string& name : cell_names())
    for (const bool reverse : {false, true}) {
      INFO(name);
      Held held(name, default_generator());
      to(held, f64);
      const Cell& cell = *held.cell;
      const SequenceOptions options{.reverse = reverse, .lengths = lengths};
      const State start{random_input({3, 4}, 5), cell.initial_state(3).cell};
      const RecurrentOutput fused = cell.sequence(x, start, options);
      const RecurrentOutput driven = drive(cell, cell.input_gates(x), start, options);
      REQUIRE(allclose(driven.output, fused.output, 1e-12, 1e-14));
      REQUIRE(allclose(driven.state.hidden, fused.state.hidden, 1e-12, 1e-14));
      REQUIRE(equal(select(driven.state.hidden, 0, 2), select(start.hidden, 0, 2)));  // no valid step
    }
}

TEST_CASE("a GRU cell resets before the product, an RNN cell is linear above zero", "[layers][recurrent][cell]") {
  const Tensor x = random_input({2, 3, 2});
  const auto check = [&](const std::string& name, CellOptions options) {
    Box<Cell> cell = make_cell(name, options);
    to(*cell, f64);
    const State start{random_input({2, 3}, 4), {}};
    const RecurrentOutput y = drive(*cell, cell->input_gates(x), start);
    REQUIRE(allclose(y.output, cell->sequence(x, start).output, 1e-12, 1e-14));
  };
  check("gru", {.input_size = 2, .hidden_size = 3, .reset_before = true});
  check("gru", {.input_size = 2, .hidden_size = 3, .bias = false, .reset_before = true});
  check("rnn", {.input_size = 2, .hidden_size = 3, .relu = true});
}

TEST_CASE("minGRU: closed gates keep the state, open ones overwrite it", "[layers][recurrent][cell]") {
  const MinGRUCell cell = min_gru();
  const Tensor x = random_input({4, 2}), h = random_input({4, 3}, 5);
  const auto set_gate = [&](double bias) {
    cell.weight_ih.tensor().detach().copy_(cat({zeros({3, 2}, f64), random_input({3, 2}, 6)}, 0));
    array::slice(cell.bias_ih.tensor().detach(), 0, 0, 3).fill_(bias);
  };
  set_gate(-800);
  REQUIRE(equal(cell(x, {h, {}}).output, h));
  set_gate(800);
  const Tensor candidate = slice(cell.input_gates(x), 1, 3, 6);
  REQUIRE(allclose(cell(x, {h, {}}).output, candidate, 1e-12, 1e-14));
  set_gate(0);
  REQUIRE(allclose(cell(x, {h, {}}).output, (h + candidate) * 0.5, 1e-12, 1e-14));
}

// h_t = Π(1 - z) h_0 + Σ_i z_i h̃_i Π_{j > i} (1 - z_j).
TEST_CASE("minGRU equals its closed form", "[layers][recurrent][cell]") {
  const MinGRUCell cell = min_gru();
  const Tensor x = random_input({2, 5, 2}), start = random_input({2, 3}, 5);
  const Tensor gates = cell.input_gates(x), z = sigmoid(slice(gates, 2, 0, 3)), candidate = slice(gates, 2, 3, 6);
  const Tensor y = cell.sequence(x, {start, {}}).output;
  for (int64_t t = 0; t < 5; ++t) {
    Tensor kept = ones({2, 3}, f64), h = zeros({2, 3}, f64);
    for (int64_t i = t; i >= 0; --i) {
      h = h + kept * select(z, 1, i) * select(candidate, 1, i);
      kept = kept * (1 - select(z, 1, i));
    }
    REQUIRE(allclose(select(y, 1, t), h + kept * start, 1e-12, 1e-14));
  }
  REQUIRE(parameter_count(cell) == 2 * 3 * 2 + 2 * 3);
}

TEST_CASE("an unknown cell is refused with the list of all", "[layers][recurrent][cell]") {
  REQUIRE_THROWS_WITH(make_cell("swim", {1, 1}), contains("rnn, lstm, gru, min_gru, feed_forward"));
  REQUIRE_THROWS_WITH(make_cell("min_gru", {2, 3, true, 1}), contains("MinGRU: its options set forget_bias"));
  REQUIRE_THROWS_WITH(min_gru()(ones({4, 3})), contains("MinGRUCell: x is f32[4, 3]; need [B, 2]"));
}
