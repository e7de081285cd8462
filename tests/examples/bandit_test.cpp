// Bandits: the arms, the players that need no learning, and the estimator's pieces.
#include <tests/catch.h>

#include "examples/bandit/players.h"
#include "examples/bandit/policy.h"

using namespace fovea;
using namespace fovea::examples;

TEST_CASE("a player sees what it pulled and what that paid, and before the first pull nothing", "[bandit]") {
  Generator generator(1);
  const Tensor p = tensor({1.f, 0.f, 0.f, 1.f}).reshape({2, 2});
  const Episodes one = play(p, 3, generator, [](int64_t t, const Tensor&) { return full({2}, t % 2, i64); });
  REQUIRE(one.x.shape() == Shape{2, 3, 4});
  REQUIRE(equal(one.reward, tensor({1.f, 0.f, 1.f, 0.f, 1.f, 0.f}).reshape({2, 3})));
  REQUIRE(sum(abs(select(one.x, 1, 0))).item() == 0);
  REQUIRE(equal(clone(select(one.x, 1, 1)), tensor({1.f, 0.f, 1.f, 1.f, 1.f, 0.f, 0.f, 1.f}).reshape({2, 4})));
  REQUIRE(mean_reward(one) == Approx(1.5));
}

TEST_CASE("Gittins index: the posterior mean at the last pull, 5/9 of an unknown arm with two left", "[bandit]") {
  const GittinsIndex index(12);
  REQUIRE(index(0, 0, 1) == Approx(0.5).margin(1e-3));
  REQUIRE(index(3, 1, 1) == Approx(4.0 / 6).margin(1e-3));
  REQUIRE(index(0, 0, 2) == Approx(5.0 / 9).margin(1e-3));
  for (int64_t n = 2; n <= 10; ++n) REQUIRE(index(1, 1, n) > index(1, 1, n - 1));  // what can be learned is worth more
  REQUIRE(index(2, 0, 5) > index(1, 1, 5));
  REQUIRE_THROWS_AS(GittinsIndex(GittinsIndex::most_pulls + 1), ValueError);
}

TEST_CASE("players are as good as they are known to be", "[bandit]") {
  Generator generator(2);
  const PlayerRewards found = rewards_of_players(draw_arms(4000, 5, generator), 10, generator);
  REQUIRE(found.random == Approx(5.0).margin(0.1));
  REQUIRE(found.thompson == Approx(5.86).margin(0.1));
  REQUIRE(found.greedy == Approx(6.56).margin(0.1));
  REQUIRE(found.gittins == Approx(6.6).margin(0.1));
}

TEST_CASE("the loss of actor and critic raises what paid more than was expected", "[bandit]") {
  const Tensor outputs = zeros({1, 2, 3}).requires_grad_();
  const Tensor pulled = tensor({0.f, 1.f}).to(i64).reshape({1, 2}), reward = tensor({1.f, 0.f}).reshape({1, 2});
  actor_critic_loss(outputs, pulled, reward, {.lambda = 0, .entropy_weight = 0}).backward();
  REQUIRE(outputs.grad().at({0, 0, 0}) < 0);  // gradient descent raises the logit of arm 0
  REQUIRE(outputs.grad().at({0, 1, 1}) > 0);
  REQUIRE(outputs.grad().at({0, 0, 2}) < 0);  // and the value of the first step
}
