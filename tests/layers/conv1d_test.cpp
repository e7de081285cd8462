// Conv1d keeps the contract, refuses what does not fit, and is what it must be whatever its weights are.
#include <fovea/layers/conv1d.h>
#include <fovea/layers/linear.h>
#include <tests/layers/contract.h>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

Tensor random_sequence(const Shape& shape, DType dtype = f64) {
  Generator generator(3);
  return uniform(shape, -1, 1, generator, dtype);
}

Contract<Conv1d> contract_of(const Conv1dLayerOptions& options, const Shape& shape) {
  return {[=](Generator& g) { return Conv1d(options, g); },
          [](const Conv1d& module, const List& in) { return List{module(in[0])}; },
          {random_sequence(shape)},
          {}};
}

}  // namespace

TEST_CASE("Conv1d keeps the contract", "[layers][contract][conv1d]") {
  require_contract(contract_of({.in_channels = 2, .out_channels = 3, .kernel = 3}, {2, 2, 6}));
  require_contract(contract_of({.in_channels = 4,
                                .out_channels = 2,
                                .kernel = 2,
                                .stride = 2,
                                .padding = 1,
                                .dilation = 3,
                                .groups = 2,
                                .bias = false},
                               {3, 4, 7}));
  require_contract(
      contract_of({.in_channels = 2, .out_channels = 3, .kernel = 2, .dilation = 2, .causal = true}, {2, 2, 5}));
}

TEST_CASE("a causal Conv1d answers at every step and never looks ahead", "[layers][conv1d]") {
  Generator generator(1);
  const Conv1d conv({.in_channels = 3, .out_channels = 4, .kernel = 3, .dilation = 2, .causal = true}, generator);
  const Tensor x = random_sequence({2, 3, 9}, f32), y = conv(x);
  REQUIRE(y.shape() == Shape{2, 4, 9});
  for (const int64_t t : {0, 4, 8}) {
    Tensor other = clone(x);
    select(other, 2, t).fill_(7);
    const Tensor changed = conv(other);
    REQUIRE(equal(clone(slice(changed, 2, 0, t)), clone(slice(y, 2, 0, t))));
    for (int64_t s = t; s < 9; ++s)
      REQUIRE(equal(clone(select(changed, 2, s)), clone(select(y, 2, s))) == (s != t && s != t + 2 && s != t + 4));
  }
}

TEST_CASE("Conv1d with a kernel of one tap is Linear over the channels", "[layers][conv1d]") {
  Generator generator(1);
  Conv1d conv({.in_channels = 4, .out_channels = 3, .kernel = 1}, generator);
  to(conv, f64);
  const Tensor x = random_sequence({2, 4, 5});
  const Tensor y = linear(transpose(x, 1, 2), reshape(conv.weight, {3, 4}), conv.bias);
  REQUIRE(allclose(conv(x), transpose(y, 1, 2), 1e-13, 1e-13));
}

TEST_CASE("Conv1d refuses what does not fit", "[layers][conv1d][errors]") {
  const Conv1dLayerOptions good{.in_channels = 4, .out_channels = 2, .kernel = 3};
  const auto with = [&](auto change) {
    Conv1dLayerOptions options = good;
    change(options);
    return options;
  };
  REQUIRE_NOTHROW(Conv1d(good));
  REQUIRE_THROWS_AS(Conv1d(with([](auto& o) { o.in_channels = 0; })), ValueError);
  REQUIRE_THROWS_AS(Conv1d(with([](auto& o) { o.kernel = 0; })), ValueError);
  REQUIRE_THROWS_AS(Conv1d(with([](auto& o) { o.stride = 0; })), ValueError);
  REQUIRE_THROWS_AS(Conv1d(with([](auto& o) { o.dilation = 0; })), ValueError);
  REQUIRE_THROWS_AS(Conv1d(with([](auto& o) { o.padding = -1; })), ValueError);
  REQUIRE_THROWS_WITH(Conv1d(with([](auto& o) { o.groups = 4; })), contains("4 groups of 4 and 2 channels"));
  REQUIRE_THROWS_WITH(Conv1d(with([](auto& o) { o.causal = true, o.stride = 2; })), contains("causal"));
  REQUIRE_THROWS_AS(Conv1d(good)(ones({1, 3, 5})), ShapeError);
  REQUIRE_THROWS_AS(Conv1d(good)(ones({1, 4, 2})), ShapeError);
}
