// Glimpses and the recurrent attention model: what the sensor sees where, the contract, and the invariants of the
// section.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/pool.h>
#include <fovea/core/array.h>
#include <fovea/layers/vision/ram.h>
#include <tests/layers/contract.h>

#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

Tensor random(const Shape& shape, uint64_t seed, DType dtype = f64) {
  Generator generator(seed);
  return uniform(shape, -1, 1, generator, dtype);
}

// Pixel (i, j) of an image is 100 i + j + 1.
Tensor numbered(int64_t rows, int64_t columns) {
  return reshape(unsqueeze(arange(0, rows, 1, f64), 1) * 100.0 + arange(0, columns, 1, f64) + 1.0,
                 {1, 1, rows, columns});
}
Tensor at(double column, double row) { return tensor({column, row}, {1, 2}); }
Tensor first_scale(const Tensor& seen) { return select(select(select(seen, 0, 0), 0, 0), 0, 0); }

const RamOptions kSmall{.glimpse = {.size = 3, .scales = 2, .channels = 2, .hidden_size = 5, .output_size = 6},
                        .hidden_size = 4,
                        .classes = 3,
                        .glimpses = 3,
                        .deviation = 0.2};
RamOptions small(const std::string& core, bool random_locations = false) {
  RamOptions o = kSmall;
  o.core = core, o.random_locations = random_locations;
  return o;
}

Tensor gradient_of(const Tensor& loss, const Tensor& x) {
  const Tensor found = grad({loss}, {x}, {.retain_graph = true, .allow_unused = true})[0];
  return found.defined() ? found : zeros_like(x);
}

}  // namespace

TEST_CASE("a glimpse at the middle is the middle of the image, whether sides are odd or even", "[layers][ram]") {
  for (const auto& [side, size] : std::vector<std::pair<int64_t, int64_t>>{{8, 4}, {7, 3}, {28, 8}, {5, 5}}) {
    const Tensor x = numbered(side, side), seen = glimpse(x, at(0, 0), size, 1);
    const int64_t from = (side - size) / 2, to = from + size;
    REQUIRE(
        equal(first_scale(seen), contiguous(slice(slice(select(select(x, 0, 0), 0, 0), 0, from, to), 1, from, to))));
  }
}

TEST_CASE("places are (column, row) from edge to edge, and 0 lies beside the image", "[layers][ram]") {
  const Tensor x = numbered(6, 8);
  // The corners of the image stand in the middle of these glimpses.
  REQUIRE(equal(first_scale(glimpse(x, at(-1, -1), 2, 1)), tensor({0.0, 0.0, 0.0, 1.0}, {2, 2})));
  REQUIRE(equal(first_scale(glimpse(x, at(1, -1), 2, 1)), tensor({0.0, 0.0, 8.0, 0.0}, {2, 2})));
  REQUIRE(equal(first_scale(glimpse(x, at(-1, 1), 2, 1)), tensor({0.0, 501.0, 0.0, 0.0}, {2, 2})));
  REQUIRE(equal(first_scale(glimpse(x, at(0.25, 1.0 / 3), 2, 1)), tensor({305.0, 306.0, 405.0, 406.0}, {2, 2})));
  for (const double far : {-9.0, 1e300}) REQUIRE(equal(glimpse(x, at(far, 0), 2, 3), zeros({1, 3, 1, 2, 2}, f64)));
}

TEST_CASE("each scale is twice as wide as the one before, in means of pixels", "[layers][ram]") {
  const Tensor x = numbered(8, 8), seen = glimpse(x, at(0, 0), 2, 3);
  REQUIRE(seen.shape() == Shape{1, 3, 1, 2, 2});
  for (int64_t s = 0; s < 3; ++s) {
    const int64_t width = 2 << s;
    const Tensor patch = slice(slice(x, 2, 4 - width / 2, 4 + width / 2), 3, 4 - width / 2, 4 + width / 2);
    REQUIRE(allclose(select(seen, 1, s), avg_pool2d(patch, int64_t{1} << s), 1e-12, 1e-12));
  }
}

