// The differentiable neural computer keeps the contract, and the invariants of its memory whatever its weights are.
#include <fovea/layers/memory/dnc.h>
#include <tests/layers/contract.h>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;
using Dnc = DifferentiableNeuralComputer;

const DncOptions kSmall{.input_size = 3, .output_size = 2, .hidden_size = 5, .slots = 4, .width = 3, .heads = 2};

Tensor random_sequence(const Shape& shape) {
  Generator generator(3);
  return uniform(shape, -2, 2, generator, f64);
}

Dnc double_dnc(const DncOptions& options = kSmall) {
  Generator generator(1);
  Dnc dnc(options, generator);
  to(dnc, f64);
  for (const Tensor& w : parameters(dnc)) w.detach().mul_(4);  // gates away from their middle
  return dnc;
}

Tensor one_hot(int64_t i, int64_t n) {
  Tensor w = zeros({1, n}, f64);
  w.set({0, i}, 1);
  return w;
}

}  // namespace

TEST_CASE("DNC keeps the contract", "[layers][contract][dnc]") {
  require_contract(Contract<Dnc>{[](Generator& g) { return Dnc(kSmall, g); },
                                 [](const Dnc& m, const List& in) { return List{m(in[0])}; },
                                 {random_sequence({2, 4, 3})},
                                 {}});
}

TEST_CASE("DNC: allocation is 1 - Π u in all, and goes to the slot that is least used", "[layers][dnc]") {
  Generator generator(2);
  const Tensor u = uniform({5, 7}, 0, 1, generator, f64), a = Dnc::allocation(u);
  REQUIRE(min(a).item() >= 0);
  const Tensor used = 1e-6 + (1 - 1e-6) * u;
  REQUIRE(allclose(sum(a, 1), 1.0 - prod(used, 1), 1e-12, 1e-12));
  const Tensor sharp = Dnc::allocation(tensor({1.0, 0.0, 1.0, 1.0}).reshape({1, 4}));
  REQUIRE(allclose(sharp, one_hot(1, 4), 0, 2e-6));
  REQUIRE(max(Dnc::allocation(ones({1, 4}, f64))).item() == 0);
}

TEST_CASE("DNC: forward and backward follow the order of writing", "[layers][dnc]") {
  Tensor L = zeros({1, 4, 4}, f64), p = zeros({1, 4}, f64);
  for (const int64_t slot : {2, 0, 3}) {
    L = Dnc::linked(L, p, one_hot(slot, 4));
    p = one_hot(slot, 4);
  }
  const auto step = [](const Tensor& w, const Tensor& links) { return squeeze(matmul(unsqueeze(w, 1), links), 1); };
  REQUIRE(equal(step(one_hot(0, 4), transpose(L, 1, 2)), one_hot(3, 4)));  // forward
  REQUIRE(equal(step(one_hot(0, 4), L), one_hot(2, 4)));                   // backward
  REQUIRE(sum(step(one_hot(2, 4), L)).item() == 0);                        // nothing was written before
}

TEST_CASE("DNC: weights, usage and links stay in their bounds", "[layers][dnc]") {
  const Dnc dnc = double_dnc();
  const NoGrad off;
  std::vector<Dnc::State> trace;
  dnc(random_sequence({3, 12, 3}), 0, &trace);
  REQUIRE(trace.size() == 12);
  constexpr double over = 1 + 1e-12;
  for (const Dnc::State& s : trace) {
    for (const Tensor& x : {s.usage, s.write_weights, s.read_weights, s.links, s.precedence}) {
      REQUIRE(min(x).item() >= 0);
      REQUIRE(max(x).item() <= over);
    }
    REQUIRE(max(sum(s.write_weights, 1)).item() <= over);
    REQUIRE(max(sum(s.read_weights, 2)).item() <= over);
    REQUIRE(max(sum(s.links, 1)).item() <= over);
    REQUIRE(max(sum(s.links, 2)).item() <= over);
    REQUIRE(sum(s.links * eye(4, f64)).item() == 0);
  }
}

