// adding: two numbers of a long sequence are marked, and a network is to name their mean or their product; or each
// number has a key, and the last step asks for the number of one of them, or that of the largest key is asked for.
//
//   adding --task addition|multiplication|recall|largest --model feed-forward|unweighted|lstmn|lstm --length 50 ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/adding/options.h"
#include "examples/adding/recorded.h"
#include "examples/common/grid.h"
#include "examples/common/program.h"

namespace fovea::examples {
namespace {

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
    return make_sequences({o_.task, o_.length, o_.max_length}, count, generator);
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
    say("{} fresh sequences of {} to {} numbers: {:.2f} % of the answers less than {} off", o_.test_size, o_.length,
        o_.max_length, found, near_enough);
    return {{"right_percent", found}};
  }

  // One sequence: its numbers, marks and keys, and what the network attends to.
  void draw() override {
    Generator generator = root.fork(5);
    const Sequences one = draw_sequences(1, generator);
    const WeightCollector collected;
    const double answer = (*model_)(one.x, one.lengths).item();
    const Tensor x = transpose(select(one.x, 0, 0), 0, 1);  // [I, T]
    const auto rows = [&](int64_t first, int64_t last) { return grid_of(slice(x, 0, first, last)); };
    HeatmapPicture shown{.title = fmt::format("answer {:.3f}, right {:.3f}", answer, one.target.item())};
    shown.panels.push_back({.grid = rows(0, 1), .title = "numbers", .row_labels = {"v"}});
    const bool largest = o_.task == "largest";
    shown.panels.push_back(
        {.grid = rows(1, 2), .title = largest ? "keys" : "marks", .row_labels = {largest ? "k" : "m"}});
    if (x.size(0) > 2) shown.panels.push_back({.grid = rows(2, x.size(0)), .title = "keys"});
    for (const auto& [name, list] : collected.weights()) {
      Heatmap weights{.grid = grid_of(select(collected.over_time(name), 0, 0)), .column_title = "step"};
      weights.range = {0, value_range(weights.grid).high};
      const bool tape = name == "lstmn";
      weights.title = tape ? "what each step reads of its tape" : "weights";
      if (tape) weights.row_title = "step that reads";
      for (int64_t t = 1; t <= weights.grid.rows; ++t) weights.row_labels.push_back(tape ? std::to_string(t) : "α");
      shown.panels.push_back(std::move(weights));
    }
    picture("attention.png", shown);
  }

  void look(Recorder& recorder, const std::string& text) override {
    record_sequence(recorder, *model_, o_.task, typed_sequence(o_.task, text));
  }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(5);
    record_sequence(recorder, *model_, o_.task, draw_sequences(1, generator));
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
