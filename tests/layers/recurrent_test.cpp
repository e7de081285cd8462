// What must hold of recurrent layers whatever their weights are (mechanisms 2 and 3), and bugs others have had.
#include <fovea/autograd/backward.h>
#include <fovea/core/array.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <tests/catch.h>
#include <tests/layers/random_input.h>

using namespace fovea;
using namespace fovea::test;

namespace {

template <class Layer>
Layer make(const RecurrentOptions& options) {
  Generator generator(6);
  Layer layer(options, generator);
  to(layer, f64);
  return layer;
}

// Adds `value` to the rows of one gate of a parameter.
void shift_gate(Recurrent& layer, const std::string& name, int64_t gate, double value) {
  const int64_t H = layer.options().hidden_size;
  for (const auto& [key, tensor] : state(layer))
    if (key == name) array::slice(tensor, 0, gate * H, (gate + 1) * H).add_(scalar(value, f64));
}

}  // namespace

TEST_CASE("an LSTM with closed input and open forget gate keeps its cell", "[layers][recurrent]") {
  LSTM lstm = make<LSTM>({.input_size = 2, .hidden_size = 3});
  shift_gate(lstm, "bias_ih_l0", 0, -1000);
  shift_gate(lstm, "bias_ih_l0", 1, 1000);
  const Tensor c = random_input({1, 2, 3});
  REQUIRE(equal(lstm(random_input({2, 7, 2}), {zeros({1, 2, 3}, f64), c}).state.cell, c));
}

TEST_CASE("a GRU with its update gate open returns its state", "[layers][recurrent]") {
  GRU gru = make<GRU>({.input_size = 2, .hidden_size = 3});
  shift_gate(gru, "bias_ih_l0", 1, 1000);
  const Tensor h = random_input({1, 2, 3});
  REQUIRE(equal(gru(random_input({2, 7, 2}), {h, Tensor()}).state.hidden, h));
}

TEST_CASE("more padding changes nothing, and outputs on it are zero", "[layers][recurrent]") {
  const Tensor lengths = tensor<int64_t>({3, 1}), x = random_input({2, 3, 2});
  const Tensor padded = cat({x, full({2, 4, 2}, 9, f64)}, 1);
  for (const std::string kind : {"rnn", "lstm", "gru"}) {
    Generator generator(6);
    Recurrent layer(kind, {.input_size = 2, .hidden_size = 3, .layers = 2, .bidirectional = true}, generator);
    to(layer, f64);
    const RecurrentOutput narrow = layer(x, {}, lengths), wide = layer(padded, {}, lengths);
    REQUIRE(equal(array::clone(slice(wide.output, 1, 0, 3)), narrow.output));
    REQUIRE(max(abs(slice(wide.output, 1, 3))).item() == 0);
    REQUIRE(max(abs(slice(select(wide.output, 0, 1), 0, 1))).item() == 0);
    REQUIRE(equal(wide.state.hidden, narrow.state.hidden));
    // ray#21392, pytorch#65890: the state is that of the last valid step, not of a padded one.
    const RecurrentOutput alone = layer(slice(slice(x, 0, 1, 2), 1, 0, 1));
    REQUIRE(allclose(select(wide.state.hidden, 1, 1), select(alone.state.hidden, 1, 0), 1e-12, 1e-14));
  }
}

TEST_CASE("exchanging the directions and reversing time exchanges the halves", "[layers][recurrent]") {
  const RecurrentOptions options{.input_size = 2, .hidden_size = 3, .bidirectional = true};
  const GRU gru = make<GRU>(options);
  GRU exchanged = make<GRU>(options);
  NamedTensors values = state(gru);
  for (auto& [name, tensor] : values) {
    const size_t end = name.find("_reverse");
    if (end == std::string::npos)
      name += "_reverse";
    else
      name.resize(end);
  }
  load_state(exchanged, values);
  const Tensor x = random_input({2, 5, 2}), y = gru(x).output, z = flip(exchanged(flip(x, 1)).output, 1);
  REQUIRE(allclose(slice(y, 2, 0, 3), slice(z, 2, 3, 6), 1e-12, 1e-14));
  REQUIRE(allclose(slice(y, 2, 3, 6), slice(z, 2, 0, 3), 1e-12, 1e-14));
}

TEST_CASE("a sequence is its cell, step by step", "[layers][recurrent]") {
  const Tensor x = random_input({2, 4, 3});
  const auto check = [&](auto cell, auto layer) {
    to(cell, f64);
    to(layer, f64);
    NamedTensors values = state(cell);
    for (auto& [name, tensor] : values) name += "_l0";
    load_state(layer, values);
    const RecurrentOutput y = layer(x);
    RecurrentOutput step;
    for (int64_t t = 0; t < 4; ++t) {
      step = cell(select(x, 1, t), step.state);
      REQUIRE(allclose(step.output, select(y.output, 1, t), 1e-12, 1e-14));
    }
    REQUIRE(allclose(step.state.hidden, select(y.state.hidden, 0, 0), 1e-12, 1e-14));
    REQUIRE(step.state.cell.defined() == y.state.cell.defined());
  };
  const RecurrentOptions options{.input_size = 3, .hidden_size = 5};
  check(RNNCell({3, 5}), RNN(options));
  check(LSTMCell({3, 5}), LSTM(options));
  check(GRUCell({3, 5}), GRU(options));
}

