// The tasks over strings: a Transformer with encoder and decoder.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/header_line.h"
#include "examples/common/picture.h"
#include "examples/common/train_loop.h"
#include "examples/transformer/heads.h"
#include "examples/transformer/options.h"
#include "examples/transformer/strings.h"

namespace fovea::examples {
namespace {

struct Right {
  double token_percent = 0;  // of the answers' characters and end marks, said greedily
  double exact_percent = 0;  // answers without a mistake
};

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += word;
  return text;
}

class StringRun {
 public:
  StringRun(const CommandLine& line, const RunOptions& run, const Options& options)
      : run_(run),
        options_(options),
        strings_({run.task, options.shortest, options.longest, options.answer == "backwards"}),
        root_(run.seed),
        initial_(root_.fork(1)),
        data_(root_.fork(2)),
        noise_(root_.fork(5)),
        model_(as_asked([&] { return make_model(); })),
        optimizer_(make_teacher(run, parameters(model_))),
        schedule_(*optimizer_, options.schedule(run.learning_rate)),
        loop_(line, run,
              {
                  .extra_name = "tokens right",
                  .unit = "strings",
                  .validate_every = options.validate_every,
              }) {
    loop_.state()("model", model_)("optimizer", *optimizer_)("schedule", schedule_)("data", data_)("noise", noise_);
    print_header(line.name(), run.task, run.seed, model_);
  }

  // False after Ctrl-C. Afterwards the model is the best by validation.
  bool train() {
    return loop_.run(
        model_, [this] { return step(); }, [this] { return validated(); });
  }

  void report(const std::string& name) {
    const Right right = measure(strings_.draw(Part::test, options_.test, root_.fork(4)));
    fmt::print("{} held-out strings: {:.3f} % of the tokens right, {:.2f} % of the strings without a mistake\n",
               options_.test, right.token_percent, right.exact_percent);
    loop_.folder().write_summary({name,
                                  run_.task,
                                  run_.seed,
                                  num_threads(),
                                  loop_.step(),
                                  loop_.seconds(),
                                  parameter_count(model_),
                                  {{"token_percent", right.token_percent},
                                   {"exact_percent", right.exact_percent},
                                   {"test_strings", static_cast<double>(options_.test)},
                                   {"best_step", static_cast<double>(loop_.best_step())}}});
    draw();
  }

 private:
  TransformerModel make_model() {
    return TransformerModel({.transformer = options_.transformer(), .source_vocabulary = strings_.vocabulary().size()},
                            initial_);
  }

  StepReport step() {
    std::vector<IdPair> pairs;
    for (int64_t b = 0; b < run_.batch; ++b) pairs.push_back(strings_.ids(strings_.draw(Part::training, data_)));
    const PairBatch batch = batch_of(pairs);
    optimizer_->zero_grad();
    const Tensor logits = model_(batch.source, batch.lengths, batch.heard, {.generator = noise_}).logits;
    const Tensor loss = cross_entropy(logits, batch.said, {.ignore_index = Vocabulary::pad});
    loss.backward();
    clip_grad_norm_(optimizer_->parameters(), options_.clip);
    optimizer_->step();
    schedule_.step();
    const NoGrad guard;
    const Tensor counted = ne(batch.said, full({}, Vocabulary::pad, i64));
    const Tensor right = logical_and(eq(argmax(logits, -1), batch.said), counted);
    return {loss.item(), sum(to(right, f32)).item() / sum(to(counted, f32)).item()};
  }

  static PairBatch batch_of(const std::vector<IdPair>& pairs) {
    std::vector<const IdPair*> list;
    for (const IdPair& pair : pairs) list.push_back(&pair);
    return make_batch(list);
  }

  // What the model says to the sources, ids and end marks as long as the longest: [B, L].
  Tensor answers(const PairBatch& batch) {
    const NoGrad guard;
    model_.eval();
    const auto decoder = model_.decoder(batch.source, batch.lengths);
    const Decoded said =
        greedy(*decoder, {.begin = Vocabulary::begin, .end = Vocabulary::end, .max_length = strings_.longest_answer()});
    model_.train();
    return said.ids;
  }

