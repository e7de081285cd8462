// copy: a Neural Turing Machine learns one of the tasks of its paper, and shows where it reads and writes.
//
//   copy --task copy|repeat-copy|recall|ngrams|sort --controller lstm|ff --heads 1 --memory 128x20 --length 20 ...
//
// Sort has defaults of its own: heads that can go to any slot at once, for which the slots must differ at the start.
// The data, the initial weights, validation and test draw from separate streams of one seed. The checkpoint that is
// tested is the best by sequences of validation: of lengths up to the longest trained, and of one beyond it.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include <charconv>
#include <optional>

#include "examples/common/command_line.h"
#include "examples/common/header_line.h"
#include "examples/common/optimizers.h"
#include "examples/common/picture.h"
#include "examples/common/train_loop.h"
#include "examples/copy/evaluation.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {
namespace {

struct Options {
  std::string controller = "lstm";
  int64_t heads = 1, hidden = 100, length = 0;
  std::string memory = "128x20", memory_start = "constant";
  double clip = 10;
  double decay = 0.95;  // of the rate
  std::string decay_after = "perfect";
  double average = 0.999;
  double eps = 0;
  int64_t grown_batch = 8;
  int64_t curriculum = 0;
  int64_t validate_every = 1000;
  int64_t enough = 12;
  int64_t patience = -1;
  std::vector<int64_t> test_lengths{};
  int64_t test_sequences = 1000;
};

struct MemorySize {
  int64_t slots = 0, width = 0;
};
constexpr int64_t most_memory = 1 << 20;  // numbers; every step of a sequence keeps some memories

// "128x20" is 128 slots of width 20; nothing where it is no such text.
std::optional<MemorySize> memory_size(std::string_view text) {
  const char* const end = text.data() + text.size();
  MemorySize size;
  const auto first = std::from_chars(text.data(), end, size.slots);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != 'x') return {};
  const auto second = std::from_chars(first.ptr + 1, end, size.width);
  if (second.ec != std::errc() || second.ptr != end || size.slots < 1 || size.width < 1) return {};
  if (size.slots > most_memory / size.width) return {};
  return size;
}

Rule memory_rule() {
  return {fmt::format("slots x width, such as 128x20, of at most {} numbers", most_memory),
          [](std::string_view text) { return memory_size(text).has_value(); }};
}

NeuralTuringMachine make_model(const Options& options, const Task& task, Generator& generator) {
  const MemorySize memory = memory_size(options.memory).value();
  return NeuralTuringMachine({.input_size = task.inputs(),
                              .output_size = task.outputs(),
                              .controller = options.controller == "ff" ? "feed_forward" : options.controller,
                              .hidden_size = options.hidden,
                              .slots = memory.slots,
                              .width = memory.width,
                              .heads = options.heads,
                              .learned_memory = options.memory_start == "learned"},
                             generator);
}

struct Validation {
  double score = 0;
  double wrong = 0;   // percent of the sequences up to the longest training length; NaN where none can be perfect
  double beyond = 0;  // percent of the bits at the length beyond it
};

// Wrong sequences up to the longest training length, and wrong bits beyond it. Cross-entropy decides between
// checkpoints that are equal in these, and is the whole score where no predictor can be perfect.
Validation validate(const NeuralTuringMachine& model, const Task& task, int64_t longest, const Generator& generator) {
  const Errors beyond = evaluate(model, task, task.validation_length(longest), 50, generator.fork(1));
  if (!std::isnan(beyond.optimum)) return {beyond.bits_per_sequence - beyond.optimum, std::nan(""), 0};
  double score = beyond.wrong_bits_percent + 1e-3 * beyond.bits_per_sequence, wrong = 0;
  const auto trained = task.one_length() ? std::vector{longest} : std::vector{longest / 4, longest / 2, longest};
  for (int64_t length : trained) {
    const Errors inside =
        evaluate(model, task, std::max(length, task.shortest()), 300, generator.fork(static_cast<uint64_t>(length)));
    score += inside.wrong_sequences_percent + 0.1 * inside.bits_per_sequence;
    wrong += inside.wrong_sequences_percent / static_cast<double>(trained.size());
  }
  return {score, wrong, beyond.wrong_bits_percent};
}

