// The ends of every range, fresh states saved and loaded, and what an update owes the tape.
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/layers/linear.h>
#include <fovea/optim/adam.h>
#include <fovea/optim/clip.h>
#include <fovea/optim/rmsprop.h>
#include <fovea/optim/schedule.h>
#include <fovea/optim/sgd.h>
#include <fovea/optim/training_state.h>
#include <fovea/optim/weight_average.h>
#include <tests/optim/golden_values.h>

using namespace fovea;
using namespace fovea::test;

namespace {

Tensor one() { return leaf(tensor({1.0})); }

template <class Rule>
double lr_after(SGD& sgd, Rule&& rule, int steps) {
  for (int i = 0; i < steps; ++i) rule.step();
  return sgd.lr();
}

struct Counter : Module {
  Counter(double weight, int64_t count, DType dtype = f32) : w(full({2}, weight, dtype)), n(full({1}, 0, i64)) {
    n.tensor().detach().set({0}, static_cast<double>(count));
  }
  void members(Members& m) override { m("w", w)("n", n); }
  Parameter w;
  Buffer n;
};

}  // namespace

TEST_CASE("the lowest value of every option is allowed", "[optim]") {
  const std::vector<Tensor> p = {one()};
  CHECK_NOTHROW(SGD(p, {.lr = 0}));
  CHECK_NOTHROW(SGD(p, {.dampening = -3}));
  CHECK_NOTHROW(SGD(p, {.momentum = 0.5, .nesterov = true}));
  CHECK_NOTHROW(SGD(p, {.momentum = 3, .nesterov = true}));
  CHECK_NOTHROW(Adam(p, {.lr = 0, .beta1 = 0, .beta2 = 0, .eps = 0}));
  CHECK_NOTHROW(AdamW(p, {.lr = 0, .beta1 = 0, .beta2 = 0, .eps = 0, .weight_decay = 0}));
  CHECK_NOTHROW(RMSprop(p, {.lr = 0, .alpha = 0, .eps = 0}));
  CHECK_NOTHROW(GravesRMSprop(p, {.lr = 0, .decay = 0, .momentum = 0}));
  CHECK_NOTHROW(GravesRMSprop(p, {.lr = 7, .momentum = 1, .eps = 2}));
  SGD sgd(p, {.lr = 0.5});
  CHECK_NOTHROW(Plateau(sgd, {.factor = 0, .patience = 0, .threshold = 0, .cooldown = 0}));
  CHECK(lr_after(sgd, StepDecay(sgd, {.every = 1, .gamma = 1}), 3) == 0.5);
  CHECK(lr_after(sgd, LinearWarmup(sgd, {.warmup = 1}), 3) == 0.5);
  CHECK(lr_after(sgd, Noam(sgd, {.model_size = 1, .warmup = 1, .scale = 4}), 3) == Approx(2));
  sgd.set_lr(0.5);
  CHECK(lr_after(sgd, Cosine(sgd, {.total = 5, .warmup = 4}), 4) == 0.5);
  CHECK_NOTHROW(StepDecay(sgd, {.gamma = 1.5}));
  CHECK_NOTHROW(ExponentialDecay(sgd, {.gamma = 1.5}));
}

TEST_CASE("the first value above every option is refused", "[optim]") {
  const std::vector<Tensor> p = {one()};
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(SGD(p, {.momentum = infinity}), ValueError);
  CHECK_THROWS_AS(SGD(p, {.dampening = infinity}), ValueError);
  CHECK_THROWS_AS(SGD(p, {.weight_decay = infinity}), ValueError);
  CHECK_THROWS_AS(Adam(p, {.lr = infinity}), ValueError);
  CHECK_THROWS_AS(Adam(p, {.eps = infinity}), ValueError);
  CHECK_THROWS_AS(AdamW(p, {.beta1 = 1}), ValueError);
  CHECK_THROWS_AS(RMSprop(p, {.eps = infinity}), ValueError);
  CHECK_THROWS_AS(GravesRMSprop(p, {.eps = infinity}), ValueError);
  SGD sgd(p);
  CHECK_THROWS_AS(Plateau(sgd, {.factor = -0.1}), ValueError);
  CHECK_THROWS_AS(Plateau(sgd, {.threshold = 1}), ValueError);
  CHECK_THROWS_AS(Plateau(sgd, {.lr_min = infinity}), ValueError);
  CHECK_THROWS_AS(Cosine(sgd, {.lr_min = infinity}), ValueError);
  CHECK_THROWS_AS(Noam(sgd, {.scale = infinity}), ValueError);
}

