// Learned masks keep the contract and their section's invariants: a mask of 1 is the identity, one of 0 passes neither
// features nor gradient, hard masks are drawn as their probabilities say and learn from rewards.
#include <fovea/autograd/score_function.h>
#include <fovea/layers/vision/mask.h>
#include <tests/layers/contract.h>

#include <cmath>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

constexpr MaskKind all_kinds[] = {MaskKind::soft, MaskKind::selective, MaskKind::hard};

Tensor random(const Shape& shape, uint64_t seed = 3) {
  Generator generator(seed);
  return uniform(shape, -1, 1, generator, f64);
}

// A mask whose scores are `bias`, whatever x is.
LearnedMask constant(MaskKind kind, const std::vector<double>& bias) {
  Generator generator(1);
  LearnedMask layer(2, static_cast<int64_t>(bias.size()), kind, generator);
  to(layer, f64);
  for (const auto& [name, parameter] : named_parameters(layer)) {
    Tensor value = parameter.detach();
    if (name == "score.bias")
      value.copy_(from(bias, {static_cast<int64_t>(bias.size())}));
    else
      value.fill_(0);
  }
  return layer;
}

}  // namespace

TEST_CASE("learned masks keep the contract", "[layers][contract][mask]") {
  for (const MaskKind kind : all_kinds)
    require_contract(Contract<LearnedMask>{[&](Generator& g) { return LearnedMask(3, 4, kind, g); },
                                           [](const LearnedMask& m, const List& in) {
                                             const Masked y = m(in[0], in[1]);
                                             List all{y.output};
                                             if (y.entropy.defined())
                                               all.insert(all.end(), {y.log_probability, y.entropy});
                                             return all;
                                           },
                                           {random({2, 5, 3}), random({2, 5, 4}, 4)},
                                           {}});
}

TEST_CASE("a mask of 1 is the identity, of 0 passes nothing", "[layers][mask]") {
  for (const MaskKind kind : all_kinds) {
    const bool selective = kind == MaskKind::selective;
    const LearnedMask layer = constant(kind, {2000, -2000, -2000});
    const Tensor x = random({4, 2}), z = random({4, 3}, 5).requires_grad_(), c = random({4, 3}, 6);
    Generator generator(2);
    const Masked y = layer(x, z, generator);
    const Tensor expected = expand(tensor({1.0, 0.0, 0.0}), {4, 3});
    CAPTURE(static_cast<int>(kind));
    REQUIRE(equal(y.mask.detach(), contiguous(expected)));
    CHECK(equal(contiguous(select(y.output.detach(), 1, 0)), contiguous(select(z.detach(), 1, 0))));
    CHECK(all(eq(slice(y.output, 1, 1), 0.0)));
    const Tensor gradient = grad(sum(c * y.output), {z})[0];
    CHECK(all(eq(gradient, expected * c)));
    const LearnedMask open = constant(kind, selective ? std::vector<double>{7} : std::vector<double>{2000, 2000, 2000});
    const Tensor features = selective ? slice(z.detach(), 1, 0, 1) : z.detach();
    CHECK(equal(open(x, features, generator).output.detach(), contiguous(features)));
  }
}

TEST_CASE("the gradient to a mask is the features times the output's", "[layers][mask]") {
  const Tensor x = random({4, 2}), z = random({4, 3}, 5), c = random({4, 3}, 6);
  for (const MaskKind kind : {MaskKind::soft, MaskKind::selective}) {
    const LearnedMask layer = constant(kind, {0.3, -0.2, -2000});
    const Masked y = layer(x, z);
    CHECK(equal(grad(sum(c * y.output), {y.mask})[0], z * c));
    if (kind == MaskKind::selective) CHECK(all(lt(abs(sum(y.mask, -1) - 1.0), 1e-12)));
  }
}

TEST_CASE("a hard mask is drawn as often as its probabilities say, and is the likelier one in eval mode",
          "[layers][mask]") {
  LearnedMask layer = constant(MaskKind::hard, {-1, 0.5, 2});
  const Tensor x = random({4000, 2}), z = ones({4000, 3}, f64);
  Generator generator(2);
  const Masked y = layer(x, z, generator);
  const Tensor probability = sigmoid(tensor({-1.0, 0.5, 2.0}));
  CHECK(all(logical_or(eq(y.mask, 0.0), eq(y.mask, 1.0))));
  CHECK(all(lt(abs(mean(y.mask, 0) - probability), 4 * std::sqrt(0.25 / 4000))));
  REQUIRE(y.log_probability.shape() == Shape{4000});
  const Tensor expected = sum(log(where(gt(y.mask, 0.0), probability, 1.0 - probability)), -1);
  CHECK(all(lt(abs(y.log_probability - expected), 1e-12)));
  CHECK(all(lt(abs(y.entropy + mean(y.log_probability)), 0.1)));  // the mean of -log p is the entropy
  Generator again(2);
  CHECK(equal(layer(x, z, again).mask, y.mask));
  layer.eval();
  CHECK(all(eq(layer(x, z, generator).mask, expand(tensor({0.0, 1.0, 1.0}), {4000, 3}))));
}

TEST_CASE("a hard mask learns from rewards which features to pass", "[layers][mask]") {
  // The reward is the sum of what passes: 1 and -1. E[R] = p0 - p1 has the gradient p0 (1 - p0), -p1 (1 - p1).
  const LearnedMask layer = constant(MaskKind::hard, {0.4, -0.3});
  const Tensor z = expand(tensor({1.0, -1.0}), {20000, 2});
  Generator generator(2);
  const Masked y = layer(zeros({20000, 2}, f64), z, generator);
  const Tensor bias = named_parameters(layer).back().second;
  const Tensor estimate = -grad(surrogate_loss(y.log_probability, sum(y.output, -1)), {bias})[0];
  const Tensor p = sigmoid(tensor({0.4, -0.3}));
  CHECK(all(lt(abs(estimate - p * (1.0 - p) * tensor({1.0, -1.0})), 0.02)));
}

TEST_CASE("masks of shapes that do not fit are refused", "[layers][mask]") {
  const LearnedMask layer(3, 4);
  CHECK_THROWS_AS(layer(zeros({2, 2}), zeros({2, 4})), ShapeError);
  CHECK_THROWS_WITH(layer(zeros({2, 3}), zeros({2, 3})),
                    contains("LearnedMask: z is f32[2, 3] and the mask f32[2, 4]"));
  CHECK_THROWS_AS(layer(zeros({2, 3}), zeros({1, 4})), ShapeError);
  CHECK_THROWS_AS(LearnedMask(0, 4), ValueError);
}
