// The score-function estimator: unbiased by enumeration and by sampling, and how much each baseline lowers the
// variance.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/distributions.h>
#include <fovea/autograd/gradcheck.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/score_function.h>
#include <fovea/core/array.h>
#include <tests/catch.h>

#include <cmath>
#include <functional>
#include <sstream>

using namespace fovea;
using test::Approx;

namespace {

const double kExact[] = {-0.054769, -0.290663, 0.345432};  // the gradient of E[R] for the logits and rewards below

Tensor logits() { return tensor({0.2, -0.1, 0.4}); }
Tensor rewards() { return tensor({1.0, 0.0, 2.0}); }

Tensor random_input(const Shape& shape, double low, double high) {
  Generator generator(6);
  return uniform(shape, low, high, generator, f64).requires_grad_();
}

}  // namespace

TEST_CASE("over all actions the estimator is the exact gradient, whatever the baseline", "[score_function]") {
  const Tensor p = softmax(logits(), -1);
  REQUIRE(allclose(p, tensor({0.337585, 0.250089, 0.412327}), 0, 1e-6));
  for (double baseline : {0.0, 0.7, -40.0}) {
    const Tensor l = logits().requires_grad_();
    const Categorical actions(expand(l, {3, 3}));
    const Tensor loss = surrogate_loss(actions.log_prob(arange(3)), rewards(),
                                       {.baseline = scalar(baseline, f64), .reduction = Reduction::none});
    sum(p * loss).backward();
    for (int64_t i = 0; i < 3; ++i) REQUIRE(-l.grad().at({i}) == Approx(kExact[i]).margin(1e-6));
  }
  const Tensor l = logits().requires_grad_();
  sum(softmax(l, -1) * rewards()).backward();
  for (int64_t i = 0; i < 3; ++i) REQUIRE(l.grad().at({i}) == Approx(kExact[i]).margin(1e-6));
}

TEST_CASE("the mean of many estimates lies within three standard errors", "[score_function]") {
  constexpr int64_t kDraws = 100000;
  Generator generator(1);
  const Tensor l = array::contiguous(array::expand(logits(), {kDraws, 3})).requires_grad_();
  const Categorical actions(l);
  const Tensor drawn = actions.sample(generator);
  const Tensor reward = gather(rewards(), 0, drawn);
  surrogate_loss(actions.log_prob(drawn), reward, {.reduction = Reduction::sum}).backward();
  const Tensor average = mean(l.grad(), 0), error = sqrt(var(l.grad(), 0) * (1.0 / kDraws));
  for (int64_t i = 0; i < 3; ++i) REQUIRE(std::abs(-average.at({i}) - kExact[i]) < 3 * error.at({i}));
}

namespace {

// Four steps with three actions each; the reward is the action's plus three times the step's number, which no action
// can change. Returns mean and summed variance of the estimates of -grad, from batches of eight.
struct Measured {
  Tensor mean;
  double variance;
};
using Baseline = std::function<Tensor(const Tensor& reward)>;

Measured measure(const Baseline& baseline, int updates) {
  Generator generator(31);
  const Tensor steps = arange(0, 4, 1, f64) * 3.0;
  std::vector<Tensor> estimates;
  for (int k = 0; k < updates; ++k) {
    const Tensor l = logits().requires_grad_();
    const Categorical actions(expand(l, {8, 4, 3}));
    const Tensor drawn = actions.sample(generator);
    const Tensor reward = gather(array::expand(rewards(), {8, 4, 3}), 2, unsqueeze(drawn, 2));
    const Tensor total = squeeze(reward, 2) + steps;
    surrogate_loss(actions.log_prob(drawn), total, {.baseline = baseline(total)}).backward();
    if (k >= updates / 5) estimates.push_back(-l.grad());  // the first fifth warms the baselines up
  }
  const Tensor all = stack(estimates, 0);
  return {mean(all, 0), sum(var(all, 0)).item()};
}

}  // namespace