TEST_CASE("DNC: a closed write gate leaves the memory, an open free gate empties what was read", "[layers][dnc]") {
  Dnc dnc = double_dnc({.input_size = 3, .output_size = 2, .hidden_size = 5, .slots = 4, .width = 3});
  Tensor bias;
  for (const auto& [name, tensor] : named_parameters(dnc))
    if (name == "interface.bias") bias = tensor;
  const NoGrad off;
  Dnc::State s = dnc.initial_state(1);
  for (int64_t t = 0; t < 3; ++t) s = dnc.step(select(random_sequence({1, 3, 3}), 1, t), s).state;
  const auto open = [&](int64_t at, double value) { bias.detach().set({at}, value); };
  open(3 * 3 + 1, -1e4);     // g^w, after k^w, v, e and g^a
  open(3 * 3 + 3 + 3, 1e4);  // f, after the gates and k^r
  Dnc::State before = s;
  before.read_weights = unsqueeze(one_hot(2, 4), 1);
  const Dnc::State after = dnc.step(ones({1, 3}, f64), before).state;
  REQUIRE(equal(after.memory, before.memory));
  REQUIRE(after.usage.at({0, 2}) == 0);
  REQUIRE(after.usage.at({0, 1}) > 0);
}

TEST_CASE("DNC: the last answers are those of all steps, and what it asked of its memory can be read off",
          "[layers][dnc]") {
  const Dnc dnc = double_dnc();
  const NoGrad off;
  const Tensor x = random_sequence({2, 6, 3});
  std::vector<Dnc::State> trace;
  REQUIRE(equal(dnc(x, 2, &trace), slice(dnc(x), 1, 4, 6)));
  for (size_t t = 1; t < trace.size(); ++t) {
    const Dnc::Interface asked = dnc.interface(trace[t].controller.hidden);
    const Dnc::State& before = trace[t - 1];
    const Tensor written = before.usage + before.write_weights - before.usage * before.write_weights;
    const Tensor kept = prod(1.0 - unsqueeze(asked.f, 2) * before.read_weights, 1);
    REQUIRE(allclose(trace[t].usage, written * kept, 0, 1e-14));
    REQUIRE(allclose(sum(asked.pi, 2), ones({2, 2}, f64), 0, 1e-14));
  }
}

// A cosine alone is as large for a slot of 1e-20 as for one that was written, and its gradient 1e20 times as large.
TEST_CASE("DNC: a slot that holds next to nothing is as an empty one, its gradient too", "[layers][dnc]") {
  Dnc dnc = double_dnc({.input_size = 3, .output_size = 2, .hidden_size = 5, .slots = 4, .width = 3});
  for (const auto& [name, tensor] : named_parameters(dnc))
    if (name == "interface.bias") tensor.detach().set({3 * 3 + 1}, -1e4);  // g^w: nothing is written
  Dnc::State s = dnc.initial_state(1);
  Tensor memory = zeros({1, 3, 4}, f64);
  for (int64_t i = 0; i < 3; ++i)
    memory.set({0, i, 0}, 1 - 2 * (i % 2)), memory.set({0, i, 1}, 1e-20 * (1 - 2 * (i % 2)));
  s.memory = memory.requires_grad_();
  const Tensor w = dnc.step(ones({1, 3}, f64), s).state.read_weights;
  REQUIRE(std::abs(w.at({0, 0, 1}) - w.at({0, 0, 2})) < 1e-12);
  REQUIRE(std::abs(w.at({0, 0, 0}) - w.at({0, 0, 2})) > 1e-3);
  sum(square(w)).backward();
  REQUIRE(max(abs(s.memory.grad())).item() < 1e3);
  REQUIRE(max(abs(select(s.memory.grad(), 2, 2))).item() > 0);  // an empty slot can learn what to be like
}

TEST_CASE("DNC refuses what does not fit", "[layers][dnc][errors]") {
  DncOptions none = kSmall;
  none.slots = 0;
  REQUIRE_THROWS_WITH(Dnc(none), contains("slots"));
  const Dnc dnc(kSmall);
  REQUIRE_THROWS_AS(dnc(ones({2, 4, 5})), ShapeError);
  REQUIRE_THROWS_AS(dnc(ones({2, 4, 3}), 5), ShapeError);
  REQUIRE_THROWS_WITH(dnc.step(ones({2, 3}), dnc.initial_state(3)), contains("initial_state"));
}