// One run: the model, what trains it, and what is drawn at random.
class Run {
 public:
  Run(const CommandLine& line, const RunOptions& run, const Options& options)
      : run_(run),
        options_(options),
        task_(make_task(run.task)),
        longest_(options.length > 0 ? options.length : task_->longest_training()),
        root_(run.seed),
        initial_(root_.fork(1)),
        data_(root_.fork(2)),
        model_(as_asked([&] { return make_model(options, *task_, initial_); })),
        averaged_(clone(model_)),
        average_(model_, averaged_, options.average),
        optimizer_(make_optimizer(run.optimizer, parameters(model_), run.learning_rate, eps_of(options))),
        schedule_(*optimizer_, {.every = 1, .gamma = options.decay}),
        fresh_optimizer_(optimizer_->saved_state()),
        fresh_schedule_(schedule_.saved_state()),
        loop_(line, run,
              {.extra_name = "bit errors",
               .validate_every = options.validate_every,
               .enough = options.enough,
               .good_score = 0.01}) {
    loop_.state()("model", model_)("averaged", averaged_)("average", average_)("optimizer", *optimizer_)(
        "schedule", schedule_)("data", data_)("initial", initial_)("began", began_)("learned", learned_);
    print_header(line.name(), run.task, run.seed, model_);
  }

  // False after Ctrl-C. Afterwards the averaged model is the best by validation.
  bool train() {
    return loop_.run(
        averaged_, [this] { return step(); }, [this] { return validated(); });
  }

  void report(const std::string& name) {
    Summary summary{name, run_.task, run_.seed, num_threads(), loop_.step(), loop_.seconds(), parameter_count(model_),
                    {}};
    Summary::Figures wrong_bits, wrong_sequences, bits, optimum;
    for (int64_t length : options_.test_lengths.empty() ? task_->test_lengths() : options_.test_lengths) {
      const Errors errors = evaluate(averaged_, *task_, length, options_.test_sequences, root_.fork(4));
      wrong_bits.emplace_back(std::to_string(length), errors.wrong_bits_percent);
      wrong_sequences.emplace_back(std::to_string(length), errors.wrong_sequences_percent);
      bits.emplace_back(std::to_string(length), errors.bits_per_sequence);
      if (!std::isnan(errors.optimum)) optimum.emplace_back(std::to_string(length), errors.optimum);
      fmt::print("length {:>4}: {:.3f} % wrong bits, {:.1f} % wrong sequences, {:.2f} bits a sequence{}\n", length,
                 errors.wrong_bits_percent, errors.wrong_sequences_percent, errors.bits_per_sequence,
                 std::isnan(errors.optimum) ? "" : fmt::format(" (optimum {:.2f})", errors.optimum));
    }
    summary.metrics = {
        {"wrong_bits_percent", wrong_bits}, {"wrong_sequences_percent", wrong_sequences}, {"bits_per_sequence", bits}};
    if (!optimum.empty()) summary.metrics.emplace_back("optimum_bits_per_sequence", optimum);
    summary.metrics.emplace_back("best_step", static_cast<double>(loop_.best_step()));
    loop_.folder().write_summary(summary);
    draw();
  }

 private:
  StepReport step() {
    const int64_t batch = learned_ != 0 ? std::max(run_.batch, options_.grown_batch) : run_.batch;
    const bool any_length = loop_.step() < options_.curriculum;
    const int64_t length =
        any_length ? data_.randint(task_->shortest(), longest_ + 1) : task_->draw_length(longest_, data_);
    const Batch fresh = task_->make(batch, length, data_);
    optimizer_->zero_grad();
    const Tensor logits = model_(fresh.input, fresh.target.size(1));
    const Tensor loss = binary_cross_entropy_with_logits(logits, fresh.target);
    loss.backward();
    clip_grad_norm_(optimizer_->parameters(), options_.clip);
    optimizer_->step();
    average_.update();
    const NoGrad guard;
    const Tensor wrong = ne(gt(logits, zeros_like(logits)), gt(fresh.target, full({}, 0.5)));
    return {loss.item(), sum(to(wrong, f32)).item() / static_cast<double>(batch), batch};
  }

