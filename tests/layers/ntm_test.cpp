// The Neural Turing Machine: golden addressing, the invariants of its memory, and the contract of a layer.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ntm.h>
#include <fovea/layers/memory/ntm.h>
#include <tests/catch.h>
#include <tests/layers/contract.h>

#include <cmath>
#include <optional>

using namespace fovea;
using test::Contract;
using test::contract_faults;

namespace {

// Inverse activations: what a head must emit to mean a value.
double from_softplus(double y) { return std::log(std::expm1(y)); }
double from_sigmoid(double y) { return std::log(y / (1 - y)); }

// One head over memory rows: key, strength, gate, log of the shift weights, sharpening.
Tensor head(const std::vector<double>& key, double beta, double gate, const std::vector<double>& shift, double gamma) {
  std::vector<double> raw;
  for (double k : key) raw.push_back(std::atanh(k));
  raw.push_back(from_softplus(beta));
  raw.push_back(from_sigmoid(gate));
  for (double s : shift) raw.push_back(std::log(s));
  raw.push_back(from_softplus(gamma - 1));
  const int64_t n = static_cast<int64_t>(raw.size());
  return from(raw, {1, 1, n});
}

void require_close(const Tensor& x, const std::vector<double>& expected, double tolerance) {
  REQUIRE(x.numel() == static_cast<int64_t>(expected.size()));
  const Tensor flat = reshape(x, {-1});
  for (size_t i = 0; i < expected.size(); ++i) {
    INFO("element " << i);
    REQUIRE(std::abs(flat.at({static_cast<int64_t>(i)}) - expected[i]) < tolerance);
  }
}

Tensor one_at(int64_t slot, int64_t slots) {
  Tensor w = zeros({1, 1, slots}, f64);
  w.set({0, 0, slot}, 1);
  return w;
}

}  // namespace

TEST_CASE("NTM addressing gives the golden weights", "[ntm]") {
  // N = 4: M = [[1,0],[0,1],[1,1],[-1,0]] with slots last; k = (1, .5) scaled by .9, which the cosine does not see.
  const Tensor memory = tensor({1.0, 0.0, 1.0, -1.0, 0.0, 1.0, 1.0, 0.0}, {1, 2, 4});
  const Tensor parameters = head({0.9, 0.45}, 2, 0.7, {0.1, 0.2, 0.7}, 2);
  const std::vector<double> expected{0.036086, 0.326274, 0.430565, 0.207074};
  require_close(ntm_address(parameters, memory, one_at(1, 4)), expected, 2e-6);
  const ReferenceMode plain;
  require_close(ntm_address(parameters, memory, one_at(1, 4)), expected, 2e-6);
}

TEST_CASE("NTM weights are distributions at every setting", "[ntm]") {
  Generator generator(3);
  for (double scale : {0.1, 3.0, 30.0, 300.0}) {
    const Tensor parameters = uniform({4, 2, 11}, -scale, scale, generator);
    const Tensor memory = uniform({4, 5, 16}, -scale, scale, generator);
    const Tensor previous = softmax(uniform({4, 2, 16}, -scale, scale, generator), -1);
    const Tensor w = ntm_address(parameters, memory, previous);
    REQUIRE(all(isfinite(w)));
    REQUIRE(min(w).item() >= 0);
    REQUIRE(allclose(sum(w, -1), ones({4, 2}), 1e-5));
  }
}

TEST_CASE("gate 0, shift +1 and no sharpening move the focus by exactly one", "[ntm]") {
  const Tensor memory = full({1, 2, 5}, 0.3, f64);
  const Tensor parameters = head({0.5, 0.5}, 1, 1e-30, {1e-30, 1e-30, 1.0}, 1 + 1e-12);
  const Tensor w = ntm_address(parameters, memory, one_at(4, 5));
  require_close(w, {1, 0, 0, 0, 0}, 1e-9);
}

TEST_CASE("writing with a sharp focus replaces one slot and leaves the others as they were", "[ntm]") {
  Generator generator(4);
  const Tensor memory = uniform({1, 3, 5}, -1, 1, generator, f64);
  const Tensor value = tensor({0.1, -0.2, 0.3}, {1, 1, 3});
  const Tensor w = one_at(2, 5);
  const Tensor after = ntm_write(memory, w, ones({1, 1, 3}, f64), value);
  REQUIRE(equal(slice(after, 2, 0, 2), slice(memory, 2, 0, 2)));
  REQUIRE(equal(slice(after, 2, 3, 5), slice(memory, 2, 3, 5)));
  REQUIRE(equal(ntm_read(after, w), value));
}

TEST_CASE("write heads act in no order", "[ntm]") {
  Generator generator(5);
  const Tensor memory = uniform({2, 3, 4}, -1, 1, generator, f64), e = uniform({2, 2, 3}, 0, 1, generator, f64);
  const Tensor w = softmax(uniform({2, 2, 4}, -1, 1, generator, f64), -1),
               a = uniform({2, 2, 3}, -1, 1, generator, f64);
  const Tensor swapped = ntm_write(memory, flip(w, 1), flip(e, 1), flip(a, 1));
  REQUIRE(allclose(ntm_write(memory, w, e, a), swapped, 1e-14, 1e-14));
}

