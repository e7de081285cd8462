// Shakespeare: a decoder-only Transformer says what character comes next.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include <algorithm>

#include "examples/common/header_line.h"
#include "examples/common/picture.h"
#include "examples/common/text_file.h"
#include "examples/common/train_loop.h"
#include "examples/transformer/heads.h"
#include "examples/transformer/options.h"

namespace fovea::examples {
namespace {

// A text as numbers: bytes that occur, in their order.
struct CharacterText {
  std::string alphabet{};
  std::vector<int64_t> training{}, validation{};  // the first nine tenths, and the rest

  int64_t id(char c) const {
    const size_t at = alphabet.find(c);
    if (at == std::string::npos)
      throw ValueError(fmt::format("the character with byte {} does not occur in the text; begin with others",
                                   static_cast<int>(static_cast<unsigned char>(c))));
    return static_cast<int64_t>(at);
  }
};

CharacterText load_text(const CommandLine& line, const Options& options) {
  const int64_t context = options.context;
  constexpr const char* name = "text/tinyshakespeare.txt";
  std::filesystem::path file;
  try {
    file = line.data_file(name);
  } catch (const FileError& error) {
    throw FileError(
        fmt::format("{}; it is data/tinyshakespeare/input.txt of github.com/karpathy/char-rnn, to be put as "
                    "DIR/{}; any other text will do",
                    error.what(), name));
  }
  const std::string text = read_text(file);
  if (static_cast<int64_t>(text.size()) < 20 * (context + 1))
    throw FileError(fmt::format("{}: {} characters; need at least {} for a context of {}", file.string(), text.size(),
                                20 * (context + 1), context));
  CharacterText found;
  std::vector<bool> seen(256, false);
  for (const char c : text) seen[static_cast<unsigned char>(c)] = true;
  for (int c = 0; c < 256; ++c)
    if (seen[static_cast<size_t>(c)]) found.alphabet += static_cast<char>(c);
  for (const char c : options.beginning) found.id(c);  // refused now rather than after training
  for (size_t i = 0; i < text.size(); ++i)
    (i < text.size() / 10 * 9 ? found.training : found.validation).push_back(found.id(text[i]));
  return found;
}

class TextRun {
 public:
  TextRun(const CommandLine& line, const RunOptions& run, const Options& options)
      : run_(run),
        options_(options),
        text_(load_text(line, options)),
        root_(run.seed),
        initial_(root_.fork(1)),
        data_(root_.fork(2)),
        noise_(root_.fork(5)),
        model_(as_asked([&] { return make_model(); })),
        optimizer_(make_teacher(run, parameters(model_))),
        schedule_(*optimizer_, options.schedule(run.learning_rate)),
        loop_(line, run,
              {.extra_name = "characters right", .unit = "windows", .validate_every = options.validate_every}) {
    loop_.state()("model", model_)("optimizer", *optimizer_)("schedule", schedule_)("data", data_)("noise", noise_);
    print_header(line.name(), run.task, run.seed, model_);
  }

  // False after Ctrl-C. Afterwards the model is the best by validation.
  bool train() {
    return loop_.run(
        model_, [this] { return step(); }, [this] { return validated(); });
  }

  void report(const std::string& name) {
    const double loss = validation_loss(1);
    fmt::print("{} characters of validation: {:.4f} nats a character\n{}\n", text_.validation.size(), loss, said(400));
    loop_.folder().write_summary({name,
                                  run_.task,
                                  run_.seed,
                                  num_threads(),
                                  loop_.step(),
                                  loop_.seconds(),
                                  parameter_count(model_),
                                  {{"validation_loss", loss}, {"best_step", static_cast<double>(loop_.best_step())}}});
    draw();
  }

 private:
  TransformerLanguageModel make_model() {
    return TransformerLanguageModel({.transformer = options_.transformer(),
                                     .vocabulary = static_cast<int64_t>(text_.alphabet.size()),
                                     .positions = Positions::sinusoidal},
                                    initial_);
  }

  StepReport step() {
    const int64_t T = options_.context, last = static_cast<int64_t>(text_.training.size()) - T;
    std::vector<int64_t> heard, said;
    for (int64_t b = 0; b < run_.batch; ++b) {
      const auto at = text_.training.begin() + data_.randint(0, last);
      heard.insert(heard.end(), at, at + T);
      said.insert(said.end(), at + 1, at + T + 1);
    }
    optimizer_->zero_grad();
    const Tensor target = from(said, {run_.batch, T});
    const Tensor logits = model_(from(heard, {run_.batch, T}), nullptr, noise_);
    const Tensor loss = cross_entropy(logits, target);
    loss.backward();
    clip_grad_norm_(optimizer_->parameters(), options_.clip);
    optimizer_->step();
    schedule_.step();
    const NoGrad guard;
    return {loss.item(), mean(to(eq(argmax(logits, -1), target), f32)).item()};
  }