  static std::optional<double> eps_of(const Options& options) {
    return options.eps > 0 ? std::optional(options.eps) : std::nullopt;
  }

  // The rate falls with every validation, or those that find nothing wrong: in small steps rare mistakes go away.
  double validated() {
    const Validation found = validate(averaged_, *task_, longest_, root_.fork(3));
    if (learned_ == 0 && found.wrong < 50) learned_ = loop_.step();
    if (found.wrong == 0 || options_.decay_after == "every") schedule_.step();
    if (options_.patience > 0 && hopeless(found)) draw_anew();
    return found.score;
  }

  // Weights that get most sequences wrong after `patience` steps are learning to do without the memory, and those that
  // are lost on longer sequences after half as many further ones address it in a way that ends with the training
  // length.
  bool hopeless(const Validation& found) const {
    const int64_t step = loop_.step();
    if (learned_ == 0) return step - began_ >= options_.patience;
    const int64_t since = step - learned_ - options_.patience / 2;
    return since >= 0 && since < options_.validate_every && found.beyond > 1;
  }

  void draw_anew() {
    loop_.note(fmt::format("step {}: the weights do not find the way and are drawn anew", loop_.step()));
    began_ = loop_.step();
    learned_ = 0;
    const NeuralTuringMachine again = make_model(options_, *task_, initial_);
    load_state(model_, state(again));
    average_.restart();
    optimizer_->load_state(fresh_optimizer_);
    schedule_.load_state(fresh_schedule_);
  }

  void draw() {
    const std::filesystem::path folder = loop_.folder().path();
    const MetricsTable metrics = read_metrics(folder / "metrics.csv");
    write_line_chart(folder / "loss.png", {.title = fmt::format("{}: loss", run_.task),
                                           .x_title = "step",
                                           .y_title = "cross-entropy a bit, nats",
                                           .series = {{"loss", metrics.column("step"), metrics.column("loss")}},
                                           .log_y = true,
                                           .smoothing = 0.9});
    show(averaged_, *task_, longest_, root_.fork(5), folder, run_.quiet);
    fmt::print("pictures, metrics.csv and summary.json are in {}\n", folder.string());
  }

  RunOptions run_;
  Options options_;
  std::unique_ptr<Task> task_;
  int64_t longest_;
  Generator root_, initial_, data_;
  NeuralTuringMachine model_, averaged_;
  WeightAverage average_;
  std::unique_ptr<Optimizer> optimizer_;
  StepDecay schedule_;
  SavedState fresh_optimizer_, fresh_schedule_;
  int64_t began_ = 0, learned_ = 0;  // steps at which these weights began, and first had half of it right
  TrainLoop loop_;
};

