// The tests of the skeleton layer: the contract that every layer keeps, then what must hold of this one alone.
#include <fovea/core/array.h>
#include <tests/layers/contract.h>
#include <tests/layers/skeleton_layer.h>

using namespace fovea;
using namespace fovea::test;
using skeleton::GatedLinear;

namespace {

Tensor random_input(const Shape& shape) {
  Generator generator(3);
  return uniform(shape, -1, 1, generator, f64);
}

Contract<GatedLinear> gated_contract(const Tensor& x) {
  return {.make = [](Generator& generator) { return GatedLinear(3, 2, generator); },
          .call = [](const GatedLinear& layer, const std::vector<Tensor>& in) { return std::vector{layer(in[0])}; },
          .inputs = {x},
          .masked_inputs = {}};
}

// A layer whose gate has weights 0 and bias `gate`, so that g is the same for every input.
GatedLinear with_gate(double gate) {
  GatedLinear layer(3, 2);
  for (const auto& [name, tensor] : state(layer))
    if (name.rfind("gate", 0) == 0) Tensor(tensor).fill_(name == "gate.bias" ? gate : 0);
  return layer;
}

}  // namespace

TEST_CASE("the skeleton layer keeps the contract", "[layers][contract][skeleton]") {
  require_contract(gated_contract(random_input({4, 3})));
  require_contract(gated_contract(random_input({2, 4, 3})));
}

TEST_CASE("a gate lets through nothing when closed and half when undecided", "[layers][skeleton]") {
  const Tensor x = array::to(random_input({4, 3}), f32);
  const GatedLinear half = with_gate(0), closed = with_gate(-200);
  const NamedTensors values = state(half);
  REQUIRE(allclose(half(x), linear(x, values[0].second, values[1].second) * 0.5));
  REQUIRE(max(abs(closed(x))).item() == 0);
}

TEST_CASE("inputs that do not fit the skeleton layer", "[layers][skeleton]") {
  REQUIRE_THROWS_AS(GatedLinear(3, 2)(ones({4, 5})), ShapeError);
  REQUIRE_THROWS_AS(GatedLinear(0, 2), ValueError);
}
