// The loop: bitwise resume, what it keeps, when it ends, what it tells, and that nothing non-finite reaches a weight.
#include <fovea/fovea.h>
#include <tests/optim/golden_values.h>

#include <cmath>
#include <csignal>

#include "tests/scratch.h"

using namespace fovea;
using namespace fovea::test;

namespace {

struct Net : Module {
  explicit Net(Generator& generator) : first(4, 6, true, generator), drop(0.2), last(6, 1, true, generator) {}
  void members(Members& m) override { m("first", first)("drop", drop)("last", last); }
  Tensor operator()(const Tensor& x, Generator& noise) const { return last(drop(tanh(first(x)), noise)); }
  Linear first;
  Dropout drop;
  Linear last;
};

// All that a run is made of; two of the same options are equal.
struct Run {
  explicit Run(TrainerOptions options, const std::string& folder = {})
      : net(weights),
        averaged(clone(net)),
        average(net, averaged, 0.9),
        adam(parameters(net), {.lr = 0.05}),
        schedule(adam, {.total = 60}),
        data(Generator(2),
             [](Generator& g) {
               return normal({8, 4}, 0, 1, g);
             }),
        trainer(net, adam, std::move(options)) {
    trainer.schedule(schedule).average(averaged, average).state()("noise", noise);
    if (!folder.empty()) trainer.folder(RunFolder::open(folder));
  }
  Trainer::Ended train() {
    return trainer.run(
        data, [this](const Tensor& x) { return step(x); }, [this] { return validate(); });
  }
  StepOutput step(const Tensor& x) {
    const Tensor loss = mse_loss(net(x, noise), sum(x, {1}, true));
    return {loss * poison, {loss.item() * 2}, x.size(0)};
  }
  double validate() {
    Generator fresh(5), unused(0);
    const Tensor x = normal({50, 4}, 0, 1, fresh);
    return mse_loss(averaged(x, unused), sum(x, {1}, true)).item();
  }

