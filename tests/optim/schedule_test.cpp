// Schedules: PyTorch's rates, the paper's numbers, groups, and state saved and loaded.
#include <fovea/optim/schedule.h>
#include <fovea/optim/sgd.h>
#include <tests/optim/golden_values.h>

using namespace fovea;
using namespace fovea::test;

namespace {

std::vector<Tensor> some_parameters() { return {zeros({1}).requires_grad_()}; }

// The rate before each of 41 updates.
template <class Kind, class Options>
Tensor rates(const Options& options, double lr = 0.5) {
  SGD sgd(some_parameters(), {.lr = lr});
  Kind schedule(sgd, options);
  Tensor values = empty({41}, f64);
  for (int64_t i = 0; i < 41; ++i) {
    values.set({i}, sgd.lr());
    schedule.step();
  }
  return values;
}

Tensor plateau_rates(const PlateauOptions& options) {
  SGD sgd(some_parameters(), {.lr = 0.5});
  Plateau plateau(sgd, options);
  const Tensor metrics = golden("plateau_metrics");
  Tensor values = empty(metrics.shape(), f64);
  for (int64_t i = 0; i < metrics.numel(); ++i) {
    const double before = sgd.lr();
    const bool reduced = plateau.step(metrics.at({i}));
    CHECK((sgd.lr() < before) <= reduced);
    values.set({i}, sgd.lr());
  }
  return values;
}

template <class Part>
void refuse(Part& part, const std::string& key, const std::string& text, const std::string& word) {
  SavedState bad = part.saved_state();
  const Metadata before = bad.metadata;
  bad.metadata[key] = text;
  CHECK_THROWS_WITH(part.load_state(bad), contains(word));
  CHECK(part.saved_state().metadata == before);
}

}  // namespace

TEST_CASE("schedules follow PyTorch's", "[optim]") {
  CHECK(distance(rates<StepDecay>(StepDecayOptions{.every = 7, .gamma = 0.3}), golden("schedule/step")) < 1e-12);
  CHECK(distance(rates<ExponentialDecay>(ExponentialDecayOptions{.gamma = 0.93}), golden("schedule/exponential")) <
        1e-12);
  CHECK(distance(rates<Cosine>(CosineOptions{.total = 40, .lr_min = 0.05}), golden("schedule/cosine")) < 1e-12);
  CHECK(distance(rates<LinearWarmup>(LinearWarmupOptions{.warmup = 10}), golden("schedule/warmup")) < 1e-12);
  CHECK(distance(rates<Cosine>(CosineOptions{.total = 40, .lr_min = 0.05, .warmup = 8}),
                 golden("schedule/warmup_cosine")) < 1e-12);
  CHECK(distance(rates<Noam>(NoamOptions{.model_size = 64, .warmup = 16}), golden("schedule/noam")) < 1e-12);
}

TEST_CASE("plateau follows PyTorch's", "[optim]") {
  CHECK(distance(plateau_rates({.patience = 3}), golden("plateau/patient")) < 1e-12);
  CHECK(distance(plateau_rates({.factor = 0.5, .patience = 0, .lr_min = 0.01}), golden("plateau/halve")) < 1e-12);
  CHECK(distance(plateau_rates({.factor = 0.5, .patience = 1, .cooldown = 2}), golden("plateau/cooldown")) < 1e-12);
  CHECK(distance(plateau_rates({.factor = 0.7, .patience = 2, .maximize = true}), golden("plateau/maximize")) < 1e-12);
}

TEST_CASE("Noam's rates of the paper, whatever the optimiser began with", "[optim]") {
  SGD sgd(some_parameters(), {.lr = 0.123});
  Noam noam(sgd, {.model_size = 512, .warmup = 4000});
  CHECK(sgd.lr() == Approx(1.746928e-7).epsilon(1e-6));
  while (noam.steps() < 3999) noam.step();
  CHECK(sgd.lr() == Approx(6.987712e-4).epsilon(1e-6));
  while (noam.steps() < 15999) noam.step();
  CHECK(sgd.lr() == Approx(3.493856e-4).epsilon(1e-6));
}

TEST_CASE("cosine stays at its minimum", "[optim]") {
  SGD sgd(some_parameters(), {.lr = 1});
  Cosine cosine(sgd, {.total = 4, .lr_min = 0.25});
  for (int i = 0; i < 9; ++i) cosine.step();
  CHECK(sgd.lr() == 0.25);
}

TEST_CASE("each group keeps its own first rate", "[optim]") {
  SGD sgd({{some_parameters(), {.lr = 1}}, {some_parameters(), {.lr = 0.1}}});
  StepDecay decay(sgd, {.every = 2, .gamma = 0.5});
  for (int i = 0; i < 5; ++i) decay.step();
  CHECK(sgd.lr(0) == 0.25);
  CHECK(sgd.lr(1) == Approx(0.025));
  Plateau plateau(sgd, {.factor = 0.1, .patience = 0, .lr_min = 0.01});
  CHECK_FALSE(plateau.step(1));
  CHECK(plateau.step(1));
  CHECK(sgd.lr(0) == Approx(0.025));
  CHECK(sgd.lr(1) == 0.01);
  sgd.set_lr(0.001, 1);
  CHECK(plateau.step(std::nan("")));  // no improvement; and a rate below the least is not raised
  CHECK(sgd.lr(1) == 0.001);
}