TEST_CASE("every baseline leaves the mean alone and lowers the variance", "[score_function]") {
  constexpr int kUpdates = 2500;
  MovingBaseline moving(0.95), per_step(0.95, 4);
  Tensor weights = zeros({4}, f64).requires_grad_();  // learned: one number a step
  const auto learned = [&](const Tensor& reward) {
    const Tensor before = weights.detach();
    Tensor used = array::clone(before);
    const Tensor g = grad(baseline_loss(expand(weights, reward.shape()), reward), {weights})[0];
    Tensor(before).add_(g, -0.2);
    return used;
  };
  const std::pair<const char*, Baseline> baselines[] = {{"none", [](const Tensor&) { return Tensor(); }},
                                                        {"moving average", std::ref(moving)},
                                                        {"per step", std::ref(per_step)},
                                                        {"learned", learned},
                                                        {"leave one out", leave_one_out}};
  std::ostringstream table;
  table << "variance of the estimated gradient, summed over the logits, " << kUpdates << " batches of 8 x 4:\n";
  std::vector<double> variance;
  for (const auto& [name, baseline] : baselines) {
    INFO(name);
    const Measured found = measure(baseline, kUpdates);
    table << "  " << name << std::string(16 - std::string(name).size(), ' ') << found.variance << "\n";
    const double error = std::sqrt(found.variance / (kUpdates * 0.8));
    for (int64_t i = 0; i < 3; ++i) REQUIRE(std::abs(found.mean.at({i}) - kExact[i]) < 3 * error);
    variance.push_back(found.variance);
  }
  WARN(table.str());
  REQUIRE(variance[1] < 0.6 * variance[0]);
  for (size_t i : {2, 3, 4}) REQUIRE(variance[i] < 0.3 * variance[1]);
}

TEST_CASE("surrogate loss: stopped gradients, entropy bonus, masks, reductions", "[score_function]") {
  const Tensor log_p = tensor({-1.0, -2.0, -3.0}).requires_grad_(), reward = tensor({2.0, 4.0, 6.0}).requires_grad_();
  const Tensor baseline = tensor({1.0}).requires_grad_(), entropy = tensor({0.5, 0.5, 1.0}).requires_grad_();
  const Tensor loss = surrogate_loss(log_p, reward, {.baseline = baseline, .entropy = entropy, .entropy_weight = 0.1});
  REQUIRE(loss.item() == Approx((1 + 6 + 15) / 3.0 - 0.1 * 2 / 3));
  loss.backward();
  REQUIRE(allclose(log_p.grad(), tensor({-1.0, -3.0, -5.0}) * (1.0 / 3)));
  REQUIRE(allclose(entropy.grad(), full({3}, -0.1 / 3, f64)));
  REQUIRE(!reward.grad().defined());
  REQUIRE(!baseline.grad().defined());
  const Tensor mask = tensor<bool>({true, false, true});
  REQUIRE(surrogate_loss(log_p, reward, {.mask = mask}).item() == Approx((2 + 18) / 2.0));
  REQUIRE(surrogate_loss(log_p, reward, {.mask = mask, .reduction = Reduction::sum}).item() == Approx(20));
  REQUIRE(surrogate_loss(log_p, reward, {.mask = zeros({3}, boolean)}).item() == 0);
  REQUIRE_THROWS_AS(surrogate_loss(log_p, tensor({1.0})), ShapeError);
  REQUIRE_THROWS_AS(surrogate_loss(log_p, reward, {.baseline = ones({2, 3}, f64)}), ShapeError);
  REQUIRE_THROWS_AS(surrogate_loss(log_p, reward, {.entropy = ones({2}, f64)}), ShapeError);
}

TEST_CASE("baselines and reward-to-go by hand", "[score_function]") {
  MovingBaseline moving(0.9);
  REQUIRE(moving(tensor({2.0, 4.0})).item() == 0);
  REQUIRE(moving(tensor({1.0, 1.0})).item() == Approx(0.3));
  REQUIRE(moving.value().item() == Approx(0.37));
  MovingBaseline per_step(0.5, 2);
  per_step(tensor({2.0, 4.0, 4.0, 8.0}, {2, 2}));
  REQUIRE(allclose(per_step.value(), tensor({1.5, 3.0})));
  REQUIRE_THROWS_AS(per_step(tensor({2.0})), ShapeError);
  MovingBaseline resumed(0.5, 2);
  resumed.set_value(per_step.value());
  const Tensor next = tensor({1.0, 2.0}, {1, 2});
  REQUIRE(equal(resumed(next), per_step(next)));
  REQUIRE(equal(resumed.value(), per_step.value()));
  REQUIRE_THROWS_WITH(resumed.set_value(scalar(1)), test::contains("MovingBaseline: value is f32[]; need [2]"));
  REQUIRE_THROWS_AS(MovingBaseline(1), ValueError);
  REQUIRE(allclose(leave_one_out(tensor({1.0, 2.0, 6.0})), tensor({4.0, 3.5, 1.5})));
  REQUIRE_THROWS_AS(leave_one_out(tensor({1.0})), ShapeError);
  REQUIRE(allclose(reward_to_go(tensor({1.0, 2.0, 4.0}, {1, 3}), 0.5), tensor({3.0, 4.0, 4.0}, {1, 3})));
  REQUIRE(allclose(reward_to_go(tensor({1.0, 2.0, 4.0}, {1, 3})), tensor({7.0, 6.0, 4.0}, {1, 3})));
  REQUIRE_THROWS_AS(reward_to_go(tensor({1.0})), ShapeError);
}

