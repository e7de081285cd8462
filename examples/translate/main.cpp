// translate: a model learns to translate sentences from pairs of them, and shows which words it looked at.
//
//   translate --model rnnsearch|luong|encoder-decoder|transformer [--pairs FILE] ...
//   translate --run DIR --translate "A sentence."      a trained model at work; --translate - reads stdin
//
// The split into training, validation and test is the same for every model and seed (common/text/corpus.h): no source
// sentence of the test was learned from. Vocabularies are counted on the training pairs. The checkpoint that is tested
// is the one with the least validation loss. BLEU as in common/text/bleu.h, each sentence with all its translations.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include <iostream>

#include "examples/common/command_line.h"
#include "examples/common/header_line.h"
#include "examples/common/optimizers.h"
#include "examples/common/picture.h"
#include "examples/common/text/tokens.h"
#include "examples/common/text/utf8.h"
#include "examples/common/train_loop.h"
#include "examples/translate/models.h"
#include "examples/translate/translator.h"

namespace fovea::examples {
namespace {

struct Options {
  ModelOptions model{};
  std::string pairs = "translation/fra.txt";
  int64_t longest = 10, words = 5000, limit = 0, test = 1000, validation = 500;
  int64_t validate_every = 750, beam = 4, warmup = 400;
  double clip = 1, truth = 0;
  std::string translate{}, run{};
};

std::filesystem::path pairs_file(const CommandLine& line, const std::string& given) {
  if (std::filesystem::exists(given)) return given;
  try {
    return line.data_file(given);
  } catch (const FileError& error) {
    throw FileError(
        fmt::format("{}; the pairs used here are fra.txt of www.manythings.org/anki (English, tab, French), "
                    "to be put in DIR/translation; --pairs FILE takes any file of source, tab, target",
                    error.what()));
  }
}

Split read_split(const CommandLine& line, const Options& options) {
  const PairLimits limits{.longest = static_cast<size_t>(options.longest)};
  const std::filesystem::path file = pairs_file(line, options.pairs);
  PairFile found = read_pairs(file, limits);
  fmt::print(stderr, "{}: {}\n", file.string(), found.report(limits));
  Split split = split_by_source(std::move(found.pairs), options.validation, options.test);
  if (options.limit > 0 && static_cast<size_t>(options.limit) < split.training.size())
    split.training.resize(static_cast<size_t>(options.limit));
  fmt::print(stderr, "{} pairs to learn from, {} sentences for validation, {} for the test\n", split.training.size(),
             split.validation.size(), split.test.size());
  return split;
}

Vocabulary count_words(const std::vector<Pair>& pairs, int64_t size, Words Pair::*side) {
  std::vector<const Words*> sentences;
  for (const Pair& pair : pairs) sentences.push_back(&(pair.*side));
  return Vocabulary::count(sentences, size);
}

Noam warm_then_slower(Optimizer& optimizer, double rate, int64_t warmup) {
  return Noam(optimizer, {.model_size = 1, .warmup = warmup, .scale = rate * std::sqrt(static_cast<double>(warmup))});
}

class Run {
 public:
  Run(const CommandLine& line, const RunOptions& run, const Options& options)
      : run_(run),
        options_(options),
        split_(read_split(line, options)),
        source_(count_words(split_.training, options.words, &Pair::source)),
        target_(count_words(split_.training, options.words, &Pair::target)),
        root_(run.seed),
        initial_(root_.fork(1)),
        noise_(root_.fork(3)),
        model_(as_asked([&] { return make_model(options.model, source_.size(), target_.size(), initial_); })),
        translator_(*model_, source_, target_, 2 * options.longest),
        batches_(all_ids(), run.batch, root_.fork(2)),
        optimizer_(make_optimizer(run.optimizer, parameters(*model_), run.learning_rate)),
        schedule_(warm_then_slower(*optimizer_, run.learning_rate, options.warmup)),
        loop_(line, run, {.extra_name = "words right", .unit = "pairs", .validate_every = options.validate_every}) {
    loop_.state()("model", *model_)("optimizer", *optimizer_)("schedule", schedule_)("noise", noise_);
    source_.save(loop_.folder().file("source_words.txt"));
    target_.save(loop_.folder().file("target_words.txt"));
    print_header(line.name(), options.model.name, run.seed, *model_);
  }