  Right measure(const std::vector<Pair>& pairs) {
    double tokens = 0, right_tokens = 0, right_strings = 0;
    for (size_t first = 0; first < pairs.size(); first += 100) {
      std::vector<IdPair> some;
      for (size_t i = first; i < std::min(first + 100, pairs.size()); ++i) some.push_back(strings_.ids(pairs[i]));
      const PairBatch batch = batch_of(some);
      const Tensor said = answers(batch);
      const int64_t L = batch.said.size(1);
      // Said and expected, side by side: past its end an answer says <end>, which the padding does not count.
      const Tensor same = said.size(1) >= L ? slice(said, 1, 0, L)
                                            : pad(said, {0, L - said.size(1)}, static_cast<double>(Vocabulary::end));
      const Tensor counted = ne(batch.said, full({}, Vocabulary::pad, i64));
      const Tensor wrong = to(logical_and(ne(same, batch.said), counted), f32);
      tokens += sum(to(counted, f32)).item();
      right_tokens += sum(to(counted, f32)).item() - sum(wrong).item();
      right_strings += sum(to(eq(sum(wrong, 1), zeros({})), f32)).item();
    }
    return {100 * right_tokens / tokens, 100 * right_strings / static_cast<double>(pairs.size())};
  }

  // Wrong strings in percent; the loss decides between checkpoints that are equal in these.
  double validated() {
    const std::vector<Pair> pairs = strings_.draw(Part::validation, 500, root_.fork(3));
    const Right right = measure(pairs);
    std::vector<IdPair> ids;
    for (const Pair& pair : pairs) ids.push_back(strings_.ids(pair));
    const PairBatch batch = batch_of(ids);
    model_.eval();
    const NoGrad guard;
    const double loss = cross_entropy(model_(batch.source, batch.lengths, batch.heard).logits, batch.said,
                                      {.ignore_index = Vocabulary::pad})
                            .item();
    model_.train();
    loop_.note(fmt::format("step {}: {:.2f} % of the tokens, {:.1f} % of the strings right", loop_.step(),
                           right.token_percent, right.exact_percent));
    return 100 - right.exact_percent + std::min(loss, 1.0) * 0.1;
  }

  void draw() {
    const std::filesystem::path folder = loop_.folder().path();
    const MetricsTable metrics = read_metrics(folder / "metrics.csv");
    write_line_chart(folder / "loss.png", {.title = fmt::format("{}: loss", run_.task),
                                           .x_title = "step",
                                           .y_title = "cross-entropy a token, nats",
                                           .series = {{"loss", metrics.column("step"), metrics.column("loss")}},
                                           .log_y = true,
                                           .smoothing = 0.9});
    Pair pair = strings_.draw(Part::test, 1, root_.fork(6)).front();
    const Tensor said = answers(batch_of({strings_.ids(pair)}));
    pair.target.clear();
    for (int64_t t = 0; t < said.size(1) && said.at<int64_t>({0, t}) != Vocabulary::end; ++t)
      pair.target.push_back(strings_.vocabulary().word(said.at<int64_t>({0, t})));
    Words rows = pair.target, columns = pair.source;
    rows.push_back("<end>");
    columns.push_back("<end>");
    const NoGrad guard;
    model_.eval();
    name_paths(model_);
    const WeightCollector collected;
    const PairBatch batch = batch_of({strings_.ids(pair)});
    model_(batch.source, batch.lengths, batch.heard);
    draw_heads(collected,
               {.kind = "multihead_attn",
                .part = "",
                .title = fmt::format("{}: where each said character looked", run_.task),
                .row_title = "said",
                .column_title = "source",
                .rows = rows,
                .columns = columns},
               folder / "attention.png");
    draw_heads(collected,
               {.kind = "self_attn",
                .part = "encoder",
                .title = fmt::format("{}: where each source character looked", run_.task),
                .row_title = "source",
                .column_title = "source",
                .rows = columns,
                .columns = columns},
               folder / "encoder.png");
    fmt::print("{} -> {}\nattention.png, encoder.png, loss.png, metrics.csv and summary.json are in {}\n",
               joined(pair.source), joined(pair.target), folder.string());
  }

  RunOptions run_;
  Options options_;
  Strings strings_;
  Generator root_, initial_, data_, noise_;
  TransformerModel model_;
  std::unique_ptr<Optimizer> optimizer_;
  Cosine schedule_;
  TrainLoop loop_;
};

}  // namespace

int run_strings(const CommandLine& line, const RunOptions& run, const Options& options) {
  return train_and_report(StringRun(line, run, options), line.name());
}

}  // namespace fovea::examples
