// translate: a model learns to translate sentences from pairs of them, and shows which words it looked at.
//
//   translate --model rnnsearch|luong|encoder-decoder|transformer [--pairs FILE] ...
//   translate --run DIR --translate "A sentence."      a trained model at work; --translate - reads stdin
//
// The split into training, validation and test is the same for every model and seed (optim/training/text/corpus.h): no
// source sentence of the test was learned from. Vocabularies are counted on the training pairs. BLEU as in
// optim/training/text/bleu.h, each sentence with all its translations.
#include <fmt/format.h>
#include <fovea/fovea.h>
#include <fovea/optim/training/text/tokens.h>

#include "examples/common/record_pair.h"
#include "examples/translate/options.h"
#include "examples/translate/translations.h"

namespace fovea::examples {
namespace {

class Translate final : public Program {
 public:
  explicit Translate(const Options& o)
      : Program(o,
                {.figure = "words right %", .unit = "pairs", .loss = "cross-entropy a token, nats", .log_loss = false}),
        o_(o),
        split_(read_split(pairs_file(o, o.pairs), o.max_length, o.validation_size, o.test_size, o.limit)),
        source_(count_words(split_.training, o.vocabulary_size, &Pair::source)),
        target_(count_words(split_.training, o.vocabulary_size, &Pair::target)),
        model_(as_asked([&] { return make_model(o, source_, target_, initial); })),
        translator_(*model_, source_, target_, {.max_length = 2 * o.max_length, .batch = 50}),
        items_(items()),
        batches_(items_, {.batch = o.batch, .pool = 64}, root.fork(2)) {
    train_with(*model_);
    each_step<Noam>(NoamOptions{
        .model_size = 1, .warmup = o.warmup, .scale = o.learning_rate * std::sqrt(static_cast<double>(o.warmup))});
    trainer().state()("noise", noise_)("pairs", batches_);
    keep("source_words.txt", source_);
    keep("target_words.txt", target_);
  }

  // --run DIR: everything comes from the run's folder.
  static Answer answers(const Options& o) {
    struct Trained {
      std::unique_ptr<SequenceModel> model;
      Translator translator;
    };
    const std::filesystem::path folder = o.run;
    Vocabulary source = Vocabulary::load(folder / "source_words.txt");
    Vocabulary target = Vocabulary::load(folder / "target_words.txt");
    auto model = make_model(o, source, target, default_generator());
    load(*model, (folder / "best.safetensors").string());
    Translator translator(*model, source, target, {.max_length = 2 * o.max_length, .batch = 50});
    const auto trained = std::make_shared<Trained>(Trained{std::move(model), std::move(translator)});
    return [trained, &o](const std::string& text, const std::string& where) -> std::string {
      const Words words = typed(text, where, trained->translator.source(), static_cast<size_t>(o.max_length));
      return words.empty() ? "" : sentence_of(trained->translator.translate({words}, o.beam).front());
    };
  }

 private:
  ListDataset items() const {
    std::vector<Example> all;
    for (const Pair& pair : split_.training) all.push_back(translator_.item(pair));
    return ListDataset(std::move(all));
  }

  StepOutput step() override {
    const double k = o_.teacher_forcing, ratio = k == 0 ? 1 : inverse_sigmoid_decay(trainer().step(), k);
    return in_parts(PairBatch(batches_.next()), [&](const PairBatch& pairs, MicroBatch& part) {
      return token_loss(translator_.logits(pairs, {.ratio = ratio, .generator = part.stream(noise_)}), pairs.targets);
    });
  }

  double validate() override {
    const double loss = translator_.loss(pairs_of(split_.validation));
    if (line.quiet) return loss;
    trainer().sample(fmt::format("step {}: validation {:.4f} nats a token, BLEU {:.2f} (greedy)", trainer().step(),
                                 loss, bleu_of(translator_, split_.validation, 1)));
    for (const std::string& text : translations(split_.validation, 3)) trainer().sample(text);
    return loss;
  }

  Metrics test() override {
    const double found = bleu_of(translator_, split_.test, o_.beam), greedy = bleu_of(translator_, split_.test, 1);
    const double loss = translator_.loss(pairs_of(split_.test));
    say("{} held-out sentences: BLEU {:.2f} with a beam of {}, {:.2f} greedy; {:.4f} nats a token", split_.test.size(),
        found, o_.beam, greedy, loss);
    for (const std::string& text : translations(split_.test, 5)) say("{}", text);
    return {{"bleu", found}, {"bleu_greedy", greedy}, {"test_loss", loss}};
  }

  std::vector<std::string> translations(const std::vector<Sentence>& sentences, size_t count) const {
    std::vector<Words> sources = sources_of(sentences);
    sources.resize(std::min(count, sources.size()));
    const std::vector<Words> outputs = translator_.translate(sources, o_.beam);
    std::vector<std::string> texts;
    for (size_t i = 0; i < sources.size(); ++i)
      texts.push_back(fmt::format("  {}  ->  {}  (expected: {})", sentence_of(sources[i]), sentence_of(outputs[i]),
                                  sentence_of(sentences[i].references.front())));
    return texts;
  }

  void draw() override {
    if (const auto shown = looks_of(translator_, split_.test)) picture("attention.png", *shown);
  }

  // Along the model's own translation.
  void look(Recorder& recorder, const std::string& text) override {
    const Words words = typed(text, "--look", translator_.source(), static_cast<size_t>(o_.max_length));
    record_pair(recorder, translator_, {words, translator_.translate({words}, o_.beam).front()});
  }
  void record(Recorder& recorder) override {
    for (size_t i = 0; i < std::min<size_t>(2, split_.test.size()); ++i)
      record_pair(recorder, translator_, {split_.test[i].source, split_.test[i].references.front()});
  }

  const Options& o_;
  Split split_;
  Vocabulary source_, target_;
  Generator noise_ = root.fork(3);
  std::unique_ptr<SequenceModel> model_;
  Translator translator_;
  ListDataset items_;
  Batches batches_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Translate>(argc, argv);
}