TEST_CASE("a state saved before the first step loads", "[optim]") {
  Adam adam({one()}), other({one()});
  other.load_state(adam.saved_state());
  CHECK(other.saved_state().metadata == adam.saved_state().metadata);
  SGD still({one()}, {.lr = 0}), moving({one()}, {.lr = 1});
  StepDecay fresh(still, {.every = 2}), used(moving, {.every = 3});
  used.step();
  used.load_state(fresh.saved_state());
  CHECK(used.steps() == 0);
  Linear model(2, 2, true), averaged = clone(model);
  WeightAverage first(model, averaged, 0.9), second(model, averaged, 0.9);
  second.update();
  second.load_state(first.saved_state());
  CHECK(second.saved_state().metadata == first.saved_state().metadata);
}

TEST_CASE("what is loaded over other options is saved again as it was", "[optim]") {
  Tensor a = one(), b = one();
  RMSprop full({a}, {.momentum = 0.9, .centered = true}), bare({b}, {});
  const SavedState with_all = full.saved_state(), with_one = bare.saved_state();
  const auto names = [](const SavedState& saved) {
    std::string all;
    for (const auto& [name, tensor] : saved.tensors) all += name + " ";
    return all;
  };
  CHECK(names(with_all) != names(with_one));
  bare.load_state(with_all);
  CHECK(names(bare.saved_state()) == names(with_all));
  CHECK(bare.saved_state().metadata == with_all.metadata);
  full.load_state(with_one);
  CHECK(names(full.saved_state()) == names(with_one));
}

TEST_CASE("Adam's corrections are those of the group, whatever was updated before it", "[optim]") {
  const auto trained = [] {
    std::vector<Tensor> p;
    for (int i = 0; i < 4; ++i) p.push_back(one());
    Adam adam(Adam::Groups{{{p[0]}, {.beta1 = 0.5, .beta2 = 0.9}},
                           {{p[1]}, {.beta1 = 0.5, .beta2 = 0.99}},
                           {{p[2]}, {.beta1 = 0.8, .beta2 = 0.99}},
                           {{p[3]}, {.beta1 = 0.8, .beta2 = 0.99}}});
    for (int step = 0; step < 3; ++step) {
      for (int i = 0; i < 3 + step % 2; ++i) p[static_cast<size_t>(i)].set_grad(tensor({0.3 - step}));
      adam.step();
      adam.zero_grad();
    }
    return cat({p[0].detach(), p[1].detach(), p[2].detach(), p[3].detach()}, 0);
  };
  const Tensor fused = trained();
  const ReferenceMode plain;
  CHECK(distance(fused, trained()) < 1e-14);
}

TEST_CASE("clipping and loading invalidate what the tape saved", "[optim]") {
  Tensor p = leaf(tensor({1.0, 2.0})), x = leaf(tensor({3.0, 4.0}));
  p.set_grad(tensor({5.0, 0.5}));
  const Tensor by_value = sum(x * p.grad());
  clip_grad_value_(std::vector<Tensor>{p}, 1);
  CHECK_THROWS_WITH(by_value.backward(), contains("clip_grad_value_"));
  const Tensor by_norm = sum(x * p.grad());
  clip_grad_norm_(std::vector<Tensor>{p}, 0.5);
  CHECK_THROWS_AS(by_norm.backward(), AutogradError);

  Linear layer(2, 1, true);
  TrainingState state;
  state("layer", layer);
  const SavedState saved = state.saved_state();
  const Tensor loss = sum(layer(ones({1, 2}).requires_grad_()));
  state.load_state(saved);
  CHECK_THROWS_WITH(loss.backward(), contains("load"));
}

