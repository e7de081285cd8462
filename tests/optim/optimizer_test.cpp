// What all optimisers share: groups, skipped parameters, checks, state saved and loaded.
#include <fovea/autograd/ops.h>
#include <fovea/core/allocator.h>
#include <fovea/core/array.h>
#include <fovea/optim/adam.h>
#include <fovea/optim/rmsprop.h>
#include <fovea/optim/sgd.h>
#include <tests/optim/golden_values.h>

#include <memory>
#include <new>

using namespace fovea;
using namespace fovea::test;

namespace {

Tensor values(std::initializer_list<double> v) { return tensor(v); }

void set_gradients(const std::vector<Tensor>& parameters, int64_t step) {
  Generator generator(static_cast<uint64_t>(100 + step));
  for (Tensor p : parameters) p.set_grad(normal(p.shape(), 0, 1, generator, p.dtype()));
}

std::vector<Tensor> two_parameters() {
  return {leaf(values({1, -2, 3})), leaf(array::reshape(arange(0, 6, 1, f64), {2, 3}))};
}

// Steps 0..9 in one go equal steps 0..4, a save, a load into a fresh optimiser, and steps 5..9.
template <class Make>
void check_resume(Make make_optimiser, Make make_fresh) {
  auto whole = two_parameters(), part = two_parameters();
  const auto one = make_optimiser(whole);
  for (int64_t i = 0; i < 10; ++i) {
    set_gradients(whole, i);
    one->step();
  }
  const auto first = make_optimiser(part);
  for (int64_t i = 0; i < 5; ++i) {
    set_gradients(part, i);
    first->step();
  }
  std::vector<Tensor> resumed = {leaf(part[0]), leaf(part[1])};
  const auto second = make_fresh(resumed);
  second->load_state(first->saved_state());
  for (int64_t i = 5; i < 10; ++i) {
    set_gradients(resumed, i);
    second->step();
  }
  CHECK(equal(whole[0].detach(), resumed[0].detach()));
  CHECK(equal(whole[1].detach(), resumed[1].detach()));
}

template <class Rule, class Options>
void check_resume(const Options& options, const Options& others) {
  using Make = std::function<std::unique_ptr<Optimizer>(const std::vector<Tensor>&)>;
  check_resume<Make>([&](const auto& p) { return std::make_unique<Rule>(p, options); },
                     [&](const auto& p) { return std::make_unique<Rule>(p, others); });
}

void change(SavedState& saved, const std::string& name, const Tensor& tensor) {
  for (auto& [key, old] : saved.tensors)
    if (key == name) old = tensor;
}

}  // namespace

TEST_CASE("running out of memory changes nothing", "[optim]") {
  auto parameters = two_parameters();
  Adam adam(parameters), other(parameters, {.lr = 0.5});
  set_gradients(parameters, 0);
  other.step();
  const SavedState loaded = other.saved_state(), before = adam.saved_state();
  int64_t failures = 0;
  for (bool done = false; !done; ++failures) {
    fail_allocation_after(failures);
    try {
      adam.load_state(loaded);
      done = true;
    } catch (const std::bad_alloc&) {
      CHECK(adam.lr() == 1e-3);
    }
    fail_allocation_after(-1);
    if (!done) CHECK(equal(adam.saved_state().tensors[0].second, before.tensors[0].second));
  }
  CHECK(failures > 4);  // one for each m and v
  CHECK(adam.lr() == 0.5);

  parameters[0].set_grad(values({1, 1, 1}));
  parameters[1].set_grad(array::expand(values({1}), {2, 3}));  // the step must copy this one
  const Tensor theta = array::clone(parameters[0].detach());
  fail_allocation_after(0);
  CHECK_THROWS_AS(adam.step(), std::bad_alloc);
  fail_allocation_after(-1);
  CHECK(equal(theta, parameters[0].detach()));
  CHECK(equal(adam.saved_state().tensors.back().second, loaded.tensors.back().second));
}

TEST_CASE("a parameter without gradient is skipped and its count stands still", "[optim]") {
  Tensor a = leaf(values({1})), b = leaf(values({1}));
  Adam adam({a, b}, {.lr = 0.1});
  a.set_grad(values({1}));
  adam.step();
  CHECK(a.item() == Approx(0.9));
  CHECK(b.item() == 1);
  a.set_grad(Tensor());
  b.set_grad(values({-5}));
  adam.step();  // b's first: the correction is that of t = 1
  CHECK(a.item() == Approx(0.9));
  CHECK(b.item() == Approx(1.1));
  const SavedState saved = adam.saved_state();
  CHECK(saved.tensors.back().first == "steps");
  CHECK(equal(saved.tensors.back().second, tensor<int64_t>({1, 1})));
}

