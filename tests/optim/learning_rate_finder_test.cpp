// The learning-rate test: what it suggests trains, and it leaves no trace.
#include <fovea/autograd/operators.h>
#include <fovea/core/array.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/loss.h>
#include <fovea/optim/adam.h>
#include <fovea/optim/learning_rate_finder.h>
#include <fovea/optim/sgd.h>
#include <tests/catch.h>
#include <tests/optim/golden_values.h>

#include <cmath>

using namespace fovea;
using namespace fovea::test;

namespace {

struct Fit {
  Generator generator{5};
  Linear model{4, 1, true, generator};
  Tensor slope = tensor({1.0f, -2.0f, 0.5f, 3.0f});
  Tensor loss() {
    const Tensor x = normal({16, 4}, 0, 1, generator);
    return mse_loss(model(x), matmul(x, reshape(slope, {4, 1})));
  }
};

std::vector<Tensor> copies(const NamedTensors& named) {
  std::vector<Tensor> all;
  for (const auto& each : named) all.push_back(array::clone(each.second));
  return all;
}

}  // namespace

TEST_CASE("the suggested rate learns, and a hundredth of it does not in the same time", "[optim]") {
  const auto end_at = [](double share) {
    Fit fit;
    SGD sgd(parameters(fit.model), {.lr = 1});
    sgd.set_lr(share * find_learning_rate(fit.model, sgd, [&] { return fit.loss(); }).suggested);
    double value = 0;
    for (int i = 0; i < 100; ++i) {
      sgd.zero_grad();
      const Tensor loss = fit.loss();
      value = loss.item();
      loss.backward();
      sgd.step();
    }
    return value;
  };
  CHECK(end_at(1) < 0.01);
  CHECK(end_at(0.01) > 1);
}

TEST_CASE("the rate test leaves weights, optimiser and gradients as they were", "[optim]") {
  Fit fit;
  Adam adam({{parameters(fit.model), {.lr = 0.02, .weight_decay = 0.1}}});
  for (int i = 0; i < 3; ++i) {
    adam.zero_grad();
    fit.loss().backward();
    adam.step();
  }
  const auto weights = copies(state(fit.model)), memory = copies(adam.saved_state().tensors);
  const Metadata options = adam.saved_state().metadata;
  const RateTest test = find_learning_rate(fit.model, adam, [&] { return fit.loss(); }, {.steps = 40});
  const auto same = [](const std::vector<Tensor>& a, const NamedTensors& b) {
    REQUIRE(a.size() == b.size());
    for (size_t i = 0; i < a.size(); ++i) CHECK(equal(a[i], b[i].second));
  };
  same(weights, state(fit.model));
  same(memory, adam.saved_state().tensors);
  CHECK(adam.saved_state().metadata == options);
  CHECK(adam.lr() == 0.02);
  for (const Tensor& p : parameters(fit.model)) CHECK_FALSE(p.grad().defined());
  REQUIRE(test.trials.size() > 2);
  CHECK(test.trials[0].rate == 1e-6);
  CHECK(test.trials[1].rate / test.trials[0].rate == Approx(std::pow(1e6, 1.0 / 39)));
  for (const auto& trial : test.trials)
    if (trial.rate == Approx(10 * test.suggested))
      for (const auto& other : test.trials) CHECK(trial.smoothed <= other.smoothed);
}

TEST_CASE("the rate test ends where the loss leaves, and refuses what cannot be tested", "[optim]") {
  Fit fit;
  SGD sgd(parameters(fit.model), {.lr = 1});
  const auto loss = [&] { return fit.loss(); };
  const RateTest test = find_learning_rate(fit.model, sgd, loss, {.low = 1e-3, .high = 1e6, .steps = 60});
  CHECK(test.trials.size() < 60);
  CHECK_THROWS_WITH(find_learning_rate(fit.model, sgd, loss, {.low = 0}), contains("low"));
  CHECK_THROWS_WITH(find_learning_rate(fit.model, sgd, loss, {.low = 1, .high = 0.5}), contains("high"));
  CHECK_THROWS_WITH(find_learning_rate(fit.model, sgd, loss, {.steps = 2}), contains("steps"));
  CHECK_THROWS_WITH(find_learning_rate(fit.model, sgd, [&] { return fit.loss() * 0.0 + 1.0; }),
                    contains("fell at no rate"));
  CHECK_THROWS_WITH(find_learning_rate(fit.model, sgd, [&] { return fit.loss() / 0.0; }), contains("not finite"));
  CHECK(sgd.lr() == 1);
}