void add_flags(CommandLine& line, Options& options) {
  constexpr auto may_change = CommandLine::OnResume::may_change;
  line.add("controller", &options.controller, "the network that steers the heads", one_of({"lstm", "ff"}));
  line.add("heads", &options.heads, "read heads, and as many write heads", whole(1, 32));
  line.add("hidden", &options.hidden, "size of the controller", whole(1, 4096));
  line.add("memory", &options.memory, "slots x width of the memory", memory_rule());
  line.add("memory-start", &options.memory_start, "the memory before the first step: the same everywhere, or learned",
           one_of({"constant", "learned"}));
  line.add("length", &options.length, "longest training sequence; 0: the task's own", whole(0, 10000));
  line.add("clip", &options.clip, "largest norm of the gradient", positive());
  line.add("decay", &options.decay, "what the rate is multiplied by after a validation", real(0.01, 1));
  line.add("decay-after", &options.decay_after,
           "validations that the rate falls after: those without a mistake, or all", one_of({"perfect", "every"}));
  line.add("eps", &options.eps,
           "what the optimizer adds to a gradient's size; a large one lets a solved task rest; 0: 1e-5, or 1e-4 of "
           "rmsprop-graves; sgd has none",
           real(0, 1));
  line.add("average", &options.average, "decay of the moving average of the weights, which is what is tested; 0: none",
           real(0, 0.999999));
  line.add("grown-batch", &options.grown_batch,
           "sequences a step once most are right: single ones find the way, many find the rare mistakes",
           whole(1, 1 << 20));
  line.add("curriculum", &options.curriculum,
           "steps with sequences of all lengths at first, for a task that is else trained on the longest alone",
           whole(0, 1000000000));
  line.add("validate-every", &options.validate_every, "steps between validations", whole(1, 1000000000));
  line.add("enough", &options.enough, "stop after this many all but perfect validations in a row; 0: never",
           whole(0, 1000000));
  line.add("test-lengths", &options.test_lengths, "lengths to test; default: the task's own", whole(1, 10000),
           may_change);
  line.add("test-sequences", &options.test_sequences, "fresh sequences a test length", whole(1, 1000000), may_change);
  line.add("patience", &options.patience,
           "steps after which weights that do not find the way are drawn anew; 0: never, -1: the task's own",
           whole(-1, 1000000000));
}

// What was not given, and what flags cannot be beside each other: refused before there is a folder.
void settle(const RunOptions& run, Options& options) {
  const int64_t shortest = make_task(run.task)->shortest();
  const auto need_length = [&](std::string_view flag, int64_t length) {
    if (length < shortest)
      throw UsageError(fmt::format("--{} is {}; --task {} needs at least {}", flag, length, run.task, shortest));
  };
  if (options.length > 0) need_length("length", options.length);
  for (int64_t length : options.test_lengths) need_length("test-lengths", length);
  if (run.optimizer == "sgd" && options.eps > 0) throw UsageError("--eps: --optimizer sgd has none; leave it out");
  if (options.eps == 0 && run.optimizer == "rmsprop-graves") options.eps = GravesRMSpropOptions{}.eps;
  if (options.eps == 0 && run.optimizer != "sgd") options.eps = 1e-5;
  if (options.patience < 0) options.patience = run.task == "copy" ? 8000 : 0;
}

// The command line with the defaults of one task.
struct Settings {
  RunOptions run;
  Options options;
  CommandLine line;

  explicit Settings(const std::string& task)
      : run(run_of(task)),
        options(options_of(task)),
        line(
            {.name = "copy",
             .description = "A Neural Turing Machine learns to copy, and shows where it reads and writes. Defaults are "
                            "those of the task; here those of copy.",
             .tasks = {"copy", "repeat-copy", "recall", "ngrams", "sort"}},
            run) {
    add_flags(line, options);
  }

 private:
  static RunOptions run_of(const std::string& task) {
    if (task == "sort")
      return {.task = task, .threads = 1, .steps = 40000, .batch = 16, .optimizer = "adam", .learning_rate = 2e-3};
    return {.task = task, .threads = 1, .steps = 40000, .batch = 1, .optimizer = "rmsprop", .learning_rate = 1e-4};
  }
  static Options options_of(const std::string& task) {
    if (task == "sort")
      return {.controller = "ff",
              .heads = 5,
              .memory = "64x20",
              .memory_start = "learned",
              .clip = 1,
              .decay = 0.96,
              .decay_after = "every",
              .curriculum = 10000};
    return {};
  }
};

int start(int argc, char** argv) {
  return run_program_by_task<Settings>("copy", argc, argv, [](Settings& own) {
    set_num_threads(static_cast<int>(own.run.threads));
    settle(own.run, own.options);
    return train_and_report(Run(own.line, own.run, own.options), own.line.name());
  });
}

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) { return fovea::examples::start(argc, argv); }