  // False after Ctrl-C. Afterwards the model is the best by validation.
  bool train() {
    return loop_.run(
        *model_, [this] { return step(); }, [this] { return validated(); });
  }

  void report(const std::string& name) {
    const double found = translator_.measure(split_.test, options_.beam), greedy = translator_.measure(split_.test, 1);
    const double loss = translator_.loss(split_.test);
    fmt::print("{} held-out sentences: BLEU {:.2f} with a beam of {}, {:.2f} greedy; {:.4f} nats a token\n",
               split_.test.size(), found, options_.beam, greedy, loss);
    show(split_.test, 5, [](const std::string& text) { fmt::print("{}\n", text); });
    loop_.folder().write_summary({name,
                                  options_.model.name,
                                  run_.seed,
                                  num_threads(),
                                  loop_.step(),
                                  loop_.seconds(),
                                  parameter_count(*model_),
                                  {{"bleu", found},
                                   {"bleu_greedy", greedy},
                                   {"test_loss", loss},
                                   {"best_step", static_cast<double>(loop_.best_step())}}});
    draw();
  }

 private:
  std::vector<IdPair> all_ids() const {
    std::vector<IdPair> ids;
    for (const Pair& pair : split_.training) ids.push_back(translator_.ids(pair));
    return ids;
  }

