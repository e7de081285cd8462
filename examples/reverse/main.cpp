// reverse: a decoder with attention learns to say a string backwards, and shows where it looks. Beside it, on the same
// strings, learns the same network without attention.
//
//   reverse --task reverse|copy|sort --model rnnsearch|luong|encoder-decoder|transformer --score additive --align soft
//   ...
//
// The data, the initial weights, what hard attention draws, validation and test come from separate streams of one seed.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include <cmath>

#include "examples/common/command_line.h"
#include "examples/common/header_line.h"
#include "examples/common/optimizers.h"
#include "examples/common/picture.h"
#include "examples/common/train_loop.h"
#include "examples/reverse/evaluation.h"
#include "examples/reverse/hard.h"
#include "examples/reverse/model.h"
#include "examples/reverse/task.h"

namespace fovea::examples {
namespace {

struct Options {
  ModelOptions model{};
  HardOptions hard{};
  int64_t letters = 26, length = 30, first_length = 5;
  double clip = 1;
  double sharpen = 0.2;  // weight of the entropy of the attention's weights in the loss
  int64_t halve = 0;     // steps after which the rate is halved, again and again; 0: the alignment's own
  int64_t validate_every = 0;
  int64_t enough = 0;
  bool compare = true;  // with the same network without attention
  std::vector<int64_t> test_lengths{5, 10, 15, 20, 25, 30, 40};
  int64_t test_sequences = 1000;
};

// Of the weights of each step, [B, U].
Tensor entropy_of(const SequenceOutput& taught) {
  if (taught.entropy.defined()) return taught.entropy;
  return neg(sum(taught.weights * log(taught.weights + 1e-8), -1));
}

// A model, its optimiser and what it has learned of a moving baseline.
struct Learner {
  Learner(const RunOptions& run, const Options& options, const ModelOptions& own, int64_t vocabulary,
          Generator& initial)
      : model(as_asked([&] { return make_model(own, vocabulary, initial); })),
        optimizer(make_optimizer(run.optimizer, parameters(*model), run.learning_rate)),
        schedule(*optimizer, {.every = options.halve, .gamma = 0.5}) {
    name_paths(*model);
  }
  // One update; returns its cross-entropy. The entropy of the weights, times `sharpen`, makes a soft attention decide
  // for one letter: what it has said it knows, so a share of the weight left on that would cost it nothing.
  double learn(const Strings& strings, const HardOptions& hard, double clip, Generator& draws, double sharpen) {
    optimizer->zero_grad();
    expect(warming(hard) ? 1 : hard.expectation);
    const SequenceOutput taught = (*model)(strings.source, {}, strings.heard, {.generator = draws});
    Tensor loss = answer_loss(taught, strings.target, hard, baseline);
    if (sharpen > 0 && taught.weights.defined()) loss = loss + mean(entropy_of(taught)) * sharpen;
    loss.backward();
    clip_grad_norm_(optimizer->parameters(), clip);
    optimizer->step();
    schedule.step();
    return cross_entropy(taught.logits.detach(), strings.target).item();
  }

  // Share of the steps in which hard attention reads its expectation.
  void expect(double share) {
    for_each_module<Hard>(*model, [share](Hard& each) { each.set_expectation(share); });
  }
  bool warming(const HardOptions& hard) const { return schedule.steps() < hard.warm; }

  std::unique_ptr<SequenceModel> model;
  std::unique_ptr<Optimizer> optimizer;
  StepDecay schedule;
  double baseline = 0;
};

class Run {
 public:
  Run(const CommandLine& line, const RunOptions& run, const Options& options)
      : run_(run),
        options_(options),
        task_(run.task, options.letters),
        root_(run.seed),
        initial_(root_.fork(1)),
        data_(root_.fork(2)),
        draws_(root_.fork(6)),
        main_(run, options, options.model, task_.vocabulary(), initial_),
        reached_(std::min(options.first_length, options.length)),
        loop_(line, run,
              {.extra_name = options.compare ? "loss without attention" : "longest string",
               .unit = "strings",
               .validate_every = options.validate_every,
               .enough = options.enough,
               .good_score = 0.03}) {
    loop_.state()("model", *main_.model)("optimizer", *main_.optimizer)("schedule", main_.schedule)("data", data_)(
        "draws", draws_)("baseline", main_.baseline)("reached", reached_);
    if (options.compare) {
      ModelOptions plain = options.model;
      plain.model = "encoder-decoder";
      without_.emplace(run, options, plain, task_.vocabulary(), initial_);
      loop_.state()("without", *without_->model)("without_optimizer", *without_->optimizer)("without_schedule",
                                                                                            without_->schedule);
    }
    print_header(line.name(), run.task, run.seed, *main_.model);
  }

  // False after Ctrl-C. Afterwards the model is the best by validation.
  bool train() {
    return loop_.run(
        *main_.model, [this] { return step(); }, [this] { return validated(); });
  }