TEST_CASE("a state carried over equals one long sequence", "[layers][recurrent]") {
  const LSTM lstm = make<LSTM>({.input_size = 2, .hidden_size = 3, .layers = 2});
  const Tensor x = random_input({2, 6, 2});
  const RecurrentOutput first = lstm(slice(x, 1, 0, 2)), second = lstm(slice(x, 1, 2), first.state);
  REQUIRE(allclose(cat({first.output, second.output}, 1), lstm(x).output, 1e-12, 1e-14));
  const fovea::State cut = detach(first.state);
  REQUIRE(!cut.hidden.requires_grad());
  REQUIRE(!cut.cell.requires_grad());
}

TEST_CASE("a sample that is only padding has finite gradients", "[layers][recurrent]") {  // pytorch#41508
  for (const std::string kind : {"rnn", "lstm", "gru"}) {
    Recurrent layer(kind, {.input_size = 2, .hidden_size = 3, .bidirectional = true});
    const RecurrentOutput y = layer(ones({1, 3, 2}), {}, tensor<int64_t>({0}));
    for (const Tensor& gradient : grad(sum(y.output) + sum(y.state.hidden), parameters(layer))) {
      REQUIRE(all(isfinite(gradient)));
      REQUIRE(max(abs(gradient)).item() == 0);
    }
  }
}

TEST_CASE("dropout acts between layers in training alone", "[layers][recurrent]") {
  const RecurrentOptions options{.input_size = 2, .hidden_size = 8, .layers = 2, .dropout = 0.5};
  LSTM lstm = make<LSTM>(options);
  const Tensor x = random_input({2, 4, 2});
  Generator a(1), b(1), c(2);
  REQUIRE(equal(lstm(x, {}, {}, a).output, lstm(x, {}, {}, b).output));
  REQUIRE(!equal(lstm(x, {}, {}, a).output, lstm(x, {}, {}, c).output));
  lstm.eval();
  REQUIRE(equal(lstm(x, {}, {}, a).output, lstm(x, {}, {}, c).output));
  LSTM single = make<LSTM>({.input_size = 2, .hidden_size = 8, .dropout = 0.5});
  REQUIRE(equal(single(x, {}, {}, a).output, single(x, {}, {}, c).output));
}

TEST_CASE("inputs that do not fit a recurrent layer", "[layers][recurrent]") {
  const LSTM lstm({.input_size = 2, .hidden_size = 3});
  REQUIRE_THROWS_WITH(lstm(ones({2, 3})), contains("LSTM: x is f32[2, 3]; need [B, T, 2]"));
  REQUIRE_THROWS_AS(lstm(ones({2, 3, 4})), ShapeError);
  REQUIRE_THROWS_WITH(lstm(ones({2, 3, 2}), {zeros({2, 2, 3}), Tensor()}), contains("need [1, 2, 3]"));
  REQUIRE_THROWS_AS(lstm(ones({2, 3, 2}), {}, tensor<int64_t>({4, 1})), IndexError);
  REQUIRE_THROWS_AS(lstm(ones({2, 3, 2}, f64)), DTypeError);
}

// Without a check both would broadcast to something of the wrong batch.
TEST_CASE("inputs and states that do not fit a cell", "[layers][recurrent]") {
  const auto check = [](const std::string& name, const auto& cell) {
    State none;
    REQUIRE_THROWS_WITH(cell(ones({2}), none), contains(name + ": x is f32[2]; need [B, 2]"));
    REQUIRE_THROWS_WITH(cell(ones({4, 3}), none), contains(name));
    REQUIRE_THROWS_WITH(cell(Tensor(), none), contains(name + ": x is undefined"));
    State one = cell.initial_state(1);
    REQUIRE_FALSE((one.cell.defined() && one.cell.shares_storage(one.hidden)));
    REQUIRE_THROWS_WITH(cell(ones({4, 2}), one), contains(name + ": x is f32[4, 2], a state f32[1, 3]"));
    State half;
    half.hidden = zeros({4, 3});
    REQUIRE(equal(cell(ones({4, 2}), half).output, cell(ones({4, 2})).output));
  };
  check("RNNCell", RNNCell({2, 3}));
  check("LSTMCell", LSTMCell({2, 3}));
  check("GRUCell", GRUCell({2, 3}));
}

TEST_CASE("a forget bias needs a bias", "[layers][recurrent]") {
  REQUIRE_THROWS_WITH(LSTM({.input_size = 2, .hidden_size = 3, .bias = false, .forget_bias = 1}),
                      contains("LSTM: forget_bias"));
  REQUIRE_THROWS_AS(LSTM({.input_size = 2, .hidden_size = 3, .forget_bias = NAN}), ValueError);
}

TEST_CASE("options of another recurrent layer are refused, not ignored", "[layers][recurrent]") {
  REQUIRE_THROWS_WITH(GRU({.input_size = 2, .hidden_size = 3, .forget_bias = 1}),
                      contains("GRU: its options set forget_bias"));
  REQUIRE_THROWS_WITH(LSTM({.input_size = 2, .hidden_size = 3, .relu = true}), contains("LSTM: its options set relu"));
  REQUIRE_THROWS_WITH(RNN({.input_size = 2, .hidden_size = 3, .reset_before = true}),
                      contains("RNN: its options set reset_"));
}