TEST_CASE("huge gradients and one that is not contiguous are clipped together", "[optim]") {
  const std::vector<Tensor> p = {leaf(zeros({2, 2})), leaf(zeros({1})), leaf(zeros({3}))};
  Tensor(p[0]).set_grad(array::expand(full({1, 1}, 3e20), {2, 2}));
  Tensor(p[2]).set_grad(full({3}, 1));
  CHECK(clip_grad_norm_(p, 2) == Approx(6e20));
  CHECK(p[0].grad().is_contiguous());
  CHECK(p[0].grad().at({1, 1}) == Approx(1));
  CHECK_FALSE(p[1].grad().defined());
  // A norm that is just the bound; and one of zeros.
  const std::vector<Tensor> q = {leaf(zeros({2}, f64))};
  Tensor(q[0]).set_grad(zeros({2}, f64));
  CHECK(clip_grad_norm_(q, 1e-9) == 0);
  CHECK(q[0].grad().at({0}) == 0);
}

TEST_CASE("refusals say which group, which parameter, and what it holds", "[optim]") {
  const Tensor a = one(), b = one();
  CHECK_THROWS_WITH(SGD(SGD::Groups{{{a}, {}}, {{}, {}}}), contains("group 1 has no parameters"));
  CHECK_THROWS_WITH(SGD({a, b, tensor({1.0})}), contains("parameter 2") && contains("requires gradients"));
  SGD sgd({a, b});
  CHECK_THROWS_WITH(sgd.lr(1), contains("group 1 is outside [0, 1)"));
  std::vector<Tensor> all = sgd.parameters();
  CHECK(all.size() == 2);
  CHECK(all[0].is_same(a));
}

TEST_CASE("a training state's numbers are whole texts, its parts are found by the first dot", "[optim]") {
  Generator generator(5);
  TrainingState state;
  int64_t step = 3;
  state("data", generator)("step", step);
  state.notes["a.b"] = "c";
  const SavedState good = state.saved_state();
  CHECK(good.metadata.at("notes.a.b") == "c");
  for (const auto& [key, text] : {std::pair{"data.key", "12x"}, {"data.counter", ""}, {"data.counter", " 1"}}) {
    SavedState bad = good;
    bad.metadata[key] = text;
    CHECK_THROWS_WITH(state.load_state(bad), contains("need a whole number"));
  }
  SavedState bad = good;
  bad.metadata["other"] = "";
  CHECK_THROWS_WITH(state.load_state(bad), contains("\"other\" was saved but is not part"));
  step = 9;
  state.notes.clear();
  generator.set_state(1, 2);
  state.load_state(good);
  CHECK(step == 3);
  CHECK(state.notes.at("a.b") == "c");
  CHECK(generator.key() == Generator(5).key());
  CHECK(generator.counter() == 0);
}

TEST_CASE("WeightAverage copies what is not floating, and wants modules that are alike in everything", "[optim]") {
  Counter model(1, 5), averaged(1, 0);
  WeightAverage average(model, averaged, 0.5);
  average.update();
  CHECK(averaged.n.tensor().at<int64_t>({0}) == 5);
  CHECK(averaged.w.tensor().at({1}) == 1);
  average.restart();
  CHECK(averaged.n.tensor().at<int64_t>({0}) == 5);
  Counter wide(1, 5, f64);
  CHECK_THROWS_AS(WeightAverage(model, wide, 0.5), ValueError);
  Linear bare(2, 2, false), with_bias(2, 2, true);
  CHECK_THROWS_AS(WeightAverage(bare, with_bias, 0.5), ValueError);
  CHECK_THROWS_AS(WeightAverage(with_bias, bare, 0.5), ValueError);
  CHECK_THROWS_AS(WeightAverage(model, averaged, std::nan("")), ValueError);
  SavedState negative = average.saved_state();
  negative.metadata["weight_average.updates"] = "-1";
  CHECK_THROWS_WITH(average.load_state(negative), contains("is -1"));
}
