// adding: two numbers of a long sequence are marked; a network is to name their sum or their product.
//
//   adding --task addition|multiplication --model feed-forward|unweighted|lstmn|lstm --length 50 ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/adding/models.h"
#include "examples/adding/problem.h"
#include "examples/common/grid.h"
#include "examples/common/program.h"

namespace fovea::examples {
namespace {

struct Options : CommandLine {
  Options()
      : CommandLine(
            {.name = "adding",
             .description = "A network finds the two marked numbers of a sequence and adds them.",
             .tasks = {"addition", "multiplication"}},
            {.steps = 5000, .batch = 100, .learning_rate = 3e-3, .clip = 5, .validate_every = 250, .early_stop = 4}) {}
  std::string& model = choice("model", "network", {"feed-forward", "unweighted", "lstmn", "lstm"});
  int64_t& length = whole("length", "least length of a sequence; the greatest is a tenth more", 50, 20, 100000);
  int64_t& hidden = whole("hidden", "size of a state", 100, 1, 4096);
  double& decay = real("decay", "what the rate is multiplied by now and then", 0.5, 0.01, 1);
  int64_t& decay_every = whole("decay-every", "steps between that", 1000, 1);
  int64_t& test_size = may_change(whole("test-size", "fresh sequences of the test", 2000, 1));
};

Box<Answerer> make_model(const Options& o, Generator& generator) {
  if (o.model == "lstmn") return LstmnAnswerer(o.hidden, generator);
  if (o.model == "lstm") return LstmAnswerer(o.hidden, generator);
  return FeedForwardAnswerer(o.hidden, o.model == "unweighted", generator);
}

// Answers that are less than 0.04 off, in percent.
double percent_right(const Tensor& answers, const Tensor& target) {
  return 100 * mean(to(lt(abs(answers - target), scalar(near_enough)), f64)).item();
}

class Adding final : public Program {
 public:
  explicit Adding(const Options& o)
      : Program(o, {.figure = "wrong %", .loss = "squared error", .smoothing = 0.6}),
        o_(o),
        model_(as_asked([&] { return make_model(o, initial); })) {
    train_with(*model_);
    each_step<StepDecay>(StepDecayOptions{.every = o.decay_every, .gamma = o.decay});
  }

 private:
  Sequences draw_sequences(int64_t count, Generator& generator) const {
    return make_sequences(o_.task == "multiplication", count, o_.length, generator);
  }

  StepOutput step() override {
    const Sequences fresh = draw_sequences(o_.batch, data);
    const Tensor answers = (*model_)(fresh.x, fresh.lengths);
    return {mse_loss(answers, fresh.target), {100 - percent_right(answers.detach(), fresh.target)}};
  }

  double right(int64_t count, Generator generator) const {
    double sum = 0;
    in_pieces(count, 200, [&](int64_t some) {
      const Sequences fresh = draw_sequences(some, generator);
      sum += percent_right((*model_)(fresh.x, fresh.lengths), fresh.target) * static_cast<double>(some);
    });
    return sum / static_cast<double>(count);
  }

  double validate() override { return 100 - right(1000, root.fork(3)); }

  Metrics test() override {
    const double found = right(o_.test_size, root.fork(4));
    fmt::print("{} fresh sequences of {} steps and some: {:.2f} % of the answers less than {} off\n", o_.test_size,
               o_.length, found, near_enough);
    return {{"right_percent", found}};
  }

  // One sequence: its numbers, its marks, and what the network attends to.
  void draw() override {
    Generator generator = root.fork(5);
    const Sequences one = draw_sequences(1, generator);
    const WeightCollector collected;
    const double answer = (*model_)(one.x, one.lengths).item();
    const auto row = [&](int64_t feature) { return grid_of(select(select(one.x, 0, 0), 1, feature)); };
    HeatmapPicture shown{.title = fmt::format("answer {:.3f}, right {:.3f}", answer, one.target.item())};
    shown.panels.push_back({.grid = row(0), .title = "numbers", .row_labels = {"v"}});
    shown.panels.push_back({.grid = row(1), .title = "marks", .row_labels = {"m"}});
    for (const auto& [name, list] : collected.weights()) {
      Heatmap weights{.grid = grid_of(select(collected.over_time(name), 0, 0)), .column_title = "step"};
      const bool tape = name == "lstmn";
      weights.title = tape ? "what each step reads of its tape" : "weights";
      if (tape) weights.row_title = "step that reads";
      for (int64_t t = 1; t <= weights.grid.rows; ++t) weights.row_labels.push_back(tape ? std::to_string(t) : "α");
      shown.panels.push_back(std::move(weights));
    }
    picture("attention.png", shown);
  }

  const Options& o_;
  Box<Answerer> model_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Adding>(argc, argv);
}