TEST_CASE("groups have options of their own", "[optim]") {
  Tensor a = leaf(values({1})), b = leaf(values({1}));
  SGD sgd({{{a}, {.lr = 0.1}}, {{b}, {.lr = 0.01, .weight_decay = 1}}});
  CHECK(sgd.group_count() == 2);
  a.set_grad(values({1}));
  b.set_grad(values({1}));
  sgd.step();
  CHECK(a.item() == Approx(0.9));
  CHECK(b.item() == Approx(0.98));
  sgd.set_lr(1, 1);
  CHECK(sgd.lr(0) == 0.1);
  CHECK(sgd.lr(1) == 1);
  sgd.step();
  CHECK(a.item() == Approx(0.8));
  CHECK(b.item() == Approx(0.98 - 1.98));
  CHECK_THROWS_AS(sgd.lr(2), IndexError);
  CHECK_THROWS_AS(sgd.set_lr(0.1, 2), IndexError);
  CHECK_THROWS_AS(sgd.set_lr(-1), ValueError);
  CHECK(sgd.lr(0) == 0.1);
}

TEST_CASE("zero_grad drops gradients, parameters come back in order", "[optim]") {
  auto parameters = two_parameters();
  SGD sgd(parameters);
  set_gradients(parameters, 0);
  sgd.zero_grad();
  CHECK_FALSE(parameters[0].grad().defined());
  CHECK_FALSE(parameters[1].grad().defined());
  CHECK(sgd.parameters()[1].is_same(parameters[1]));
  parameters[0].requires_grad_(false);  // frozen after all
  sgd.zero_grad();
  sgd.step();
  CHECK(parameters[0].at({0}) == 1);
}

TEST_CASE("a gradient need not be contiguous", "[optim]") {
  Tensor a = leaf(zeros({2, 3}, f64));
  SGD sgd({a}, {.lr = 1});
  a.set_grad(array::transpose(array::reshape(arange(0, 6, 1, f64), {3, 2}), 0, 1));
  sgd.step();
  CHECK(a.at({0, 2}) == -4);
  CHECK(a.at({1, 0}) == -1);
  a.set_grad(array::expand(values({1}), {2, 3}));
  sgd.step();
  CHECK(a.at({0, 2}) == -5);
}

TEST_CASE("a step invalidates what the tape saved", "[optim]") {
  Tensor a = leaf(values({2}));
  SGD sgd({a}, {.lr = 1});
  const Tensor y = a * a;
  a.set_grad(values({1}));
  sgd.step();
  CHECK_THROWS_AS(y.backward(), AutogradError);
}

TEST_CASE("parameters that cannot be trained are refused", "[optim]") {
  const Tensor a = leaf(values({1, 2}));
  CHECK_THROWS_AS(SGD(std::vector<Tensor>{}), ValueError);
  CHECK_THROWS_WITH(SGD(SGD::Groups{}), contains("sgd: no groups of parameters"));
  CHECK_THROWS_AS(SGD({a, Tensor()}), AutogradError);
  CHECK_THROWS_AS(SGD({values({1})}), AutogradError);
  CHECK_THROWS_AS(SGD({a * a}), AutogradError);
  CHECK_THROWS_WITH(SGD({a, a}), contains("parameter 1") && contains("twice"));
  CHECK_THROWS_AS(SGD(SGD::Groups{{{a}, {}}, {{a}, {}}}), ValueError);
  CHECK_THROWS_AS(SGD({array::transpose(zeros({2, 3}), 0, 1).requires_grad_()}), ShapeError);
}

TEST_CASE("options out of range are refused", "[optim]") {
  const std::vector<Tensor> p = {leaf(values({1}))};
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(SGD(p, {.lr = -1}), contains("sgd: lr is -1"));
  CHECK_THROWS_AS(SGD(p, {.lr = nan}), ValueError);
  CHECK_THROWS_AS(SGD(p, {.lr = infinity}), ValueError);
  CHECK_THROWS_AS(SGD(p, {.momentum = -0.1}), ValueError);
  CHECK_THROWS_AS(SGD(p, {.momentum = 0.5, .dampening = nan}), ValueError);
  CHECK_THROWS_AS(SGD(p, {.weight_decay = -1}), ValueError);
  CHECK_THROWS_AS(SGD(p, {.nesterov = true}), ValueError);
  CHECK_THROWS_AS(SGD(p, {.momentum = 0.9, .dampening = 0.1, .nesterov = true}), ValueError);
  CHECK_THROWS_AS(Adam(p, {.lr = -1}), ValueError);
  CHECK_THROWS_AS(Adam(p, {.beta1 = 1}), ValueError);
  CHECK_THROWS_AS(Adam(p, {.beta2 = 1}), ValueError);
  CHECK_THROWS_AS(Adam(p, {.eps = -1}), ValueError);
  CHECK_THROWS_AS(Adam(p, {.weight_decay = -1}), ValueError);
  CHECK_THROWS_WITH(AdamW(p, {.beta1 = -0.5}), contains("adamw: beta1"));
  CHECK_THROWS_AS(RMSprop(p, {.lr = -1}), ValueError);
  CHECK_THROWS_AS(RMSprop(p, {.alpha = 1}), ValueError);
  CHECK_THROWS_AS(RMSprop(p, {.eps = -1}), ValueError);
  CHECK_THROWS_AS(RMSprop(p, {.momentum = -1}), ValueError);
  CHECK_THROWS_AS(RMSprop(p, {.weight_decay = -1}), ValueError);
  CHECK_THROWS_AS(GravesRMSprop(p, {.lr = -1}), ValueError);
  CHECK_THROWS_AS(GravesRMSprop(p, {.decay = 1}), ValueError);
  CHECK_THROWS_AS(GravesRMSprop(p, {.momentum = -1}), ValueError);
  CHECK_THROWS_AS(GravesRMSprop(p, {.eps = 0}), ValueError);
}

