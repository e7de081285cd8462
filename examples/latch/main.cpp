// latch: a recurrent cell, any by its name, learns to hold the value of the last mark.
//
//   latch --cell min_gru|gru|lstm|rnn --length 50 --layers 1 ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/grid.h"
#include "examples/common/program.h"
#include "examples/latch/recorded.h"

namespace fovea::examples {
namespace {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "latch", .description = "A recurrent cell learns to hold the value of the last mark."},
                    {.steps = 1500, .batch = 32, .learning_rate = 2e-2, .clip = 1, .validate_every = 250}) {}
  std::string& cell = choice("cell", "recurrent cell", cell_names(), "min_gru");
  int64_t& hidden = whole("hidden", "size of the state", 32, 1, 4096);
  int64_t& layers = whole("layers", "layers of cells", 1, 1, 16);
  int64_t& length = whole("length", "steps of a sequence", 50, 2, 10000);
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 1500, 1));
  double& marks = real("marks", "share of steps that are marked", 0.1, 0, 1);
  int64_t& test_size = may_change(whole("test-size", "fresh sequences of the test", 1000, 1));
};

// h of each step, and a number made of it.
struct Latch final : Module {
  Latch(const Options& o, Generator& generator)
      : cells(o.cell, {.input_size = 2, .hidden_size = o.hidden, .layers = o.layers}, generator),
        output(o.hidden, 1, true, generator) {}
  void members(Members& m) override { m("cells", cells)("output", output); }
  Tensor operator()(const Tensor& x) const { return output(cells(x).output); }  // [B, T, 2] -> [B, T, 1]

  Recurrent cells;
  Linear output;
};

class LatchProgram final : public Program {
 public:
  explicit LatchProgram(const Options& o)
      : Program(o, {.figure = "wrong %", .loss = "squared error"}), o_(o), model_(o, initial) {
    train_with(model_);
    each_step<Cosine>(CosineOptions{.total = o.anneal});
  }

 private:
  StepOutput step() override {
    const Marked fresh = marked_values(o_.batch, o_.length, o_.marks, data);
    const Tensor answers = model_(fresh.x);
    return {mse_loss(answers, fresh.target), {100 - percent_right(answers.detach(), fresh.target)}};
  }

  double right(int64_t count, int64_t length, Generator generator) const {
    const Marked fresh = marked_values(count, length, o_.marks, generator);
    return percent_right(model_(fresh.x), fresh.target);
  }

  double validate() override { return 100 - right(200, o_.length, root.fork(3)); }

  Metrics test() override {
    const double same = right(o_.test_size, o_.length, root.fork(4));
    const double longer = right(o_.test_size, 4 * o_.length, root.fork(6));
    say("{} fresh sequences: {:.2f} % of the answers less than {} off, {:.2f} % in four times as many steps",
        o_.test_size, same, near_enough, longer);
    return {{"right_percent", same}, {"right_percent_4x", longer}};
  }

  // One sequence: its marks, what was answered, and the hidden state over time.
  void draw() override {
    Generator generator = root.fork(5);
    const Marked one = marked_values(1, o_.length, o_.marks, generator);
    const Tensor h = select(model_.cells(one.x).output, 0, 0);  // [T, H]
    const auto row = [](const Tensor& x) { return grid_of(reshape(x, {1, -1})); };
    HeatmapPicture shown{.title = fmt::format("latch, {}", o_.cell)};
    shown.panels.push_back({.grid = row(select(one.x, 2, 0)), .title = "values", .row_labels = {"v"}});
    shown.panels.push_back({.grid = row(select(one.x, 2, 1)), .title = "marks", .row_labels = {"m"}});
    shown.panels.push_back({.grid = row(one.target), .title = "to be answered", .row_labels = {"y"}});
    shown.panels.push_back({.grid = row(model_.output(h)), .title = "answered", .row_labels = {"ŷ"}});
    shown.panels.push_back({.grid = grid_of(transpose(h, 0, 1)), .title = "state", .row_title = "unit"});
    shown.panels.back().column_title = "step";
    picture("state.png", shown);
  }

  void look(Recorder& recorder, const std::string& text) override { record_one(recorder, typed_marked(text)); }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(5);
    record_one(recorder, marked_values(1, o_.length, o_.marks, generator));
  }
  void record_one(Recorder& recorder, const Marked& one) {
    record_marked(
        recorder, [this](const Tensor& x) { return model_.cells(x).output; }, model_.output, one);
  }

  const Options& o_;
  Latch model_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, LatchProgram>(argc, argv);
}
