// SNAIL keeps the contract, step by step too, and its section's invariants: no look ahead, widths, receptive field.
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/snail/network.h>
#include <tests/layers/contract.h>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

Tensor random_sequence(const Shape& shape, DType dtype = f64) {
  Generator generator(3);
  return uniform(shape, -1, 1, generator, dtype);
}

const SnailOptions kSmall{.input_size = 3,
                          .embed_dim = 4,
                          .output_size = 2,
                          .steps = 5,
                          .blocks = {{.filters = 2}, {.key_size = 3, .value_size = 2}, {.filters = 3}}};

Tensor by_steps(const Snail& snail, const Tensor& x) {
  Snail::State state = snail.initial_state();
  List outputs;
  for (int64_t t = 0; t < x.size(1); ++t) {
    auto y = snail.step(select(x, 1, t), std::move(state));
    outputs.push_back(y.output);
    state = std::move(y.state);
  }
  return stack(outputs, 1);
}

// Steps of y that change when x does at step t.
std::vector<int64_t> reached_from(const std::function<Tensor(const Tensor&)>& layer, const Tensor& x, int64_t t) {
  Tensor other = clone(x);
  select(other, 1, t).fill_(5);
  const Tensor y = layer(x), changed = layer(other);
  std::vector<int64_t> found;
  for (int64_t s = 0; s < x.size(1); ++s)
    if (!equal(clone(select(y, 1, s)), clone(select(changed, 1, s)))) found.push_back(s);
  return found;
}

}  // namespace

TEST_CASE("SNAIL keeps the contract, whole and step by step", "[layers][contract][snail]") {
  const auto make = [](Generator& g) { return Snail(kSmall, g); };
  require_contract(Contract<Snail>{
      make, [](const Snail& m, const List& in) { return List{m(in[0])}; }, {random_sequence({2, 5, 3})}, {}});
  require_contract(Contract<Snail>{
      make, [](const Snail& m, const List& in) { return List{by_steps(m, in[0])}; }, {random_sequence({2, 5, 3})}, {}});
}

TEST_CASE("SNAIL step by step is SNAIL whole", "[layers][snail]") {
  Generator generator(1);
  Snail snail({.input_size = 3,
               .output_size = 2,
               .steps = 11,
               .blocks = {{.key_size = 4, .value_size = 3}, {.filters = 5}, {.filters = 2}}},
              generator);
  to(snail, f64);
  const Tensor x = random_sequence({3, 11, 3});
  REQUIRE(allclose(by_steps(snail, x), snail(x), 1e-12, 1e-12));
}

TEST_CASE("a branch of SNAIL is the step that comes after the others, alone", "[layers][snail]") {
  Generator generator(1);
  Snail snail(
      {.input_size = 3,
       .embed_dim = 4,
       .output_size = 2,
       .steps = 9,
       .blocks = {{.filters = 2}, {.key_size = 3, .value_size = 2}, {.filters = 3}, {.key_size = 2, .value_size = 4}}},
      generator);
  to(snail, f64);
  const Tensor x = random_sequence({2, 9, 3});
  for (const int64_t branches : {1, 2, 4, 8, 9}) {
    INFO(branches << " branches");
    const Tensor y = snail(x, branches), before = slice(x, 1, 0, 9 - branches);
    REQUIRE(allclose(slice(y, 1, 0, 9 - branches), slice(snail(x), 1, 0, 9 - branches), 1e-12, 1e-12));
    for (int64_t t = 9 - branches; t < 9; ++t) {
      const Tensor alone = snail(cat({before, slice(x, 1, t, t + 1)}, 1));
      REQUIRE(allclose(select(y, 1, t), select(alone, 1, -1), 1e-12, 1e-12));
    }
  }
  REQUIRE_THROWS_AS(snail(x, 0), ValueError);
  REQUIRE_THROWS_AS(snail(x, 10), ValueError);
}

TEST_CASE("a step of SNAIL sees no later one", "[layers][snail]") {
  Generator generator(1);
  const Snail snail(kSmall, generator);
  const Tensor x = random_sequence({2, 5, 3}, f32);
  for (int64_t t = 0; t < 5; ++t) {
    std::vector<int64_t> from_t;
    for (int64_t s = t; s < 5; ++s) from_t.push_back(s);
    REQUIRE(reached_from([&](const Tensor& in) { return snail(in); }, x, t) == from_t);
  }
}

TEST_CASE("a TCBlock of T steps is C + D ⌈log₂ T⌉ wide and sees the step T - 1 before", "[layers][snail]") {
  Generator generator(1);
  for (const auto& [steps, layers] : std::vector<std::pair<int64_t, int64_t>>{{1, 0}, {2, 1}, {5, 3}, {8, 3}, {9, 4}}) {
    const TCBlock block(3, steps, 4, generator);
    REQUIRE(block.output_size() == 3 + 4 * layers);
    const Tensor x = random_sequence({1, 20, 3}, f32);
    REQUIRE(block(x).shape() == Shape{1, 20, block.output_size()});
    const auto reached = reached_from([&](const Tensor& in) { return block(in); }, x, 0);
    REQUIRE(reached.size() == size_t{1} << layers);  // without a gap, as far as the next power of two
    REQUIRE(reached.back() == (int64_t{1} << layers) - 1);
  }
}

TEST_CASE("an AttentionBlock reports weights over what is not later, of sum 1", "[layers][snail]") {
  Generator generator(1);
  const AttentionBlock block(3, 4, 2, generator);
  const WeightCollector collected;
  REQUIRE(block(random_sequence({2, 6, 3}, f32)).shape() == Shape{2, 6, 5});
  const Tensor A = collected.over_time("");
  REQUIRE(A.shape() == Shape{2, 6, 6});
  REQUIRE(allclose(sum(A, -1), ones({2, 6}), 1e-6, 1e-6));
  for (int64_t t = 0; t < 5; ++t) REQUIRE(max(slice(select(A, 1, t), 1, t + 1)).item() == 0);
}

TEST_CASE("SNAIL refuses what does not fit", "[layers][snail][errors]") {
  const auto with = [](std::vector<SnailOptions::Block> blocks) {
    return SnailOptions{.input_size = 3, .output_size = 2, .steps = 4, .blocks = std::move(blocks)};
  };
  REQUIRE_THROWS_WITH(Snail(with({{}})), contains("filters, or key_size and value_size"));
  REQUIRE_THROWS_AS(Snail(with({{.filters = 2, .key_size = 1, .value_size = 1}})), ValueError);
  REQUIRE_THROWS_AS(Snail(with({{.key_size = 1}})), ValueError);
  REQUIRE_THROWS_AS(Snail({.input_size = 3, .output_size = 2, .steps = 0, .blocks = {{.filters = 1}}}), ValueError);
  const Snail snail(with({{.filters = 2}}));
  REQUIRE_THROWS_WITH(snail(ones({2, 4, 5})), contains("Snail"));
  REQUIRE_THROWS_AS(snail.step(ones({2, 4, 3}), snail.initial_state()), ShapeError);
}
