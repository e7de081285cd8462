// dates: RNNsearch learns to turn dates as people write them into ISO dates, character by character, and shows which
// characters it reads for each that it writes.
//
//   dates --hidden 64 --cell gru ...
//   dates --run DIR --convert "3 May 1979"      a trained model at work; --convert - reads stdin
//
// The days of training, validation and test are different days (dates.h). The checkpoint that is tested is the best by
// validation.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include <iostream>

#include "examples/common/command_line.h"
#include "examples/common/header_line.h"
#include "examples/common/optimizers.h"
#include "examples/common/picture.h"
#include "examples/common/train_loop.h"
#include "examples/dates/converter.h"

namespace fovea::examples {
namespace {

struct Options {
  int64_t hidden = 64, embedding = 32;
  std::string cell = "gru", score = "additive";
  double clip = 1;
  double decay = 0.7;  // of the rate, after a validation with fewer mistakes than one in a hundred
  int64_t validate_every = 200, enough = 4, test = 2000;
  std::string run{}, convert{};
};

RnnSearch make_model(const Options& o, Generator& generator) {
  return RnnSearch({.source_vocabulary = Characters::count(),
                    .embed_dim = o.embedding,
                    .hidden_size = o.hidden,
                    .cell = o.cell,
                    .attention = {.score = o.score, .width = o.hidden}},
                   generator);
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
        optimizer_(make_optimizer(run.optimizer, parameters(model_), run.learning_rate)),
        schedule_(*optimizer_, {.every = 1, .gamma = options.decay}),
        loop_(line, run,
              {.extra_name = "characters right",
               .unit = "dates",
               .validate_every = options.validate_every,
               .enough = options.enough,
               .good_score = 0}) {
    name_paths(model_);
    loop_.state()("model", model_)("optimizer", *optimizer_)("schedule", schedule_)("data", data_);
    print_header(line.name(), "iso", run.seed, model_);
  }

  // False after Ctrl-C. Afterwards the model is the best by validation.
  bool train() {
    return loop_.run(
        model_, [this] { return step(); }, [this] { return validated(); });
  }

  void report(const std::string& name) {
    Generator test = root_.fork(4);
    const double all = exact_percent(model_, draw_pairs(options_.test, Share::test, test));
    fmt::print("{} dates of days held out: {:.2f} % right to the last character\n", options_.test, all);
    Summary::Figures by_form;
    for (int64_t form = 0; form < forms(); ++form) {
      by_form.emplace_back(written(10837, form), exact_percent(model_, draw_pairs(200, Share::test, test, form)));
      fmt::print("  {:<26} {:5.1f} %\n", by_form.back().first, by_form.back().second);
    }
    loop_.folder().write_summary({name,
                                  "iso",
                                  run_.seed,
                                  num_threads(),
                                  loop_.step(),
                                  loop_.seconds(),
                                  parameter_count(model_),
                                  {{"exact_percent", all},
                                   {"exact_percent_by_form", by_form},
                                   {"best_step", static_cast<double>(loop_.best_step())}}});
    draw();
  }

 private:
  StepReport step() {
    const DateBatch batch = batch_of(draw_pairs(run_.batch, Share::training, data_));
    optimizer_->zero_grad();
    const Tensor logits = model_(batch.source, batch.lengths, batch.heard).logits;
    const Tensor loss = cross_entropy(logits, batch.target);
    loss.backward();
    clip_grad_norm_(optimizer_->parameters(), options_.clip);
    optimizer_->step();
    const NoGrad guard;
    return {loss.item(), mean(to(eq(argmax(logits, -1), batch.target), f32)).item()};
  }

  // Percent of wrong dates.
  double validated() {
    Generator fresh = root_.fork(3);
    const double wrong = 100 - exact_percent(model_, draw_pairs(500, Share::validation, fresh));
    if (wrong < 1) schedule_.step();
    return wrong;
  }

  void draw() {
    const std::filesystem::path folder = loop_.folder().path();
    const MetricsTable metrics = read_metrics(folder / "metrics.csv");
    write_line_chart(folder / "loss.png", {.title = "dates: loss",
                                           .x_title = "step",
                                           .y_title = "cross-entropy a character, nats",
                                           .series = {{"loss", metrics.column("step"), metrics.column("loss")}},
                                           .log_y = true,
                                           .smoothing = 0.9});
    Generator test = root_.fork(5);
    std::vector<std::string> dates;
    for (int64_t form : {2, 6, 4, 9}) dates.push_back(draw_pairs(1, Share::test, test, form).front().first);
    draw_attention(model_, dates, folder / "attention.png");
    fmt::print("attention.png, loss.png, metrics.csv and summary.json are in {}\n", folder.string());
  }

  RunOptions run_;
  Options options_;
  Generator root_, initial_, data_;
  RnnSearch model_;
  std::unique_ptr<Optimizer> optimizer_;
  StepDecay schedule_;
  TrainLoop loop_;
};

// --run DIR --convert: the model comes from the run's folder.
int convert_dates(const Options& options) {
  RnnSearch model = make_model(options, default_generator());
  load(model, (std::filesystem::path(options.run) / "best.safetensors").string());
  const auto say = [&](const std::string& text) {
    if (text.empty()) throw ValueError("--convert: nothing to convert; need a date such as \"3 May 1979\"");
    fmt::print("{}\n", convert(model, {text}).front());
    std::fflush(stdout);
  };
  if (options.convert != "-") {
    say(options.convert);
    return 0;
  }
  for (std::string text; std::getline(std::cin, text);) say(text);
  return 0;
}

int start(int argc, char** argv) {
  RunOptions run{.task = "iso", .threads = 1, .steps = 6000, .batch = 64, .learning_rate = 2e-3};
  Options options;
  CommandLine line({.name = "dates",
                    .description = "RNNsearch learns to turn dates as people write them into ISO dates.",
                    .tasks = {}},
                   run);
  line.add("hidden", &options.hidden, "size of the states and of the attention", whole(2, 4096));
  line.add("embedding", &options.embedding, "size of a character's embedding", whole(1, 4096));
  line.add("cell", &options.cell, "recurrent cell", one_of({"gru", "lstm"}));
  line.add("score", &options.score, "score of the attention", one_of({"additive", "general", "concat"}));
  line.add("clip", &options.clip, "largest norm of the gradient", positive());
  line.add("decay", &options.decay, "what the rate is multiplied by after a good validation", real(0.01, 1));
  line.add("validate-every", &options.validate_every, "steps between validations", whole(1, 1000000000));
  line.add("enough", &options.enough, "stop after this many validations in a row without a mistake; 0: never",
           whole(0, 1000000));
  line.add("test", &options.test, "dates of the test", whole(1, 1000000), CommandLine::OnResume::may_change);
  line.add("convert", &options.convert, "convert this date, or each line of stdin (-); with --run");
  line.add("run", &options.run, "folder of the trained run that --convert uses");
  return run_program(line, argc, argv, [&] {
    set_num_threads(static_cast<int>(run.threads));
    if (options.run.empty() != options.convert.empty())
      throw UsageError("--convert needs --run DIR, the folder of a trained run, and --run needs --convert");
    if (!options.run.empty()) {
      line.parse_as_run(options.run, argc, argv);
      return convert_dates(options);
    }
    return train_and_report(Run(line, run, options), line.name());
  });
}

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) { return fovea::examples::start(argc, argv); }
