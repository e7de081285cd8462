// The update rules: numbers worked out by hand, PyTorch's over 20 steps and over 100 steps of training, and the fused
// kernels against the plain formulas.
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/parallel.h>
#include <fovea/optim/adam.h>
#include <fovea/optim/rmsprop.h>
#include <fovea/optim/sgd.h>
#include <tests/optim/golden_values.h>

#include <memory>

using namespace fovea;
using namespace fovea::test;

namespace {

using Parameters = std::vector<Tensor>;
using Maker = std::function<std::unique_ptr<Optimizer>(const Parameters&)>;

template <class Rule, class Options>
Maker make(const Options& options) {
  return [options](const Parameters& p) { return std::make_unique<Rule>(p, options); };
}

// The names and options of tests/golden/optim.py.
const std::vector<std::pair<std::string, Maker>>& optimisers() {
  static const std::vector<std::pair<std::string, Maker>> all = {
      {"sgd", make<SGD>(SGDOptions{.lr = 0.1})},
      {"sgd_decay", make<SGD>(SGDOptions{.lr = 0.1, .weight_decay = 0.05})},
      {"sgd_momentum", make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9})},
      {"sgd_dampening", make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.3, .weight_decay = 0.02})},
      {"sgd_nesterov", make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true})},
      {"sgd_nesterov_decay", make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.8, .weight_decay = 0.05, .nesterov = true})},
      {"adam", make<Adam>(AdamOptions{.lr = 1e-2})},
      {"adam_betas", make<Adam>(AdamOptions{.lr = 1e-2, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3})},
      {"adam_decay", make<Adam>(AdamOptions{.lr = 1e-2, .weight_decay = 0.1})},
      {"adamw", make<AdamW>(AdamWOptions{.lr = 1e-2})},
      {"adamw_decay", make<AdamW>(AdamWOptions{.lr = 1e-2, .beta1 = 0.7, .beta2 = 0.9, .weight_decay = 0.3})},
      {"rmsprop", make<RMSprop>(RMSpropOptions{})},
      {"rmsprop_alpha", make<RMSprop>(RMSpropOptions{.lr = 3e-3, .alpha = 0.9, .eps = 1e-4})},
      {"rmsprop_decay", make<RMSprop>(RMSpropOptions{.weight_decay = 0.1})},
      {"rmsprop_momentum", make<RMSprop>(RMSpropOptions{.momentum = 0.9})},
      {"rmsprop_centered", make<RMSprop>(RMSpropOptions{.centered = true})},
      {"rmsprop_all", make<RMSprop>(RMSpropOptions{
                          .lr = 1e-3, .alpha = 0.95, .momentum = 0.7, .weight_decay = 0.05, .centered = true})},
      {"graves", make<GravesRMSprop>(GravesRMSpropOptions{})},
      {"graves_options",
       make<GravesRMSprop>(GravesRMSpropOptions{.lr = 1e-3, .decay = 0.9, .momentum = 0.5, .eps = 1e-3})},
  };
  return all;
}

const Maker& optimiser(const std::string& name) {
  for (const auto& [key, maker] : optimisers())
    if (key == name) return maker;
  throw IndexError("no optimiser " + name);
}

// theta after each of the golden gradients.
Tensor trajectory(const Maker& maker, DType dtype) {
  const Tensor gradients = array::to(golden("gradients"), dtype);
  Tensor theta = leaf(array::to(golden("theta"), dtype));
  const auto rule = maker({theta});
  Tensor rows = empty(gradients.shape(), dtype);
  for (int64_t i = 0; i < gradients.size(0); ++i) {
    theta.set_grad(array::clone(array::select(gradients, 0, i)));
    rule->step();
    array::copy(array::select(rows, 0, i), theta.detach());
  }
  return rows;
}

// One parameter at 1, gradients 0.5, -0.2, 0.1.
double after_three(const Maker& maker) {
  Tensor theta = leaf(ones({1}, f64));
  const auto rule = maker({theta});
  for (const double g : {0.5, -0.2, 0.1}) {
    theta.set_grad(full({1}, g, f64));
    rule->step();
  }
  return theta.item();
}

}  // namespace

TEST_CASE("update rules give the numbers worked out by hand", "[optim]") {
  const auto check = [](const Maker& maker, double expected, double digits) {
    CHECK(std::abs(after_three(maker) - expected) < digits);
  };
  check(make<Adam>(AdamOptions{}), 0.998275002, 1e-9);
  check(make<AdamW>(AdamWOptions{}), 0.998245026, 1e-9);
  check(make<RMSprop>(RMSpropOptions{}), 0.918877003, 1e-9);
  check(make<RMSprop>(RMSpropOptions{.momentum = 0.9}), 0.781447204, 1e-9);
  check(make<RMSprop>(RMSpropOptions{.centered = true}), 0.918381558, 1e-9);
  check(make<GravesRMSprop>(GravesRMSpropOptions{}), 0.998999202, 1e-9);
  check(make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9}), 0.8925, 1e-12);
  check(make<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}), 0.86325, 1e-12);
}

