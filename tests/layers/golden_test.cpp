// Layers against PyTorch (tests/golden/layers.py), values and gradients in f64 and f32, and the golden values of
// one-unit cells worked out by hand.
#include <fovea/autograd/backward.h>
#include <fovea/core/array.h>
#include <fovea/layers/embedding.h>
#include <fovea/layers/layer_norm.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <tests/catch.h>

#include <functional>
#include <map>

using namespace fovea;
using namespace fovea::test;

namespace {

using Named = std::map<std::string, Tensor>;

// The tensors of a case, by kind: parameter, input, output, cotangent, gradient.
Named part_of_case(const std::string& name, const std::string& kind, DType dtype) {
  static const NamedTensors all = load_safetensors(FOVEA_TEST_DATA "/layers.safetensors").tensors;
  const std::string prefix = name + "/" + kind + "/";
  Named found;
  for (const auto& [key, tensor] : all)
    if (key.starts_with(prefix))
      found[key.substr(prefix.size())] = is_floating(tensor.dtype()) ? array::clone(array::to(tensor, dtype)) : tensor;
  return found;
}

void require_close(const std::string& what, const Tensor& ours, const Tensor& theirs) {
  INFO(what << " " << ours << "\nPyTorch " << theirs);
  const bool exact = ours.dtype() == f64;
  REQUIRE(allclose(ours, theirs, exact ? 1e-12 : 1.3e-6, exact ? 1e-13 : 1e-5));
}

void check_case(const std::string& name, Module& module, DType dtype,
                const std::function<Named(const Named& inputs)>& call) {
  INFO(name << " in " << name_of(dtype));
  to(module, dtype);
  const Named values = part_of_case(name, "parameter", dtype);
  load_state(module, NamedTensors(values.begin(), values.end()));
  Named inputs = part_of_case(name, "input", dtype), watched;
  for (auto& [key, x] : inputs)
    if (is_floating(x.dtype())) watched[key] = x.requires_grad_();
  for (const auto& [key, parameter] : named_parameters(module)) watched[key] = parameter;
  const Named outputs = call(inputs), cotangents = part_of_case(name, "cotangent", dtype);
  REQUIRE(cotangents.size() > 0);
  std::vector<Tensor> results, weights, sources;
  for (const auto& [key, y] : part_of_case(name, "output", dtype)) {
    require_close(key, outputs.at(key), y);
    results.push_back(outputs.at(key));
    weights.push_back(cotangents.at(key));
  }
  for (const auto& [key, x] : watched) sources.push_back(x);
  const std::vector<Tensor> gradients = grad(results, sources, {.grad_outputs = weights});
  const Named expected = part_of_case(name, "gradient", dtype);
  REQUIRE(expected.size() == watched.size());
  size_t at = 0;
  for (const auto& [key, x] : watched) require_close("gradient of " + key, gradients[at++], expected.at(key));
}

void check_sequence(const std::string& name, Recurrent::Kind kind, const RecurrentOptions& options) {
  for (DType dtype : {f64, f32}) {
    Recurrent module(kind, options);
    check_case(name, module, dtype, [&](const Named& in) {
      const auto get = [&](const char* key) { return in.count(key) != 0 ? in.at(key) : Tensor(); };
      const RecurrentOutput y = module(get("x"), {get("hidden"), get("cell")}, get("lengths"));
      return Named{{"y", y.output}, {"hidden", y.state.hidden}, {"cell", y.state.cell}};
    });
  }
}

template <class Cell>
void check_cell(const std::string& name) {
  for (DType dtype : {f64, f32}) {
    Cell cell(2, 4);
    check_case(name, cell, dtype, [&](const Named& in) {
      fovea::State state{in.at("hidden"), in.count("cell") != 0 ? in.at("cell") : Tensor()};
      cell(in.at("x"), state);
      return Named{{"hidden", state.hidden}, {"cell", state.cell}};
    });
  }
}

template <class M>
void check_simple(const std::string& name, M module) {
  for (DType dtype : {f64, f32})
    check_case(name, module, dtype, [&](const Named& in) { return Named{{"y", module(in.at("x"))}}; });
}

void set(Parameter& parameter, const std::vector<double>& values) {
  parameter.tensor().detach().copy_(from(values, parameter->shape()));
}

}  // namespace

TEST_CASE("recurrent layers agree with PyTorch", "[layers][golden][recurrent]") {
  const std::map<std::string, Recurrent::Kind> kinds{
      {"rnn", Recurrent::Kind::rnn}, {"lstm", Recurrent::Kind::lstm}, {"gru", Recurrent::Kind::gru}};
  for (const auto& [name, kind] : kinds) {
    check_sequence(name, kind, {.inputs = 3, .hidden = 4});
    check_sequence(name + "_no_bias", kind, {.inputs = 2, .hidden = 3, .bias = false});
    check_sequence(name + "_deep", kind, {.inputs = 3, .hidden = 4, .layers = 2, .bidirectional = true});
  }
  check_sequence("rnn_relu", Recurrent::Kind::rnn, {.inputs = 3, .hidden = 4, .relu = true});
}

TEST_CASE("recurrent cells agree with PyTorch", "[layers][golden][recurrent]") {
  check_cell<RNNCell>("rnn_cell");
  check_cell<LSTMCell>("lstm_cell");
  check_cell<GRUCell>("gru_cell");
}

TEST_CASE("simple layers agree with PyTorch", "[layers][golden]") {
  check_simple("linear", Linear(5, 3));
  check_simple("layer_norm", LayerNorm(6));
  check_simple("embedding", Embedding(7, 3, 2));
}

TEST_CASE("one LSTM unit, worked out by hand", "[layers][golden][recurrent]") {
  LSTMCell cell(1, 1);
  to(cell, f64);
  set(cell.weight_ih, {.1, .2, .3, .4});
  set(cell.weight_hh, {.5, .6, .7, .8});
  set(cell.bias_ih, {.01, .02, .03, .04});
  set(cell.bias_hh, {0, 0, 0, 0});
  fovea::State state{full({1, 1}, .5, f64), full({1, 1}, -.5, f64)};
  cell(ones({1, 1}, f64), state);
  REQUIRE(state.cell.item() == Approx(.034855).margin(5e-7));
  REQUIRE(state.hidden.item() == Approx(.024335).margin(5e-7));
}

TEST_CASE("one GRU unit, worked out by hand, reset after and before the product", "[layers][golden][recurrent]") {
  for (const bool before : {false, true}) {
    GRU gru({.inputs = 1, .hidden = 1, .reset_before = before});
    to(gru, f64);
    load_state(gru, {{"weight_ih_l0", from(std::vector<double>{.1, .2, .3}, {3, 1})},
                     {"weight_hh_l0", from(std::vector<double>{.4, .5, .6}, {3, 1})},
                     {"bias_ih_l0", tensor({.01, .02, .03})},
                     {"bias_hh_l0", tensor({.04, .05, .06})}});
    const RecurrentOutput y = gru(ones({1, 1, 1}, f64), {full({1, 1, 1}, .5, f64), Tensor()});
    REQUIRE(y.output.item() == Approx(before ? .504625 : .497719).margin(5e-7));
  }
}
