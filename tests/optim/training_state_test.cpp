// A run saved, loaded by another set of objects and continued: bitwise the uninterrupted one; or refused, untouched.
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/optim/adam.h>
#include <fovea/optim/clip.h>
#include <fovea/optim/schedule.h>
#include <fovea/optim/training_state.h>
#include <tests/optim/golden_values.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace fovea;
using namespace fovea::test;

namespace {

struct Net : Module {
  explicit Net(Generator& generator)
      : w1(normal({6, 4}, 0, 0.5, generator)), w2(normal({2, 6}, 0, 0.5, generator)), mean_input(zeros({4})) {}
  void members(Members& m) override { m("w1", w1)("w2", w2)("mean_input", mean_input); }
  Parameter w1, w2;
  Buffer mean_input;
};

// Everything a run has; two of the same seed are equal.
struct Run {
  explicit Run(uint64_t seed, double lr = 1e-2)
      : data(seed), net(data), adam(parameters(net), {.lr = lr}), schedule(adam, {.total = 60, .warmup = 5}) {
    state("model", net)("optimizer", adam)("schedule", schedule)("data", data)("step", step)("best", best);
  }
  void train(int64_t until) {
    for (; step < until; ++step) {
      const Tensor x = normal({5, 4}, 0, 1, data);
      const Tensor target = bernoulli({5, 2}, 0.5, data);
      Tensor(net.mean_input).copy_(net.mean_input.tensor() * 0.9 + mean(x, 0) * 0.1);
      const Tensor loss = mean(square(linear(tanh(linear(x, net.w1)), net.w2) - target));
      adam.zero_grad();
      loss.backward();
      clip_grad_norm_(adam.parameters(), 1);
      adam.step();
      schedule.step();
      best = std::min(best, loss.item());
    }
  }
  Generator data;
  Net net;
  Adam adam;
  Cosine schedule;
  int64_t step = 0;
  double best = std::numeric_limits<double>::infinity();
  TrainingState state;
};

bool same_state(const SavedState& a, const SavedState& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  for (size_t i = 0; i < a.tensors.size(); ++i)
    if (a.tensors[i].first != b.tensors[i].first || !equal(a.tensors[i].second, b.tensors[i].second)) return false;
  return true;
}

// A copy that later training does not reach: a module's part aliases the module.
SavedState snapshot(const TrainingState& state) {
  SavedState saved = state.saved_state();
  for (auto& [name, tensor] : saved.tensors) tensor = array::clone(tensor);
  return saved;
}

struct TemporaryFile {
  TemporaryFile() = default;
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::string path =
      (std::filesystem::temp_directory_path() / ("fovea_training_state_" + std::to_string(getpid()))).string();
};

}  // namespace

TEST_CASE("a resumed run is bitwise the uninterrupted one", "[optim]") {  // pytorch#35047
  const TemporaryFile file;
  Run whole(1);
  whole.train(50);
  {
    Run first(1);
    first.state.notes["task"] = "copy";
    first.train(20);
    first.state.save(file.path);
  }
  Run resumed(99, 0.5);  // every number differs until loaded
  resumed.train(3);
  resumed.state.load(file.path);
  CHECK(resumed.state.notes.at("task") == "copy");
  resumed.state.notes.clear();
  CHECK(resumed.step == 20);
  resumed.train(50);
  CHECK(same_state(whole.state.saved_state(), resumed.state.saved_state()));
}

TEST_CASE("tensors of a training state are named after their parts", "[optim]") {
  Run run(2);
  run.train(1);
  std::string names;
  for (const auto& [name, tensor] : run.state.saved_state().tensors) names += name + " ";
  CHECK(names ==
        "model.w1 model.w2 model.mean_input optimizer.0.m optimizer.0.v optimizer.1.m optimizer.1.v optimizer.steps ");
}

TEST_CASE("loading a training state is all or nothing", "[optim]") {
  Run run(3), other(4);
  run.train(4);
  other.train(9);
  const SavedState good = snapshot(other.state), before = snapshot(run.state);
  const auto refuse = [&](const SavedState& bad, const std::string& word) {
    CHECK_THROWS_WITH(run.state.load_state(bad), contains(word));
    CHECK(same_state(before, run.state.saved_state()));
  };
  const auto with = [&](const std::string& key, const std::string& text) {
    SavedState bad = good;
    bad.metadata[key] = text;
    return bad;
  };
  refuse(with("format", "another"), "format");
  refuse(with("best.number.value", "low"), "best: state: \"number.value\" is \"low\"");
  refuse(with("step.number.value", "1e3"), "step: ");
  refuse(with("data.key", "-1"), "data: ");
  refuse(with("data.counter", "99999999999999999999999"), "whole number");
  refuse(with("schedule.kind", "noam"), "schedule: ");
  refuse(with("optimizer.0.beta1", "2"), "beta1 is 2");
  refuse(with("validation.number.value", "1"), "\"validation\" was saved but is not part");

  SavedState bad = good;
  bad.metadata.erase("data.key");
  refuse(bad, "data: ");
  bad = good;
  bad.tensors[1].second = zeros({6, 2});
  refuse(bad, "w2 is f32[6, 2], need f32[2, 6]");
  bad = good;
  bad.tensors.emplace_back("model", zeros({1}));
  refuse(bad, "unexpected");
  bad = good;
  bad.tensors.emplace_back("teacher.w", zeros({1}));
  refuse(bad, "\"teacher\"");
  bad = good;
  bad.tensors.erase(bad.tensors.begin());
  refuse(bad, "w1 missing");

  run.state.load_state(good);
  CHECK(same_state(good, run.state.saved_state()));
}

TEST_CASE("a training state's file names its path when it does not fit", "[optim]") {
  const TemporaryFile file;
  Run run(5);
  run.state.save(file.path);
  TrainingState other;
  int64_t step = 7;
  other("step", step);
  CHECK_THROWS_AS(other.load(file.path), FileError);
  CHECK_THROWS_WITH(other.load(file.path), contains(file.path) && contains("not part of this run"));
  CHECK(step == 7);
  std::ofstream(file.path, std::ios::in | std::ios::out).seekp(200).put('~');
  CHECK_THROWS_AS(run.state.load(file.path), FileError);
  CHECK_THROWS_AS(run.state.load(file.path + ".none"), FileError);
}

TEST_CASE("parts need names of their own", "[optim]") {
  TrainingState state;
  int64_t step = 0;
  double best = 0;
  state("step", step);
  for (const char* name : {"", "a.b", "notes", "format", "step"}) CHECK_THROWS_AS(state(name, best), ValueError);
}