TEST_CASE("glimpses refuse what does not fit, and see nothing of no images", "[layers][ram][errors]") {
  const Tensor x = ones({2, 1, 6, 8});
  REQUIRE_THROWS_WITH(glimpse(x, zeros({2, 2}), 7, 1),
                      contains("glimpse: the image is f32[2, 1, 6, 8]") && contains("at least 7"));
  REQUIRE_THROWS_AS(glimpse(x, zeros({2, 3}), 2, 1), ShapeError);
  REQUIRE_THROWS_AS(glimpse(x, zeros({1, 2}), 2, 1), ShapeError);
  REQUIRE_THROWS_AS(glimpse(select(x, 1, 0), zeros({2, 2}), 2, 1), ShapeError);
  REQUIRE_THROWS_AS(glimpse(Tensor(), zeros({2, 2}), 2, 1), ShapeError);
  REQUIRE_THROWS_AS(glimpse(x, zeros({2, 2}), 0, 1), ValueError);
  REQUIRE_THROWS_AS(glimpse(x, zeros({2, 2}), 2, 0), ValueError);
  REQUIRE_THROWS_AS(glimpse(x, zeros({2, 2}), 2, 21), ValueError);
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Tensor l = zeros({2, 2});
    l.set({1, 0}, bad);
    REQUIRE_THROWS_WITH(glimpse(x, l, 2, 1), contains("glimpse: a place is NaN or infinite"));
  }
  REQUIRE(glimpse(ones({0, 1, 4, 4}), zeros({0, 2}), 2, 2).shape() == Shape{0, 2, 1, 2, 2});
}

TEST_CASE("RAM keeps the contract, along given places", "[layers][contract][ram]") {
  const Tensor drawn = random({2, 3, 2}, 5);
  const auto contract = [&](const RamOptions& o, bool with_baseline) {
    return Contract<RecurrentAttentionModel>{[=](Generator& g) { return RecurrentAttentionModel(o, g); },
                                             [=](const RecurrentAttentionModel& m, const List& in) {
                                               const RamOutput y = m.along(in[0], drawn);
                                               if (!y.baseline.defined()) return List{y.logits};
                                               List found{y.logits, y.log_probability};
                                               if (with_baseline) found.push_back(y.baseline);
                                               return found;
                                             },
                                             {random({2, 2, 7, 6}, 3)},
                                             {}};
  };
  for (const char* core : {"rnn", "lstm"}) {
    require_contract(contract(small(core, true), true));
    // Differences see what the baseline knows of the core, which its gradient must not: each is checked without the
    // other.
    for (const std::string& fault : contract_faults(contract(small(core), true)))
      REQUIRE(fault.starts_with("gradient along a direction"));
    const std::string end = " is listed but not reached from the outputs";
    REQUIRE(contract_faults(contract(small(core), false)) ==
            std::vector<std::string>{"baseline.weight" + end, "baseline.bias" + end});
  }
}

TEST_CASE("RAM step by step is RAM whole, and along its own places the same again", "[layers][ram]") {
  Generator initial(1);
  const RecurrentAttentionModel ram(kSmall, initial);
  const Tensor x = random({2, 2, 7, 6}, 3, f32);
  Generator one(9), other(9);
  const RamOutput whole = ram(x, one);
  RamState state = ram.initial_state(2, other);
  for (int64_t t = 0; t < 3; ++t) {
    REQUIRE(equal(state.location, contiguous(select(whole.locations, 1, t))));
    state = ram.step(x, state, other).state;
  }
  REQUIRE(named_tensors(state).size() == 2);
  REQUIRE(whole.locations.shape() == Shape{2, 3, 2});
  REQUIRE(max(abs(whole.locations)).item() <= 1);
  REQUIRE(allclose(ram.along(x, whole.locations).logits, whole.logits, 1e-6, 1e-6));
}

TEST_CASE("without deviation only the first place is drawn", "[layers][ram]") {
  RamOptions o = kSmall;
  o.deviation = 1e-9;
  Generator initial(1), one(5), other(6);
  const RecurrentAttentionModel ram(o, initial);
  const Tensor x = random({2, 2, 7, 6}, 3, f32);
  RamState a = ram.initial_state(2, one), b = ram.initial_state(2, other);
  REQUIRE(!equal(a.location, b.location));
  b.location = a.location;
  for (int64_t t = 0; t < 3; ++t) {
    const auto next = ram.step(x, a, one), same = ram.step(x, b, other);
    REQUIRE(allclose(next.output, same.output, 1e-6, 1e-6));
    a = next.state, b = same.state;
  }
}