  // Over every `every`-th window of the validation text; windows follow each other and do not overlap.
  double validation_loss(int64_t every) {
    const NoGrad guard;
    model_.eval();
    const int64_t T = options_.context, count = (static_cast<int64_t>(text_.validation.size()) - 1) / T;
    double sum = 0, characters = 0;
    for (int64_t i = 0; i < count; i += 64 * every) {
      std::vector<int64_t> heard, said;
      int64_t windows = 0;
      for (int64_t j = i; j < std::min(i + 64 * every, count); j += every, ++windows) {
        const auto at = text_.validation.begin() + j * T;
        heard.insert(heard.end(), at, at + T);
        said.insert(said.end(), at + 1, at + T + 1);
      }
      const Tensor logits = model_(from(heard, {windows, T}));
      sum += cross_entropy(logits, from(said, {windows, T}), {.reduction = Reduction::sum}).item();
      characters += static_cast<double>(windows * T);
    }
    model_.train();
    return sum / characters;
  }

  double validated() {
    const double loss = validation_loss(4);
    if (!run_.quiet)
      loop_.note(fmt::format("step {}: validation {:.4f} nats a character\n{}\n", loop_.step(), loss, said(200)));
    return loss;
  }

  // A sample, from a stream of its own. It is written in pieces, each with the last half of the context before it: no
  // position is asked for that training never saw.
  std::string said(int64_t count) {
    std::vector<int64_t> ids;
    for (const char c : options_.beginning) ids.push_back(text_.id(c));
    Generator generator = root_.fork(7);
    model_.eval();
    const auto end = static_cast<int64_t>(ids.size()) + count;
    while (static_cast<int64_t>(ids.size()) < end) {
      const auto size = static_cast<int64_t>(ids.size()), heard = std::min(size, (options_.context + 1) / 2);
      const std::vector<int64_t> prompt(ids.end() - heard, ids.end());
      const Tensor more = model_.generate(
          from(prompt, {1, heard}), {.count = std::min(end - size, std::max<int64_t>(1, options_.context - heard)),
                                     .temperature = options_.temperature,
                                     .top_k = options_.top_k,
                                     .generator = generator});
      for (int64_t t = 0; t < more.size(1); ++t) ids.push_back(more.at<int64_t>({0, t}));
    }
    model_.train();
    std::string text;
    for (const int64_t id : ids) text += text_.alphabet[static_cast<size_t>(id)];
    return text;
  }

  void draw() {
    const std::filesystem::path folder = loop_.folder().path();
    const MetricsTable metrics = read_metrics(folder / "metrics.csv");
    write_line_chart(folder / "loss.png", {.title = fmt::format("{}: loss", run_.task),
                                           .x_title = "step",
                                           .y_title = "cross-entropy a character, nats",
                                           .series = {{"loss", metrics.column("step"), metrics.column("loss")}},
                                           .smoothing = 0.9});
    const auto shown = static_cast<std::ptrdiff_t>(std::min<int64_t>(options_.context, 32));
    const std::vector<int64_t> ids(text_.validation.begin(), text_.validation.begin() + shown);
    Words characters;
    for (const int64_t id : ids) characters.push_back(visible(text_.alphabet.substr(static_cast<size_t>(id), 1)));
    const NoGrad guard;
    model_.eval();
    name_paths(model_);
    const WeightCollector collected;
    model_(from(ids, {1, static_cast<int64_t>(ids.size())}));
    draw_heads(collected,
               {.kind = "self_attn",
                .part = "",
                .title = "where each character looked",
                .row_title = "heard last",
                .column_title = "heard before",
                .rows = characters,
                .columns = characters},
               folder / "attention.png");
    fmt::print("attention.png, loss.png, metrics.csv and summary.json are in {}\n", folder.string());
  }

  RunOptions run_;
  Options options_;
  CharacterText text_;
  Generator root_, initial_, data_, noise_;
  TransformerLanguageModel model_;
  std::unique_ptr<Optimizer> optimizer_;
  Cosine schedule_;
  TrainLoop loop_;
};

}  // namespace

int run_text(const CommandLine& line, const RunOptions& run, const Options& options) {
  return train_and_report(TextRun(line, run, options), line.name());
}

}  // namespace fovea::examples