TEST_CASE("a loaded schedule goes on where the saved one was", "[optim]") {
  SGD one(some_parameters(), {.lr = 0.5}), two(some_parameters(), {.lr = 0.7});
  Cosine first(one, {.total = 30, .lr_min = 0.01, .warmup = 4});
  for (int i = 0; i < 7; ++i) first.step();
  Cosine second(two, {.total = 99});
  two.load_state(one.saved_state());
  second.load_state(first.saved_state());
  CHECK(second.options().total == 30);
  for (int i = 0; i < 30; ++i) {
    CHECK(one.lr() == two.lr());
    first.step();
    second.step();
  }

  const Tensor metrics = golden("plateau_metrics");
  Plateau watch(one, {.factor = 0.5, .patience = 1, .cooldown = 1});
  for (int64_t i = 0; i < 17; ++i) watch.step(metrics.at({i}));
  Plateau other(two);
  two.load_state(one.saved_state());
  other.load_state(watch.saved_state());
  for (int64_t i = 17; i < 30; ++i) {
    CHECK(watch.step(metrics.at({i})) == other.step(metrics.at({i})));
    CHECK(one.lr() == two.lr());
  }
}

TEST_CASE("a fresh plateau's infinite best survives saving", "[optim]") {
  SGD sgd(some_parameters());
  const Plateau saved(sgd);
  Plateau loaded(sgd, {.patience = 0});
  loaded.step(1);
  loaded.load_state(saved.saved_state());
  CHECK(loaded.saved_state().metadata.at("place.best") == "inf");
}

TEST_CASE("a schedule's state that does not fit is refused", "[optim]") {
  SGD sgd(some_parameters());
  StepDecay decay(sgd, {});
  decay.step();
  refuse(decay, "kind", "cosine", "this needs \"step-decay\"");
  refuse(decay, "groups", "2", "groups");
  refuse(decay, "place.t", "-3", "negative");
  refuse(decay, "place.t", "3.5", "need a number");
  refuse(decay, "place.lr.0", "-1", "first lr is -1");
  refuse(decay, "options.gamma", "-1", "gamma is -1");
  refuse(decay, "options.every", "0", "every is 0");
  SavedState bad = decay.saved_state();
  bad.tensors.emplace_back("x", zeros({1}));
  CHECK_THROWS_WITH(decay.load_state(bad), contains("x unexpected"));
  Plateau plateau(sgd);
  refuse(plateau, "kind", "noam", "this needs \"plateau\"");
  refuse(plateau, "options.factor", "1", "factor is 1");
  refuse(plateau, "options.maximize", "2", "need 0 or 1");
  refuse(plateau, "place.bad", "", "need a number");
}

TEST_CASE("schedule options out of range are refused", "[optim]") {
  SGD sgd(some_parameters(), {.lr = 0.5});
  CHECK_THROWS_AS(StepDecay(sgd, {.every = 0}), ValueError);
  CHECK_THROWS_AS(StepDecay(sgd, {.gamma = 0}), ValueError);
  CHECK_THROWS_AS(ExponentialDecay(sgd, {.gamma = -1}), ValueError);
  CHECK_THROWS_AS(Cosine(sgd, {.total = 0}), ValueError);
  CHECK_THROWS_AS(Cosine(sgd, {.total = 5, .warmup = 5}), ValueError);
  CHECK_THROWS_AS(Cosine(sgd, {.lr_min = -1}), ValueError);
  CHECK_THROWS_AS(Cosine(sgd, {.warmup = -1}), ValueError);
  CHECK_THROWS_AS(LinearWarmup(sgd, {.warmup = 0}), ValueError);
  CHECK_THROWS_AS(Noam(sgd, {.model_size = 0}), ValueError);
  CHECK_THROWS_AS(Noam(sgd, {.warmup = 0}), ValueError);
  CHECK_THROWS_AS(Noam(sgd, {.scale = 0}), ValueError);
  CHECK_THROWS_AS(Plateau(sgd, {.factor = 1}), ValueError);
  CHECK_THROWS_AS(Plateau(sgd, {.patience = -1}), ValueError);
  CHECK_THROWS_AS(Plateau(sgd, {.threshold = -1}), ValueError);
  CHECK_THROWS_AS(Plateau(sgd, {.cooldown = -1}), ValueError);
  CHECK_THROWS_AS(Plateau(sgd, {.lr_min = -1}), ValueError);
  CHECK(sgd.lr() == 0.5);
}