TEST_CASE("Categorical: formulas, gradients, masks and how often it draws", "[score_function]") {
  const Tensor l = random_input({2, 4}, -1, 1), ids = tensor<int64_t>({3, 0});
  const Tensor mask = tensor<bool>({true, false, true, true, false, false, false, false}, {2, 4});
  for (const Tensor& allowed : {Tensor(), mask}) {
    const GradcheckResult result = gradcheck(
        [&](const std::vector<Tensor>& x) {
          const Categorical c(x[0], allowed);
          return std::vector<Tensor>{c.log_prob(ids), c.entropy()};
        },
        {l});
    INFO(result.message);
    REQUIRE(result.ok);
  }
  const Tensor p = softmax(l, -1);
  REQUIRE(allclose(Categorical(l).entropy(), -sum(p * log(p), -1)));
  REQUIRE(equal(Categorical(l).mode(), argmax(l, -1)));
  const Categorical masked(l, mask);
  REQUIRE(masked.entropy().at({1}) == 0);
  REQUIRE(masked.log_prob(ids).at({1}) == 0);
  Generator generator(3);
  const Tensor row = tensor({0.5, 9.0, -0.5, 0.0}), allowed = tensor<bool>({true, false, true, true});
  const Tensor many = Categorical(expand(row, {20000, 4}), expand(allowed, {20000, 4})).sample(generator);
  const Tensor expected = softmax(row, -1, allowed), share = mean(one_hot(many, 4, f64), 0);
  REQUIRE(share.at({1}) == 0);
  for (int64_t i : {0, 2, 3}) {
    const double q = expected.at({i});
    REQUIRE(std::abs(share.at({i}) - q) < 4 * std::sqrt(q * (1 - q) / 20000));
  }
  REQUIRE_THROWS_AS(Categorical(arange(3)), DTypeError);
}

TEST_CASE("Bernoulli and Normal: formulas, gradients and moments", "[score_function]") {
  const Tensor l = random_input({5}, -2, 2), mean_of = random_input({5}, -1, 1), deviation = random_input({5}, 0.5, 2);
  const Tensor x = tensor({0.0, 1.0, 1.0, 0.0, 1.0});
  const GradcheckResult result = gradcheck(
      [&](const std::vector<Tensor>& in) {
        Generator noise(4);
        const Bernoulli b(in[0]);
        const Normal n(in[1], in[2]);
        return std::vector<Tensor>{b.log_prob(x), b.entropy(), n.log_prob(x), n.entropy(), n.rsample(noise)};
      },
      {l, mean_of, deviation});
  INFO(result.message);
  REQUIRE(result.ok);
  const Tensor p = sigmoid(l);
  REQUIRE(allclose(Bernoulli(l).log_prob(x), log(x * p + (1.0 - x) * (1.0 - p))));
  REQUIRE(allclose(Bernoulli(l).entropy(), -(p * log(p) + (1.0 - p) * log(1.0 - p))));
  REQUIRE(Normal(scalar(0.3, f64), scalar(0.5, f64)).log_prob(scalar(0.8, f64)).item() ==
          Approx(-0.5 - std::log(0.5) - 0.5 * std::log(2 * 3.14159265358979)));
  REQUIRE(Normal(scalar(0, f64), scalar(1, f64)).entropy().item() == Approx(1.4189385332));
  Generator generator(8);
  const Tensor draws = Normal(full({20000}, 0.3, f64), scalar(0.5, f64)).sample(generator);
  REQUIRE(!draws.requires_grad());
  REQUIRE(std::abs(mean(draws).item() - 0.3) < 4 * 0.5 / std::sqrt(20000.0));
  REQUIRE(std::sqrt(var(draws).item()) == Approx(0.5).epsilon(0.03));
  const Tensor coins = Bernoulli(full({20000}, 1, f64)).sample(generator);
  REQUIRE(mean(coins).item() == Approx(1 / (1 + std::exp(-1.0))).epsilon(0.02));
  REQUIRE_THROWS_AS(Normal(scalar(0, f64), scalar(1, f32)), DTypeError);
  REQUIRE_THROWS_AS(Bernoulli(arange(3)), DTypeError);
}