  Generator weights{1}, noise{3};
  Net net, averaged;
  WeightAverage average;
  Adam adam;
  Cosine schedule;
  Generated<Tensor> data;
  Trainer trainer;
  double poison = 1;
};

TrainerOptions options_of(int64_t steps) {
  return {.steps = steps, .clip = 1, .figures = {"twice"}, .log_every = 4, .validate_every = 5};
}

bool same_weights(const Module& a, const Module& b) {
  const NamedTensors x = state(a), y = state(b);
  for (size_t i = 0; i < x.size(); ++i)
    if (!equal(x[i].second, y[i].second)) return false;
  return x.size() == y.size();
}

TEST_CASE("a trainer resumed in a folder is bitwise the uninterrupted one", "[trainer]") {
  const Scratch scratch;
  const auto folder = [&](const char* name) { return (scratch / name).string(); };
  Run whole(options_of(30), folder("whole"));
  CHECK(whole.train() == Trainer::Ended::steps);
  for (int64_t until : {7, 18, 30}) {  // in the middle of a row of metrics.csv and between validations
    Run part(options_of(until), folder("parts"));
    CHECK(part.train() == Trainer::Ended::steps);
    CHECK(part.trainer.step() == until);
    CHECK(same_weights(part.net, whole.net) == (until == 30));
  }
  for (const char* file : {"last.safetensors", "best.safetensors", "metrics.csv"})
    CHECK(read_text(scratch / "whole" / file) == read_text(scratch / "parts" / file));
  CHECK(std::filesystem::exists(scratch / "parts" / "seconds.txt"));
}

TEST_CASE("the metrics are means over log_every steps", "[trainer]") {
  const Scratch scratch;
  Run run(options_of(8), (scratch / "run").string());
  std::vector<double> losses;
  run.trainer.events().subscribe("test", [&](const Event& e) {
    if (e.kind == Event::Kind::step) losses.push_back(e.figures[0]);
  });
  run.train();
  const MetricsTable table = read_metrics(scratch / "run" / "metrics.csv");
  CHECK(table.column("step") == std::vector<double>{4, 8});
  CHECK(table.column("loss")[1] == Approx((losses[4] + losses[5] + losses[6] + losses[7]) / 4));
  CHECK(table.column("twice")[0] == Approx(2 * table.column("loss")[0]));
}

TEST_CASE("a run that may end early says so, and why it did", "[trainer]") {
  TrainerOptions options = options_of(40);
  options.early_stop = 2;
  options.good_score = 1e9;
  Run run(options);
  std::string why;
  run.trainer.events().subscribe("test", [&](const Event& e) {
    CHECK(e.may_end_early);
    CHECK(e.ended_early == (e.kind == Event::Kind::end));
    if (e.kind == Event::Kind::end) why = e.text;
  });
  run.train();
  CHECK(run.trainer.step() == 2 * options.validate_every);
  CHECK(why == "2 validations in a row had a score of at most 1e+09");
}

TEST_CASE("the best weights are kept, in a folder and without one", "[trainer]") {
  const Scratch scratch;
  for (const std::string& folder : {std::string(), (scratch / "run").string()}) {
    Run run(options_of(40), folder);
    double best = 1e9, last = 0;
    int64_t at = 0;
    run.trainer.events().subscribe("test", [&](const Event& e) {
      if (e.kind != Event::Kind::validation) return;
      last = e.figures[0];
      CHECK(e.best == (last < best));
      if (last < best) best = last, at = e.step;
    });
    run.train();
    const EvalMode quiet(run.averaged);
    CHECK(run.validate() == best);
    CHECK(run.trainer.best_step() == at);
  }
}

TEST_CASE("a loss or gradient that is not finite changes no weight and names the step", "[trainer]") {
  for (const bool in_loss : {true, false}) {
    Run run(options_of(20));
    const Net before = clone(run.net);
    run.poison = in_loss ? std::nan("") : 1;
    if (!in_loss) run.trainer.reduce([](std::span<const Tensor> all) { all.back().grad().fill_(std::nan("")); });
    std::string ended;
    run.trainer.events().subscribe("test", [&](const Event& e) {
      if (e.kind == Event::Kind::end) ended = e.text;
    });
    CHECK_THROWS_AS(run.train(), NonFiniteError);
    CHECK_THAT(ended, contains("step 1: ") && contains("no weight was changed"));
    CHECK(run.trainer.step() == 0);
    CHECK(same_weights(before, run.net));
  }
}

TEST_CASE("reduce sees the gradients of a step before they are clipped", "[trainer]") {
  Run run(options_of(3)), doubled(options_of(3));
  int calls = 0;
  doubled.trainer.reduce([&](std::span<const Tensor> all) {
    ++calls;
    CHECK(all.size() == parameters(doubled.net).size());
    for (const Tensor& p : all) p.grad().mul_(1000);  // clipped to the same norm
  });
  run.train();
  doubled.train();
  CHECK(calls == 3);
  CHECK_FALSE(same_weights(run.net, doubled.net));
}

TEST_CASE("events come in order", "[trainer]") {
  const Scratch scratch;
  Run run(options_of(6), (scratch / "run").string());
  std::string seen;
  run.trainer.events().subscribe("test", [&](const Event& e) {
    seen += std::string(kind_name(e.kind)) + (e.kind == Event::Kind::step && !e.means.empty() ? "+ " : " ");
    CHECK(e.steps == 6);
    CHECK(e.names.size() == 2);
    if (e.kind == Event::Kind::step) CHECK(e.batch == 8);
  });
  run.trainer.run([&] { return run.step(run.data.next()); },
                  [&] {
                    run.trainer.sample("a sample");
                    run.trainer.picture("a.png");
                    return 1.0;
                  });
  CHECK(seen == "start saving saved step step step step+ step sample picture validation step saving saved end ");
}

TEST_CASE("a listener that fails is told of once and stops nothing", "[trainer]") {
  Run run(options_of(10));
  int calls = 0, others = 0;
  run.trainer.events().subscribe("the broken one", [&](const Event&) {
    ++calls;
    throw FileError("disk full");
  });
  run.trainer.events().subscribe("test", [&](const Event&) { ++others; });
  CHECK(run.train() == Trainer::Ended::steps);
  CHECK(calls == others);
  CHECK(run.trainer.step() == 10);
}

TEST_CASE("early stopping counts good validations in a row; stop ends after the step", "[trainer]") {
  TrainerOptions options = options_of(1000);
  options.early_stop = 3;
  options.good_score = 0.5;
  Run run(options);
  const std::vector<double> scores{0.4, 0.9, 0.5, 0.1, 0.3, 0};
  size_t next = 0;
  CHECK(run.trainer.run([&] { return run.step(run.data.next()); }, [&] { return scores.at(next++); }) ==
        Trainer::Ended::early_stop);
  CHECK(next == 5);
  CHECK(run.trainer.step() == 25);
  CHECK(run.trainer.best_step() == 20);

  Run stopped(options_of(1000));
  CHECK(stopped.trainer.run([&] {
    if (stopped.trainer.step() == 6) stopped.trainer.stop();
    return stopped.step(stopped.data.next());
  }) == Trainer::Ended::early_stop);
  CHECK(stopped.trainer.step() == 7);
}

TEST_CASE("Ctrl-C finishes the step and saves; the resumed run is the uninterrupted one", "[trainer]") {
  const Scratch scratch;
  Run whole(options_of(20), (scratch / "whole").string());
  whole.train();
  Run first(options_of(20), (scratch / "parts").string());
  first.trainer.events().subscribe("test", [](const Event& e) {
    if (e.kind == Event::Kind::step && e.step == 9) std::raise(SIGINT);
  });
  CHECK(first.train() == Trainer::Ended::interrupted);
  CHECK(first.trainer.step() == 9);
  Run second(options_of(20), (scratch / "parts").string());
  CHECK(second.train() == Trainer::Ended::steps);
  CHECK(read_text(scratch / "whole" / "last.safetensors") == read_text(scratch / "parts" / "last.safetensors"));
}

TEST_CASE("validation runs in eval mode without a tape, and modes come back after an exception", "[trainer]") {
  Run run(options_of(10));
  run.averaged.drop.eval();
  bool checked = false;
  const auto validate = [&]() -> double {
    checked = !run.averaged.training() && !run.averaged.last.training() && !grad_enabled();
    throw ValueError("no");
  };
  CHECK_THROWS_AS(run.trainer.run([&] { return run.step(run.data.next()); }, validate), ValueError);
  CHECK(checked);
  CHECK(grad_enabled());
  CHECK(run.averaged.training());
  CHECK(run.averaged.last.training());
  CHECK_FALSE(run.averaged.drop.training());
}

TEST_CASE("what does not fit is refused", "[trainer]") {
  const Scratch scratch;
  {
    Run run(options_of(3), (scratch / "run").string());
    run.train();
  }
  TrainerOptions others = options_of(6);
  others.figures = {"another"};
  Run run(others, (scratch / "run").string());
  CHECK_THROWS_WITH(run.train(), contains("columns are"));
  Run short_of(options_of(3));
  CHECK_THROWS_WITH(short_of.trainer.run([&]() -> StepOutput { return sum(short_of.net.last.weight.tensor()); }),
                    contains("0 figures; need 1"));
  Generator g(1);
  Net net(g);
  Adam adam(parameters(net));
  CHECK_THROWS_AS(Trainer(net, adam, {.validate_every = 0}), ValueError);
  CHECK_THROWS_WITH(Trainer(net, adam, {.steps = -1}), contains("steps -1"));
  CHECK_THROWS_WITH(Trainer(net, adam, {.early_stop = -1}), contains("early_stop -1"));
  for (const double clip : {0.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(Trainer(net, adam, {.clip = clip}), contains("a clip above 0"));
}

}  // namespace