  void report(const std::string& name) {
    main_.model->eval();
    Summary summary{
        name, run_.task, run_.seed, num_threads(), loop_.step(), loop_.seconds(), parameter_count(*main_.model), {}};
    Summary::Figures exact, alignment, without;
    double at_longest = 0;
    for (int64_t length : options_.test_lengths) {
      const Rightness found = evaluate(*main_.model, task_, length, options_.test_sequences, root_.fork(4));
      exact.emplace_back(std::to_string(length), found.exact_percent);
      alignment.emplace_back(std::to_string(length), found.alignment_percent);
      if (length <= options_.length) at_longest = found.alignment_percent;
      fmt::print("length {:>3}: {:5.1f} % of strings right, {:.1f} % of the weight on the right letter", length,
                 found.exact_percent, found.alignment_percent);
      if (without_) {
        const Rightness plain = evaluate(*without_->model, task_, length, options_.test_sequences, root_.fork(4));
        without.emplace_back(std::to_string(length), plain.exact_percent);
        fmt::print("; without attention {:5.1f} % right", plain.exact_percent);
      }
      fmt::print("\n");
    }
    summary.metrics = {{"exact_percent", exact}, {"alignment_percent", at_longest}};
    summary.metrics.emplace_back("alignment_percent_by_length", alignment);
    if (without_) summary.metrics.emplace_back("exact_percent_without_attention", without);
    if (options_.model.align == "hard") summary.metrics.emplace_back("gradient_variance", variances());
    summary.metrics.emplace_back("best_step", static_cast<double>(loop_.best_step()));
    loop_.folder().write_summary(summary);
    draw(exact, without);
  }

 private:
  // Strings grow as the model does: a length is drawn up to the longest reached, which grows while the loss is small.
  StepReport step() {
    const int64_t length = std::max(data_.randint(1, reached_ + 1), data_.randint(1, reached_ + 1));
    const Strings strings = task_.make(run_.batch, length, data_);
    HardOptions hard = options_.hard;
    if (options_.model.align != "hard" || main_.warming(hard)) hard.baseline = "none";  // nothing is drawn
    const double loss = main_.learn(repeated(strings, hard), hard, options_.clip, draws_, options_.sharpen);
    if (loss < 0.3 && 2 * length > reached_ && reached_ < options_.length) ++reached_;
    const double plain = without_ ? without_->learn(strings, options_.hard, options_.clip, draws_, 0) : 0;
    return {loss, without_ ? plain : static_cast<double>(reached_)};
  }

  double validated() {
    main_.model->eval();
    const Rightness found = evaluate(*main_.model, task_, options_.length, 200, root_.fork(3));
    main_.model->train();
    const double wrong = 100 - found.exact_percent;
    const double astray = std::isnan(found.alignment_percent) ? 0 : 100 - found.alignment_percent;
    return wrong + 0.01 * astray;
  }

  Summary::Figures variances() {
    main_.model->train();
    main_.expect(0);
    Generator data = root_.fork(7);
    std::vector<Tensor> watched;
    for (const auto& [name, parameter] : named_parameters(*main_.model))
      if (name.find("attention") == 0) watched.push_back(parameter);
    const Strings strings = task_.make(run_.batch, options_.length, data);
    Summary::Figures found = gradient_variance(*main_.model, watched, strings, options_.hard, 100, root_.fork(8));
    main_.model->eval();
    for (const auto& [name, value] : found) fmt::print("gradient's variance, baseline {:<14} {:.4g}\n", name, value);
    return found;
  }

  void draw(const Summary::Figures& exact, const Summary::Figures& without) {
    const std::filesystem::path folder = loop_.folder().path();
    const MetricsTable metrics = read_metrics(folder / "metrics.csv");
    std::vector<Series> losses{{"with attention", metrics.column("step"), metrics.column("loss")}};
    if (without_)
      losses.push_back({"without attention", metrics.column("step"), metrics.column("loss without attention")});
    write_line_chart(folder / "loss.png", {.title = fmt::format("{}: loss", run_.task),
                                           .x_title = "step",
                                           .y_title = "cross-entropy a letter, nats",
                                           .series = losses,
                                           .log_y = true,
                                           .smoothing = 0.9});
    const auto by_length = [](const std::string& name, const Summary::Figures& figures) {
      Series series{.name = name};
      for (const auto& [length, percent] : figures) {
        series.x.push_back(std::stod(length));
        series.y.push_back(percent);
      }
      return series;
    };
    const bool attends = options_.model.model != "encoder-decoder";
    std::vector<Series> accuracy{by_length(attends ? "with attention" : "without attention", exact)};
    if (without_) accuracy.push_back(by_length("without attention", without));
    write_line_chart(folder / "accuracy.png", {.title = fmt::format("{}: whole strings right, trained up to length {}",
                                                                    run_.task, options_.length),
                                               .x_title = "length of the string",
                                               .y_title = "strings right, %",
                                               .series = accuracy,
                                               .y_low = 0,
                                               .y_high = 100});
    show_attention(*main_.model, task_, std::min<int64_t>(options_.length, 20), root_.fork(5), folder, run_.quiet);
    fmt::print("pictures, metrics.csv and summary.json are in {}\n", folder.string());
  }

