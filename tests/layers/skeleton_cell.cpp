// The test of the skeleton cell: what must hold of it alone; the list's tests find it beside all others.
#include <tests/layers/contract.h>
#include <tests/layers/skeleton_cell.h>

using namespace fovea;
using namespace fovea::test;
using skeleton::JanetCell;

TEST_CASE("the skeleton cell keeps the contract", "[layers][contract][skeleton]") {
  Generator generator(3);
  const Contract<JanetCell> contract{
      .make = [](Generator& g) { return JanetCell({.input_size = 3, .hidden_size = 2}, g); },
      .call =
          [](const JanetCell& cell, const std::vector<Tensor>& in) {
            return std::vector{cell(in[0], {in[1], {}}).output};
          },
      .inputs = {uniform({4, 3}, -1, 1, generator, f64), uniform({4, 2}, -1, 1, generator, f64)},
      .masked_inputs = {}};
  require_contract(contract);
}

TEST_CASE("an open forget gate keeps the state as it is", "[layers][skeleton]") {
  Generator generator(4);
  JanetCell cell({.input_size = 3, .hidden_size = 2}, generator);
  slice(cell.bias_ih, 0, 0, 2).detach().fill_(200);
  const Tensor before = tensor({0.5f, -2.f}, {1, 2});
  REQUIRE(allclose(cell(ones({1, 3}), {before, {}}).output, before, 1e-6, 1e-7));  // c + (h - c) rounds
}