TEST_CASE("the cross-entropy does not reach where RAM looks, the reward does, and goes on into the core",
          "[layers][ram]") {
  Generator initial(1), generator(2);
  const RecurrentAttentionModel ram(kSmall, initial);
  const Tensor x = random({4, 2, 7, 6}, 3, f32), classes = tensor<int64_t>({0, 1, 2, 0});
  const RamOutput y = ram(x, generator);
  const auto zero = [](const Tensor& g) { return !any(ne(g, 0.0)); };
  for (const auto& [name, parameter] : named_parameters(ram)) {
    INFO(name);
    const bool where = name.starts_with("location"), expected = name.starts_with("baseline");
    REQUIRE(zero(gradient_of(cross_entropy(y.logits, classes), parameter)) == (where || expected));
    REQUIRE(zero(gradient_of(sum(y.log_probability), parameter)) == (expected || name.starts_with("action")));
    REQUIRE(zero(gradient_of(baseline_loss(y.baseline, ones({4, 2})), parameter)) == !expected);
  }
  RamOptions stopped = kSmall;
  stopped.choice_trains_core = false;
  const RecurrentAttentionModel alone(stopped, initial);
  const RamOutput z = alone(x, generator);
  for (const auto& [name, parameter] : named_parameters(alone)) {
    INFO(name);
    REQUIRE(zero(gradient_of(sum(z.log_probability), parameter)) == !name.starts_with("location"));
  }
}

TEST_CASE("RAM's loss is that of its formula", "[layers][ram]") {
  const RamOutput y{.logits = tensor({2.0, 0.0, 0.0, 1.0}, {2, 2}),
                    .locations = {},
                    .log_probability = tensor({-1.0, -2.0, -0.5, 1.0}, {2, 2}),
                    .baseline = tensor({0.5, 0.25, 0.75, 1.0}, {2, 2})};
  // The first is right, the second wrong: R - b is 0.5, 0.75 and -0.75, -1.
  const double error = (std::log1p(std::exp(-2.0)) + std::log1p(std::exp(1.0))) / 2,
               expected = (0.25 + 0.5625 + 0.5625 + 1) / 4, choice = ((-0.5 - 1.5) + (0.375 - 1)) / 2;
  REQUIRE(ram_loss(y, tensor<int64_t>({0, 0}), 0.3).item() == Approx(error + expected - 0.3 * choice));
}

TEST_CASE("random places are drawn all over the image, and nothing is learned of them", "[layers][ram]") {
  Generator initial(1), generator(2);
  const RecurrentAttentionModel ram(small("rnn", true), initial);
  const RamOutput y = ram(random({200, 2, 7, 6}, 3, f32), generator);
  REQUIRE_FALSE(y.log_probability.defined());
  REQUIRE_FALSE(y.baseline.defined());
  for (const int64_t t : {0, 2}) REQUIRE(std::abs(var(select(y.locations, 1, t)).item() - 1.0 / 3) < 0.05);
  REQUIRE(equal(ram_loss(y, zeros({200}, i64)), cross_entropy(y.logits, zeros({200}, i64))));
}

TEST_CASE("RAM with a single glimpse chooses nothing; it refuses what does not fit", "[layers][ram][errors]") {
  Generator generator(1);
  RamOptions one = kSmall;
  one.glimpses = 1;
  const RecurrentAttentionModel ram(one, generator);
  const RamOutput y = ram(ones({2, 2, 7, 6}), generator);
  REQUIRE_FALSE(y.baseline.defined());
  REQUIRE(y.locations.shape() == Shape{2, 1, 2});
  REQUIRE(ram(ones({0, 2, 7, 6}), generator).logits.shape() == Shape{0, 3});
  REQUIRE_THROWS_AS(ram_loss(ram(ones({0, 2, 7, 6}), generator), zeros({0}, i64)), ValueError);
  REQUIRE_THROWS_AS(ram(ones({2, 2, 2, 6}), generator), ShapeError);
  REQUIRE_THROWS_AS(ram(ones({2, 1, 7, 6}), generator), ShapeError);
  REQUIRE_THROWS_WITH(ram.along(ones({2, 2, 7, 6}), zeros({2, 3, 2})),
                      contains("RecurrentAttentionModel") && contains("[B, 1, 2]"));
  one.deviation = 0;
  REQUIRE_THROWS_AS(RecurrentAttentionModel(one, generator), ValueError);
  one.deviation = 1, one.glimpses = 0;
  REQUIRE_THROWS_AS(RecurrentAttentionModel(one, generator), ValueError);
  REQUIRE_THROWS_AS(RecurrentAttentionModel(small("nothing"), generator), ValueError);
}