TEST_CASE("saved in the middle, loaded over other options, the run goes on bitwise", "[optim]") {  // tt-metal#53212
  check_resume<SGD>(SGDOptions{.lr = 0.1}, SGDOptions{.momentum = 0.5});
  check_resume<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.1}, SGDOptions{});
  check_resume<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}, SGDOptions{});
  check_resume<Adam>(AdamOptions{.beta1 = 0.8, .beta2 = 0.95}, AdamOptions{});
  check_resume<AdamW>(AdamWOptions{.beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.1}, AdamWOptions{});
  check_resume<RMSprop>(RMSpropOptions{}, RMSpropOptions{.momentum = 0.9, .centered = true});
  check_resume<RMSprop>(RMSpropOptions{.momentum = 0.9, .centered = true}, RMSpropOptions{});
  check_resume<GravesRMSprop>(GravesRMSpropOptions{.lr = 1e-3}, GravesRMSpropOptions{});
}

TEST_CASE("saved state does not change when training goes on", "[optim]") {
  auto parameters = two_parameters();
  Adam adam(parameters);
  set_gradients(parameters, 0);
  adam.step();
  const SavedState saved = adam.saved_state();
  const Tensor before = array::clone(saved.tensors[0].second);
  adam.step();
  CHECK(equal(before, saved.tensors[0].second));
}

TEST_CASE("a state that does not fit is refused before anything changes", "[optim]") {
  auto parameters = two_parameters();
  AdamW adam(AdamW::Groups{{{parameters[0]}, {.lr = 0.1}}, {{parameters[1]}, {}}});
  set_gradients(parameters, 0);
  adam.step();
  const SavedState good = adam.saved_state();

  const auto refuse = [&](const SavedState& bad, const std::string& word) {
    CHECK_THROWS_WITH(adam.load_state(bad), contains(word));
    const SavedState now = adam.saved_state();
    CHECK(now.metadata == good.metadata);
    for (size_t i = 0; i < now.tensors.size(); ++i) CHECK(equal(now.tensors[i].second, good.tensors[i].second));
  };
  const auto with = [&](const std::string& key, const std::string& text) {
    SavedState bad = good;
    bad.metadata[key] = text;
    return bad;
  };
  refuse(with("kind", "adam"), "\"adam\"; this needs \"adamw\"");
  refuse(with("groups", "1"), "groups");
  refuse(with("group of 1", "0"), "group of 1");
  refuse(with("0.beta1", "0.9x"), "0.beta1");
  refuse(with("0.beta1", ""), "need a number");
  refuse(with("1.beta2", "1.5"), "beta2 is 1.5");
  refuse(with("1.lr", "nan"), "lr is nan");

  SavedState bad = good;
  bad.metadata.erase("1.eps");
  refuse(bad, "\"1.eps\" is missing");
  bad = good;
  change(bad, "1.v", zeros({3, 2}, f64));
  refuse(bad, "1.v is f64[3, 2], need f64[2, 3]");
  bad = good;
  change(bad, "0.m", zeros({3}, f32));
  refuse(bad, "0.m is f32[3], need f64[3]");
  bad = good;
  change(bad, "0.m", Tensor());
  refuse(bad, "0.m is undefined");
  bad = good;
  change(bad, "steps", tensor<int64_t>({1, -1}));
  refuse(bad, "negative");
  bad = good;
  bad.tensors.erase(bad.tensors.begin());
  refuse(bad, "0.m missing");
  bad = good;
  bad.tensors.emplace_back("2.m", zeros({1}));
  refuse(bad, "2.m unexpected");
  bad = good;
  bad.tensors.push_back(bad.tensors.front());
  refuse(bad, "0.m twice");
  adam.load_state(good);

  SGD sgd({leaf(values({1}))}, {.momentum = 0.9, .nesterov = true});
  SavedState flag = sgd.saved_state();
  flag.metadata["0.nesterov"] = "yes";
  CHECK_THROWS_WITH(sgd.load_state(flag), contains("need 0 or 1"));
}

TEST_CASE("parameters over the same elements are refused, neighbours are not", "[optim]") {
  Tensor whole = zeros({8});
  const auto part = [&](int64_t begin, int64_t end) { return array::slice(whole, 0, begin, end).requires_grad_(); };
  CHECK_NOTHROW(SGD({part(0, 4), part(4, 8)}, {.lr = 1}));
  for (const std::vector<Tensor>& parameters :
       {std::vector<Tensor>{part(0, 4), part(0, 4)}, {part(0, 5), part(4, 8)}, {part(2, 3), part(0, 8)}}) {
    CHECK_THROWS_WITH(SGD(parameters, {.lr = 1}), contains("parameters 0, f32[") && contains("share elements"));
  }
}