TEST_CASE("update rules follow PyTorch over 20 steps", "[optim]") {
  for (const auto& [name, maker] : optimisers()) {
    INFO(name);
    const Tensor expected = golden("steps/" + name);
    CHECK(distance(trajectory(maker, f64), expected) < 1e-12);
    CHECK(distance(trajectory(maker, f32), expected, 1e-5 / 1.3e-6) < 1.3e-6);
  }
}

TEST_CASE("the plain formulas follow PyTorch too", "[optim]") {
  const ReferenceMode plain;
  for (const auto& [name, maker] : optimisers()) {
    INFO(name);
    CHECK(distance(trajectory(maker, f64), golden("steps/" + name)) < 1e-12);
  }
}

TEST_CASE("100 training steps of a small network end where PyTorch's do", "[optim]") {
  for (const std::string name : {"sgd_nesterov", "adam", "adamw_decay", "rmsprop_all", "graves_options"}) {
    INFO(name);
    Parameters w;
    for (int i = 0; i < 4; ++i) w.push_back(leaf(golden("mlp_weight/" + std::to_string(i))));
    const Tensor x = golden("mlp_x"), y = golden("mlp_y");
    const auto rule = optimiser(name)(w);
    Tensor losses = empty({100}, f64);
    for (int64_t i = 0; i < 100; ++i) {
      const Tensor loss = mean(square(linear(tanh(linear(x, w[0], w[1])), w[2], w[3]) - y));
      rule->zero_grad();
      loss.backward();
      rule->step();
      losses.set({i}, loss.item());
    }
    CHECK(distance(losses, golden("mlp_loss/" + name)) < 1e-9);
    const NoGrad guard;
    Parameters flat;
    for (const Tensor& p : w) flat.push_back(reshape(p, {-1}));
    CHECK(distance(cat(flat, 0), golden("mlp/" + name)) < 1e-9);
  }
}

TEST_CASE("an element's update depends neither on its position nor on the threads", "[optim][threads]") {
  const int before = num_threads();
  for (const auto& [name, maker] : optimisers()) {
    INFO(name);
    Generator generator(5);
    const int64_t n = 100003;
    const Tensor theta = normal({n}, 0, 1, generator), g = normal({n}, 0, 1, generator);
    const auto run = [&, &make = maker](int threads) {
      set_num_threads(threads);
      Tensor whole = leaf(theta);
      const auto rule = make({whole});
      for (int i = 0; i < 3; ++i) {
        whole.set_grad(array::clone(g));
        rule->step();
      }
      return whole.detach();
    };
    const Tensor one = run(1);
    CHECK(equal(one, run(2)));
    CHECK(equal(one, run(4)));
    for (const int64_t begin : {int64_t{7}, int64_t{32761}, n - 5}) {
      const int64_t end = std::min(n, begin + 21);
      Tensor part = leaf(array::slice(theta, 0, begin, end));
      const auto rule = maker({part});
      for (int i = 0; i < 3; ++i) {
        part.set_grad(array::clone(array::slice(g, 0, begin, end)));
        rule->step();
      }
      CHECK(equal(part.detach(), array::clone(array::slice(one, 0, begin, end))));
    }
  }
  set_num_threads(before);
}

TEST_CASE("averages of zero gradients become zero, never denormal", "[optim]") {
  for (const auto& [name, maker] : optimisers()) {
    INFO(name);
    Tensor theta = leaf(ones({3}));
    const auto rule = maker({theta});
    theta.set_grad(full({3}, 1e-12));
    rule->step();
    theta.set_grad(zeros({3}));
    for (int i = 0; i < 3000; ++i) rule->step();
    for (const auto& [key, tensor] : rule->saved_state().tensors) {
      if (tensor.dtype() != f32) continue;
      for (int64_t i = 0; i < 3; ++i) CHECK(std::fpclassify(tensor.at<float>({i})) != FP_SUBNORMAL);
    }
  }
}

TEST_CASE("a constant gradient never makes a centred root NaN", "[optim]") {
  for (const std::string name : {"rmsprop_centered", "rmsprop_all", "graves"}) {
    INFO(name);
    Tensor theta = leaf(ones({4}));
    const auto rule = optimiser(name)({theta});
    for (const double g : {0.1, 3e4}) {
      theta.set_grad(full({4}, g));
      for (int i = 0; i < 2000; ++i) rule->step();
      CHECK(std::isfinite(theta.at({2})));
    }
  }
}