TEST_CASE("a zero memory and tiny negative weights give finite numbers and gradients", "[ntm]") {  // NTM-tensorflow#2
  for (const bool reference : {false, true}) {
    INFO((reference ? "plain formula" : "fused"));
    std::optional<ReferenceMode> plain;
    if (reference) plain.emplace();
    Tensor parameters = zeros({1, 1, 8}).requires_grad_(), memory = zeros({1, 2, 4}).requires_grad_();
    Tensor previous = tensor({1.f, -1e-9f, 0.f, 0.f}, {1, 1, 4}).requires_grad_();
    const Tensor w = ntm_address(parameters, memory, previous);
    REQUIRE(all(isfinite(w)));
    for (const Tensor& g : grad(sum(w * w), {parameters, memory, previous})) REQUIRE(all(isfinite(g)));

    // A closed gate and no shift: what is raised to gamma is the negative weight itself.
    Tensor closed = tensor({0.f, 0.f, 0.f, -200.f, -200.f, 0.f, -200.f, 0.f}, {1, 1, 8}).requires_grad_();
    const Tensor kept = ntm_address(closed, memory, previous);
    REQUIRE(kept.at({0, 0, 0}) == 1);
    REQUIRE(std::abs(kept.at({0, 0, 1})) < 1e-12);
    for (const Tensor& g : grad(sum(kept * kept), {closed, memory, previous})) REQUIRE(all(isfinite(g)));
  }
}

TEST_CASE("NTM keeps the contract of a layer", "[ntm]") {
  for (const std::string controller : {"lstm", "feed_forward", "gru"})
    for (int64_t heads : {1, 2}) {
      Generator generator(6);
      const NtmOptions options{.input_size = 3,
                               .output_size = 2,
                               .controller = controller,
                               .hidden_size = 4,
                               .slots = 5,
                               .width = 3,
                               .heads = heads};
      Contract<NeuralTuringMachine> contract;
      contract.make = [=](Generator& own) { return NeuralTuringMachine(options, own); };
      contract.call = [](const NeuralTuringMachine& m, const std::vector<Tensor>& in) {
        return std::vector<Tensor>{m(in[0])};
      };
      contract.inputs = {uniform({2, 4, 3}, 0, 1, generator, f64)};
      REQUIRE(contract_faults(contract).empty());

      const NeuralTuringMachine model(options, generator);
      const Tensor x = uniform({2, 4, 3}, 0, 1, generator);
      const Tensor y = model(x);
      std::vector<NeuralTuringMachine::State> trace;
      model(slice(x, 1, 0, 2), 0, &trace);
      REQUIRE(equal(model(x, 0, &trace), y));  // a trace holds the last sequence alone
      REQUIRE(y.shape() == Shape{2, 4, 2});
      REQUIRE(trace.size() == 4);
      REQUIRE(trace.front().write_weights.shape() == Shape{2, heads, 5});
      REQUIRE(equal(model(x, 2), slice(y, 1, 2, 4)));
      // A sequence is its steps.
      NeuralTuringMachine::State state = model.initial_state(2);
      REQUIRE_FALSE(state.read_weights.shares_storage(state.write_weights));
      for (int64_t t = 0; t < 4; ++t) state = model.step(select(x, 1, t), state).state;
      REQUIRE(equal(state.memory, trace.back().memory));
    }
}

TEST_CASE("a learned memory is a parameter that every sequence begins with", "[ntm]") {
  const NtmOptions options{
      .input_size = 3, .output_size = 2, .hidden_size = 4, .slots = 5, .width = 3, .heads = 2, .learned_memory = true};
  Contract<NeuralTuringMachine> contract;
  contract.make = [=](Generator& own) { return NeuralTuringMachine(options, own); };
  contract.call = [](const NeuralTuringMachine& m, const std::vector<Tensor>& in) {
    return std::vector<Tensor>{m(in[0])};
  };
  Generator generator(7);
  contract.inputs = {uniform({2, 4, 3}, 0, 1, generator, f64)};
  REQUIRE(contract_faults(contract).empty());

  const NeuralTuringMachine model(options, generator);
  const Tensor memory = model.initial_state(2).memory;
  REQUIRE(memory.shape() == Shape{2, 3, 5});
  REQUIRE(equal(select(memory, 0, 0), select(memory, 0, 1)));
  REQUIRE_FALSE(equal(select(memory, 2, 0), select(memory, 2, 1)));
  NtmOptions constant = options;
  constant.learned_memory = false;
  REQUIRE(parameter_count(model) == parameter_count(NeuralTuringMachine(constant)) + 3 * 5);
}

TEST_CASE("NTM refuses what does not fit", "[ntm]") {
  const NeuralTuringMachine model({.input_size = 3, .output_size = 2, .hidden_size = 4, .slots = 5, .width = 3});
  REQUIRE_THROWS_AS(model(ones({2, 4, 5})), ShapeError);
  REQUIRE_THROWS_AS(model(ones({2, 4, 3}), 5), ShapeError);
  REQUIRE_THROWS_WITH(model(ones({4, 3})), test::contains("NeuralTuringMachine"));
  REQUIRE_THROWS_WITH(model(ones({2, 0, 3})), test::contains("NeuralTuringMachine") && test::contains("T >= 1"));
  REQUIRE_THROWS_WITH(model(Tensor()), test::contains("NeuralTuringMachine: x is undefined"));
  NeuralTuringMachine::State two = model.initial_state(2), none;
  REQUIRE_THROWS_WITH(model.step(ones({1, 3}), two), test::contains("NeuralTuringMachine: x is f32[1, 3]"));
  REQUIRE_THROWS_WITH(model.step(ones({2, 2}), two), test::contains("need [B, 3]"));
  REQUIRE_THROWS_WITH(model.step(ones({2, 3}), none), test::contains("initial_state(B)"));
  REQUIRE_THROWS_AS(NeuralTuringMachine({.input_size = 3, .output_size = 2, .slots = 0}), ValueError);
}
