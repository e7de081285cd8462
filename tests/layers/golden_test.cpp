// Layers against PyTorch (tests/golden/layers.py), values and gradients in f64 and f32, and the golden values of
// one-unit cells worked out by hand.
#include <fovea/core/array.h>
#include <fovea/layers/conv1d.h>
#include <fovea/layers/conv2d.h>
#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/norm.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <tests/layers/golden_layers.h>

using namespace fovea;
using namespace fovea::test;

namespace {

const GoldenFile& golden() {
  static const GoldenFile file("layers");
  return file;
}

void check_sequence(const std::string& name, const std::string& kind, const RecurrentOptions& options) {
  for (DType dtype : {f64, f32}) {
    Recurrent module(kind, options);
    check_case(golden(), name, module, dtype, [&](const Named& in) {
      const RecurrentOutput y = module(in.at("x"), {one_of(in, "hidden"), one_of(in, "cell")}, one_of(in, "lengths"));
      return Named{{"y", y.output}, {"hidden", y.state.hidden}, {"cell", y.state.cell}};
    });
  }
}

template <class Cell>
void check_cell(const std::string& name) {
  for (DType dtype : {f64, f32}) {
    Cell cell({2, 4});
    check_case(golden(), name, cell, dtype, [&](const Named& in) {
      const RecurrentOutput y = cell(in.at("x"), {in.at("hidden"), one_of(in, "cell")});
      return Named{{"hidden", y.output}, {"cell", y.state.cell}};
    });
  }
}

template <class M>
void check_simple(const std::string& name, M module) {
  for (DType dtype : {f64, f32})
    check_case(golden(), name, module, dtype, [&](const Named& in) { return Named{{"y", module(in.at("x"))}}; });
}

void set(Parameter& parameter, const std::vector<double>& values) {
  parameter.tensor().detach().copy_(from(values, parameter->shape()));
}

}  // namespace

TEST_CASE("recurrent layers agree with PyTorch", "[layers][golden][recurrent]") {
  for (const std::string name : {"rnn", "lstm", "gru"}) {
    check_sequence(name, name, {.input_size = 3, .hidden_size = 4});
    check_sequence(name + "_no_bias", name, {.input_size = 2, .hidden_size = 3, .bias = false});
    check_sequence(name + "_deep", name, {.input_size = 3, .hidden_size = 4, .layers = 2, .bidirectional = true});
  }
  check_sequence("rnn_relu", "rnn", {.input_size = 3, .hidden_size = 4, .relu = true});
}

TEST_CASE("recurrent cells agree with PyTorch", "[layers][golden][recurrent]") {
  check_cell<RNNCell>("rnn_cell");
  check_cell<LSTMCell>("lstm_cell");
  check_cell<GRUCell>("gru_cell");
}

TEST_CASE("simple layers agree with PyTorch", "[layers][golden]") {
  check_simple("linear", Linear(5, 3));
  check_simple("conv1d", Conv1d({.in_channels = 2, .out_channels = 3, .kernel = 3}));
  check_simple("conv1d_stride",
               Conv1d({.in_channels = 2, .out_channels = 3, .kernel = 3, .stride = 2, .padding = 2, .bias = false}));
  check_simple("conv1d_dilation",
               Conv1d({.in_channels = 3, .out_channels = 2, .kernel = 2, .padding = 1, .dilation = 4}));
  check_simple(
      "conv1d_groups",
      Conv1d(
          {.in_channels = 4, .out_channels = 6, .kernel = 3, .stride = 2, .padding = 1, .dilation = 2, .groups = 2}));
  check_simple("conv2d", Conv2d({.in_channels = 2, .out_channels = 3, .kernel = 3}));
  check_simple("conv2d_padding", Conv2d({.in_channels = 2, .out_channels = 9, .kernel = 3, .padding = 1}));
  check_simple(
      "conv2d_stride",
      Conv2d(
          {.in_channels = 3, .out_channels = 2, .kernel = {2, 3}, .stride = {2, 3}, .padding = {1, 2}, .bias = false}));
  check_simple("conv2d_steps", Conv2d({.in_channels = 1, .out_channels = 2, .kernel = {3, 1}, .stride = {1, 2}}));
  check_simple("layer_norm", LayerNorm(6));
  check_simple("rms_norm", RMSNorm(6));
  check_simple("group_norm", GroupNorm(3, 6));
  check_simple("embedding", Embedding(7, 3, 2));
}

TEST_CASE("one LSTM unit, worked out by hand", "[layers][golden][recurrent]") {
  LSTMCell cell({1, 1});
  to(cell, f64);
  set(cell.weight_ih, {.1, .2, .3, .4});
  set(cell.weight_hh, {.5, .6, .7, .8});
  set(cell.bias_ih, {.01, .02, .03, .04});
  set(cell.bias_hh, {0, 0, 0, 0});
  const auto [h, state] = cell(ones({1, 1}, f64), {full({1, 1}, .5, f64), full({1, 1}, -.5, f64)});
  REQUIRE(h.is_same(state.hidden));
  REQUIRE(state.cell.item() == Approx(.034855).margin(5e-7));
  REQUIRE(state.hidden.item() == Approx(.024335).margin(5e-7));
}

TEST_CASE("one GRU unit, worked out by hand, reset after and before the product", "[layers][golden][recurrent]") {
  for (const bool before : {false, true}) {
    GRU gru({.input_size = 1, .hidden_size = 1, .reset_before = before});
    to(gru, f64);
    load_state(gru, {{"weight_ih_l0", from(std::vector<double>{.1, .2, .3}, {3, 1})},
                     {"weight_hh_l0", from(std::vector<double>{.4, .5, .6}, {3, 1})},
                     {"bias_ih_l0", tensor({.01, .02, .03})},
                     {"bias_hh_l0", tensor({.04, .05, .06})}});
    const RecurrentOutput y = gru(ones({1, 1, 1}, f64), {full({1, 1, 1}, .5, f64), Tensor()});
    REQUIRE(y.output.item() == Approx(before ? .504625 : .497719).margin(5e-7));
  }
}