  StepReport step() {
    const PairBatch batch = batches_.at(loop_.step());
    optimizer_->zero_grad();
    const double truth = options_.truth == 0 ? 1 : inverse_sigmoid_decay(loop_.step(), options_.truth);
    const TeacherForcing teaching{.ratio = truth, .generator = noise_};
    const Tensor logits = (*model_)(batch.source, batch.lengths, batch.heard, teaching).logits;
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

  double validated() {
    const double loss = translator_.loss(split_.validation);
    if (!run_.quiet) {
      loop_.note(fmt::format("step {}: validation {:.4f} nats a token, BLEU {:.2f} (greedy)", loop_.step(), loss,
                             translator_.measure(split_.validation, 1)));
      show(split_.validation, 3, [&](const std::string& text) { loop_.note(text); });
    }
    return loss;
  }

  template <class Print>
  void show(const std::vector<Sentence>& sentences, size_t count, const Print& print) const {
    std::vector<Words> sources;
    for (size_t i = 0; i < std::min(count, sentences.size()); ++i) sources.push_back(sentences[i].source);
    const std::vector<Words> said = translator_.translate(sources, options_.beam);
    for (size_t i = 0; i < sources.size(); ++i)
      print(fmt::format("  {}  ->  {}  (expected: {})", sentence_of(sources[i]), sentence_of(said[i]),
                        sentence_of(sentences[i].references.front())));
  }

  void draw() {
    const std::filesystem::path folder = loop_.folder().path();
    const MetricsTable metrics = read_metrics(folder / "metrics.csv");
    write_line_chart(folder / "loss.png", {.title = fmt::format("{}: loss", options_.model.name),
                                           .x_title = "step",
                                           .y_title = "cross-entropy a token, nats",
                                           .series = {{"loss", metrics.column("step"), metrics.column("loss")}},
                                           .smoothing = 0.9});
    // The longest of the test: what is worth looking at.
    std::vector<Words> sentences;
    for (const Sentence& sentence : split_.test) sentences.push_back(sentence.source);
    std::stable_sort(sentences.begin(), sentences.end(),
                     [](const Words& a, const Words& b) { return a.size() > b.size(); });
    sentences.resize(std::min<size_t>(4, sentences.size()));
    const bool drawn = translator_.draw_attention(sentences, folder / "attention.png");
    fmt::print("{}, metrics.csv and summary.json are in {}\n", drawn ? "attention.png, loss.png" : "loss.png",
               folder.string());
  }

  RunOptions run_;
  Options options_;
  Split split_;
  Vocabulary source_, target_;
  Generator root_, initial_, noise_;
  std::unique_ptr<SequenceModel> model_;
  Translator translator_;
  PairBatches batches_;
  std::unique_ptr<Optimizer> optimizer_;
  Noam schedule_;
  TrainLoop loop_;
};

// The words of a line that somebody typed, with a notice of all that is not as the model learned it.
Words typed(const std::string& text, const std::string& where, const Vocabulary& vocabulary, size_t longest) {
  if (const auto at = invalid_utf8(text))
    throw ValueError(fmt::format("{}: byte {} is not UTF-8; convert the text, for example with iconv", where, *at + 1));
  Words words = tokenize(text);
  if (words.size() > longest) {
    fmt::print(stderr, "{}: {} words, and the model learned from at most {}; the rest is left out\n", where,
               words.size(), longest);
    words.resize(longest);
  }
  for (const std::string& word : words)
    if (!vocabulary.knows(word))
      fmt::print(stderr, "{}: \"{}\" is none of the {} words the model knows; it reads <unk>\n", where, word,
                 vocabulary.size());
  return words;
}

// --run DIR: everything comes from the run's folder.
int translate(const Options& options) {
  const std::filesystem::path folder = options.run;
  Vocabulary source = Vocabulary::load(folder / "source_words.txt");
  Vocabulary target = Vocabulary::load(folder / "target_words.txt");
  const auto model = make_model(options.model, source.size(), target.size(), default_generator());
  load(*model, (folder / "best.safetensors").string());
  const Translator translator(*model, std::move(source), std::move(target), 2 * options.longest);
  const auto say = [&](const std::string& text, const std::string& where) {
    const Words words = typed(text, where, translator.source(), static_cast<size_t>(options.longest));
    fmt::print("{}\n", words.empty() ? "" : sentence_of(translator.translate({words}, options.beam).front()));
    std::fflush(stdout);
  };
  if (options.translate != "-") {
    say(options.translate, "--translate");
    return 0;
  }
  std::string text;
  for (int64_t line = 1; std::getline(std::cin, text); ++line) say(text, fmt::format("stdin:{}", line));
  return 0;
}

int start(int argc, char** argv) {
  RunOptions run{.steps = 3000, .batch = 64, .optimizer = "adam", .learning_rate = 2e-3};
  Options options;
  CommandLine line({.name = "translate",
                    .description = "A model learns to translate, and shows which words it looks at.",
                    .tasks = {},
                    .uses_data = true},
                   run);
  line.add("model", &options.model.name, "model", one_of({"rnnsearch", "luong", "encoder-decoder", "transformer"}));
  line.add("embedding", &options.model.embedding, "size of a word's vector in the recurrent models", whole(1, 4096));
  line.add("hidden", &options.model.hidden, "size of the states", whole(1, 4096));
  line.add("heads", &options.model.heads, "heads of the transformer", whole(1, 64));
  line.add("layers", &options.model.layers, "layers of the transformer's encoder, and of its decoder", whole(1, 64));
  line.add("dropout", &options.model.dropout, "of the transformer", real(0, 0.9));
  line.add("pairs", &options.pairs, "file of source, tab, target: a path, or a name below --data");
  line.add("longest", &options.longest, "tokens a side at most", whole(1, 1000));
  line.add("words", &options.words, "size of each vocabulary", whole(5, 1000000));
  line.add("limit", &options.limit, "pairs to learn from at most; 0: all", at_least(0));
  line.add("test", &options.test, "held-out sentences for the test", whole(1, 1000000));
  line.add("validation", &options.validation, "held-out sentences for validation", whole(1, 1000000));
  line.add("validate-every", &options.validate_every, "steps between validations", whole(1, 1000000000));
  line.add("beam", &options.beam, "width of the beam; 1: greedy", whole(1, 1000));
  line.add("warmup", &options.warmup, "steps until the rate is full; then it falls with the root of the step",
           whole(1, 1000000));
  line.add("clip", &options.clip, "largest norm of the gradient", positive());
  line.add("truth", &options.truth,
           "scheduled sampling: k of the share k / (k + exp(step / k)) of true words that the decoder hears; 0: all",
           real(0, 1e9));
  line.add("translate", &options.translate, "translate this sentence, or each line of stdin (-); with --run");
  line.add("run", &options.run, "folder of the trained run that --translate uses");
  return run_program(line, argc, argv, [&] {
    set_num_threads(static_cast<int>(run.threads));
    if (options.run.empty() != options.translate.empty())
      throw UsageError("--translate needs --run DIR, the folder of a trained run, and --run needs --translate");
    if (options.truth > 0 && options.truth < 1)
      throw UsageError(fmt::format("--truth is {}; it must be 0 or at least 1", options.truth));
    if (!options.run.empty()) {
      line.parse_as_run(options.run, argc, argv);
      return translate(options);
    }
    run.task = options.model.name;  // names the folder
    return train_and_report(Run(line, run, options), line.name());
  });
}

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) { return fovea::examples::start(argc, argv); }
