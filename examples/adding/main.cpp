// adding: two numbers of a long sequence are marked; a network is to name their sum or their product.
//
//   adding --task addition|multiplication --model feed-forward|unweighted|lstmn|lstm --length 50 ...
//
// The data, the initial weights, validation and test draw from separate streams of one seed; the checkpoint that is
// tested is the best in validation.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/adding/models.h"
#include "examples/adding/problem.h"
#include "examples/common/command_line.h"
#include "examples/common/header_line.h"
#include "examples/common/optimizers.h"
#include "examples/common/picture.h"
#include "examples/common/tensor_grid.h"
#include "examples/common/train_loop.h"

namespace fovea::examples {
namespace {

struct Options {
  std::string model = "feed-forward";
  int64_t length = 50;
  int64_t hidden = 100;
  double clip = 5;
  double decay = 0.5;
  int64_t decay_every = 1000;
  int64_t validate_every = 250;
  int64_t enough = 4;
  int64_t test_sequences = 2000;
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

class Run {
 public:
  Run(const CommandLine& line, const RunOptions& run, const Options& options)
      : run_(run),
        options_(options),
        root_(run.seed),
        initial_(root_.fork(1)),
        data_(root_.fork(2)),
        model_(as_asked([&] { return make_model(options, initial_); })),
        optimizer_(make_optimizer(run.optimizer, parameters(*model_), run.learning_rate)),
        schedule_(*optimizer_, {.every = options.decay_every, .gamma = options.decay}),
        loop_(line, run,
              {.extra_name = "wrong %", .validate_every = options.validate_every, .enough = options.enough}) {
    loop_.state()("model", *model_)("optimizer", *optimizer_)("schedule", schedule_)("data", data_);
    print_header(line.name(), run.task, run.seed, *model_);
  }

  // False after Ctrl-C. Afterwards the model is the best by validation.
  bool train() {
    const auto validated = [this] { return 100 - right(1000, root_.fork(3)); };
    return loop_.run(
        *model_, [this] { return step(); }, validated);
  }

  void report(const std::string& name) {
    Summary summary{name, run_.task, run_.seed, num_threads(), loop_.step(), loop_.seconds(), parameter_count(*model_),
                    {}};
    const double found = right(options_.test_sequences, root_.fork(4));
    fmt::print("{} fresh sequences of {} steps and some: {:.2f} % of the answers less than {} off\n",
               options_.test_sequences, options_.length, found, near_enough);
    summary.metrics = {{"right_percent", found}, {"best_step", static_cast<double>(loop_.best_step())}};
    loop_.folder().write_summary(summary);
    draw();
  }

 private:
  bool multiply() const { return run_.task == "multiplication"; }

  StepReport step() {
    const Sequences fresh = make_sequences(multiply(), run_.batch, options_.length, data_);
    optimizer_->zero_grad();
    const Tensor answers = (*model_)(fresh.x, fresh.lengths), loss = mse_loss(answers, fresh.target);
    loss.backward();
    clip_grad_norm_(optimizer_->parameters(), options_.clip);
    optimizer_->step();
    schedule_.step();
    const NoGrad guard;
    return {loss.item(), 100 - percent_right(answers, fresh.target)};
  }

  double right(int64_t count, Generator generator) {
    const NoGrad guard;
    double sum = 0;
    for (int64_t done = 0; done < count;) {
      const Sequences fresh =
          make_sequences(multiply(), std::min<int64_t>(200, count - done), options_.length, generator);
      const int64_t sequences = fresh.x.size(0);
      sum += percent_right((*model_)(fresh.x, fresh.lengths), fresh.target) * static_cast<double>(sequences);
      done += sequences;
    }
    return sum / static_cast<double>(count);
  }

  void draw() {
    const std::filesystem::path folder = loop_.folder().path();
    const MetricsTable metrics = read_metrics(folder / "metrics.csv");
    write_line_chart(folder / "loss.png", {.title = fmt::format("{}, {}: loss", run_.task, options_.model),
                                           .x_title = "step",
                                           .y_title = "squared error",
                                           .series = {{"loss", metrics.column("step"), metrics.column("loss")}},
                                           .log_y = true,
                                           .smoothing = 0.6});
    draw_weights(folder / "attention.png");
    fmt::print("pictures, metrics.csv and summary.json are in {}\n", folder.string());
  }

  // One sequence: its numbers, its marks, and what the network attends to.
  void draw_weights(const std::filesystem::path& file) {
    const NoGrad guard;
    Generator generator = root_.fork(5);
    const Sequences one = make_sequences(multiply(), 1, options_.length, generator);
    name_paths(*model_);
    const WeightCollector collected;
    const double answer = (*model_)(one.x, one.lengths).item();
    const auto row = [&](int64_t feature) { return grid_of(select(select(one.x, 0, 0), 1, feature)); };
    HeatmapPicture picture{.title = fmt::format("answer {:.3f}, right {:.3f}", answer, one.target.item())};
    picture.panels.push_back({.grid = row(0), .title = "numbers", .row_labels = {"v"}});
    picture.panels.push_back({.grid = row(1), .title = "marks", .row_labels = {"m"}});
    for (const auto& [name, list] : collected.weights()) {
      Heatmap weights{.grid = grid_of(select(collected.over_time(name), 0, 0)), .column_title = "step"};
      if (name == "lstmn") {
        weights.title = "what each step reads of its tape";
        weights.row_title = "step that reads";
        for (int64_t t = 1; t <= weights.grid.rows; ++t) weights.row_labels.push_back(std::to_string(t));
      } else {
        weights.title = "weights";
        weights.row_labels = {"α"};
      }
      picture.panels.push_back(std::move(weights));
    }
    write_heatmaps(file, picture);
  }

  RunOptions run_;
  Options options_;
  Generator root_, initial_, data_;
  Box<Answerer> model_;
  std::unique_ptr<Optimizer> optimizer_;
  StepDecay schedule_;
  TrainLoop loop_;
};

int start(int argc, char** argv) {
  RunOptions run{.task = "addition", .threads = 1, .steps = 5000, .batch = 100, .learning_rate = 3e-3};
  Options options;
  CommandLine line({.name = "adding",
                    .description = "A network finds the two marked numbers of a sequence and adds them.",
                    .tasks = {"addition", "multiplication"}},
                   run);
  line.add("model", &options.model, "network", one_of({"feed-forward", "unweighted", "lstmn", "lstm"}));
  line.add("length", &options.length, "least length of a sequence; the greatest is a tenth more", whole(20, 100000));
  line.add("hidden", &options.hidden, "size of a state", whole(1, 4096));
  line.add("clip", &options.clip, "largest norm of the gradient", positive());
  line.add("decay", &options.decay, "what the rate is multiplied by now and then", real(0.01, 1));
  line.add("decay-every", &options.decay_every, "steps between that", whole(1, 1000000000));
  line.add("validate-every", &options.validate_every, "steps between validations", whole(1, 1000000000));
  line.add("enough", &options.enough, "stop after this many perfect validations in a row; 0: never", whole(0, 1000000));
  line.add("test-sequences", &options.test_sequences, "fresh sequences of the test", whole(1, 1000000),
           CommandLine::OnResume::may_change);
  return run_program(line, argc, argv, [&] {
    set_num_threads(static_cast<int>(run.threads));
    return train_and_report(Run(line, run, options), line.name());
  });
}

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) { return fovea::examples::start(argc, argv); }