TEST_CASE("distributions at their edges: values and gradients", "[score_function]") {
  const double inf = std::numeric_limits<double>::infinity();
  for (const DType type : {f32, f64}) {
    Tensor l = to(tensor({0.0, 0.0, -inf}), type).requires_grad_();
    const Categorical c(l);
    const auto slope = [](const Tensor& y, const Tensor& x) {
      return to(grad({y}, {x}, {.retain_graph = true})[0], f64);
    };
    CHECK(c.entropy().item() == Approx(std::log(2.0)));
    CHECK(allclose(slope(c.entropy(), l), zeros({3}, f64), 0, 1e-6));
    CHECK(c.log_prob(scalar(1, i64)).item() == Approx(-std::log(2.0)));
    CHECK(allclose(slope(c.log_prob(scalar(1, i64)), l), tensor({-0.5, 0.5, 0.0}), 0, 1e-6));
    CHECK(c.log_prob(scalar(2, i64)).item() == -inf);
    CHECK(c.mode().item() < 2);
    Tensor sure = to(tensor({-1e30, 0.0, -inf}), type).requires_grad_();
    CHECK(Categorical(sure).entropy().item() == 0);
    CHECK(all(isfinite(grad({Categorical(sure).entropy()}, {sure})[0])));

    Tensor b = to(tensor({inf, inf, -inf, -inf, 100.0, -100.0, 0.0}), type).requires_grad_();
    const Tensor x = to(tensor({1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0}), type);
    const Tensor log_p = Bernoulli(b).log_prob(x), entropy = Bernoulli(b).entropy();
    CHECK(allclose(to(slice(log_p, 0, 4), f64), tensor({-3.720076e-44, -100.0, -std::log(2.0)}), 1e-5, 1e-40));
    CHECK(log_p.at({0}) == 0);
    CHECK(log_p.at({1}) == -inf);
    CHECK(log_p.at({2}) == 0);
    CHECK(log_p.at({3}) == -inf);
    CHECK(allclose(to(entropy, f64), tensor({0.0, 0.0, 0.0, 0.0, 0.0, 0.0, std::log(2.0)}), 1e-6, 1e-40));
    CHECK(allclose(slope(sum(slice(log_p, 0, 4)), b), tensor({0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.5}), 1e-6, 1e-40));
    CHECK(allclose(slope(sum(log_p), b), tensor({0.0, -1.0, 0.0, 1.0, 0.0, 1.0, 0.5}), 1e-6, 1e-40));
    CHECK(allclose(slope(sum(entropy), b), zeros({7}, f64), 0, 1e-40));
    const Tensor drawn = Bernoulli(slice(b.detach(), 0, 0, 4)).sample();
    CHECK(equal(drawn, to(tensor({1.0, 1.0, 0.0, 0.0}), type)));

    Tensor mu = full({2}, 1e-30, type).requires_grad_(), deviation = full({2}, 1e-30, type).requires_grad_();
    const Normal n(mu, deviation);
    const Tensor density = n.log_prob(to(tensor({1e-30, 3e-30}), type));
    CHECK(density.at({0}) == Approx(30 * std::log(10.0) - 0.9189385332));
    CHECK(density.at({1}) == Approx(30 * std::log(10.0) - 0.9189385332 - 2));
    CHECK(allclose(to(grad({density}, {mu}, {.grad_outputs = {ones({2}, type)}})[0], f64) * 1e-30, tensor({0.0, 2.0}),
                   1e-5, 1e-5));
    for (const double bad : {0.0, -1.0, std::nan("")}) CHECK_THROWS_AS(Normal(mu, full({2}, bad, type)), ValueError);
  }
}