  RunOptions run_;
  Options options_;
  LetterTask task_;
  Generator root_, initial_, data_, draws_;
  Learner main_;
  std::optional<Learner> without_;
  int64_t reached_;  // length that the training strings have grown to
  TrainLoop loop_;
};

void add_flags(CommandLine& line, Options& options) {
  ModelOptions& model = options.model;
  HardOptions& hard = options.hard;
  line.add("model", &model.model, "model", one_of({"rnnsearch", "luong", "encoder-decoder", "transformer"}));
  line.add("score", &model.score, "score of the attention", one_of(score_names()));
  line.add("align", &model.align, "how scores become weights", one_of(align_names()));
  line.add("cell", &model.cell, "recurrent cell", one_of({"gru", "lstm"}));
  line.add("hidden", &model.hidden, "size of the states and of the attention", whole(4, 4096));
  line.add("embedding", &model.embedding, "size of a letter's embedding", whole(1, 4096));
  line.add("encoder", &model.encoder, "size of rnnsearch's encoder in each direction; 0: as hidden", whole(0, 4096));
  line.add("layers", &model.layers, "layers, of luong, encoder-decoder and transformer", whole(1, 16));
  line.add("window", &model.window, "half the width of a local attention's window", positive());
  line.add("embeddings", &model.embeddings, "rnnsearch: read the letters' embeddings, not the encoder's states");
  line.add("feeding", &model.feeding, "luong: feed the last attentional state");
  line.add("letters", &options.letters, "size of the alphabet", whole(2, 10000));
  line.add("length", &options.length, "longest training string", whole(1, 1000));
  line.add("first-length", &options.first_length, "longest training string at first", whole(1, 1000));
  line.add("sharpen", &options.sharpen, "weight of the entropy of the attention's weights in the loss", real(0, 1000));
  line.add("baseline", &hard.baseline, "hard: baseline", one_of({"none", "moving", "leave-one-out"}));
  line.add("draws", &hard.draws, "hard: draws a string for leave-one-out", whole(2, 64));
  line.add("discount", &hard.discount, "hard: share of later rewards", real(0, 1));
  line.add("score-weight", &hard.weight, "hard: weight of the score-function term", real(0, 1000));
  line.add("expectation", &hard.expectation, "hard: share of steps that read the expectation and draw nothing",
           real(0, 1));
  line.add("warm", &hard.warm, "hard: updates before the first draw, in which all steps read the expectation",
           whole(0, 1000000000));
  line.add("entropy", &hard.entropy, "hard: weight of the entropy", real(0, 1000));
  line.add("compare", &options.compare, "train the network without attention beside it");
  line.add("clip", &options.clip, "largest norm of the gradient", positive());
  line.add("halve", &options.halve, "steps after which the rate is halved, again and again; 0: the alignment's own",
           whole(0, 1000000000));
  line.add("validate-every", &options.validate_every, "steps between validations; 0: the alignment's own",
           whole(0, 1000000000));
  line.add("enough", &options.enough, "stop after this many validations in a row all but perfect; 0: never",
           whole(0, 1000000));
  line.add("test-lengths", &options.test_lengths, "lengths to test", whole(1, 1000));
  line.add("test-sequences", &options.test_sequences, "fresh strings a test length", whole(1, 1000000),
           CommandLine::OnResume::may_change);
}

// What was not given: an attention that draws learns more slowly.
void fill_in(RunOptions& run, Options& options) {
  const bool hard = options.model.align == "hard";
  const auto own = [](int64_t& value, int64_t recipe) { value = value == 0 ? recipe : value; };
  own(run.steps, hard ? 18000 : 6000);
  own(options.halve, hard ? 4500 : 1500);
  own(options.validate_every, hard ? 300 : 100);
}

int start(int argc, char** argv) {
  RunOptions run{.task = "reverse", .threads = 1, .steps = 0, .batch = 32, .learning_rate = 3e-3};
  Options options;
  CommandLine line({.name = "reverse",
                    .description = "A decoder with attention learns to say a string backwards. --steps 0: the "
                                   "alignment's own number.",
                    .tasks = {"reverse", "copy", "sort"}},
                   run);
  add_flags(line, options);
  return run_program(line, argc, argv, [&] {
    set_num_threads(static_cast<int>(run.threads));
    fill_in(run, options);
    options.model.longest = std::max(options.model.longest, options.length);
    for (int64_t length : options.test_lengths) options.model.longest = std::max(options.model.longest, length);
    if (options.model.model == "encoder-decoder") options.compare = false;
    return train_and_report(Run(line, run, options), line.name());
  });
}

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) { return fovea::examples::start(argc, argv); }
