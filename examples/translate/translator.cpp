#include "examples/translate/translator.h"

#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/attention/weights.h>

#include <algorithm>

#include "examples/common/picture.h"
#include "examples/common/tensor_grid.h"
#include "examples/common/text/bleu.h"
#include "examples/common/text/tokens.h"

namespace fovea::examples {
namespace {

constexpr size_t kBatch = 50;

// Dropout off, and on again at the end of the scope.
class Quiet {
 public:
  explicit Quiet(Module& model) : model_(model), training_(model.training()) { model.eval(); }
  ~Quiet() { model_.train(training_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  NoGrad guard_;
  Module& model_;
  bool training_;
};

Words with_end(Words words) {
  words.push_back("<end>");
  return words;
}

}  // namespace

Translator::Translator(SequenceModel& model, Vocabulary source, Vocabulary target, int64_t longest)
    : model_(model), source_(std::move(source)), target_(std::move(target)), longest_(longest) {}

std::vector<Words> Translator::translate(const std::vector<Words>& sentences, int64_t beam) const {
  const Quiet quiet(model_);
  const DecodingOptions options{.begin = Vocabulary::begin, .end = Vocabulary::end, .max_length = longest_};
  std::vector<Words> translations;
  for (size_t first = 0; first < sentences.size(); first += kBatch) {
    std::vector<std::vector<int64_t>> sources;
    for (size_t i = first; i < std::min(first + kBatch, sentences.size()); ++i)
      sources.push_back(source_ids(source_, sentences[i]));
    const PairBatch batch = make_sources(sources);
    const auto decoder = model_.decoder(batch.source, batch.lengths);
    const Decoded said = beam == 1 ? greedy(*decoder, options) : beam_search(*decoder, options, {.width = beam});
    for (int64_t b = 0; b < said.ids.size(0); ++b) {
      Words words;
      for (int64_t t = 0; t < said.lengths.at<int64_t>({b}); ++t)
        words.push_back(target_.word(said.ids.at<int64_t>({b, t})));
      translations.push_back(std::move(words));
    }
  }
  return translations;
}

double Translator::measure(const std::vector<Sentence>& sentences, int64_t beam) const {
  std::vector<Words> sources;
  std::vector<std::vector<Words>> references;
  for (const Sentence& sentence : sentences) {
    sources.push_back(sentence.source);
    references.push_back(sentence.references);
  }
  return bleu(translate(sources, beam), references);
}

double Translator::loss(const std::vector<Sentence>& sentences) const {
  const Quiet quiet(model_);
  std::vector<IdPair> pairs;
  for (const Sentence& sentence : sentences)
    for (const Words& reference : sentence.references) pairs.push_back(ids({sentence.source, reference}));
  double sum = 0, tokens = 0;
  for (size_t first = 0; first < pairs.size(); first += kBatch) {
    std::vector<const IdPair*> some;
    for (size_t i = first; i < std::min(first + kBatch, pairs.size()); ++i) {
      some.push_back(&pairs[i]);
      tokens += static_cast<double>(pairs[i].target.size() + 1);
    }
    const PairBatch batch = make_batch(some);
    const Tensor logits = model_(batch.source, batch.lengths, batch.heard).logits;
    sum += cross_entropy(logits, batch.said, {.ignore_index = Vocabulary::pad, .reduction = Reduction::sum}).item();
  }
  return sum / tokens;
}

bool Translator::draw_attention(const std::vector<Words>& sentences, const std::filesystem::path& file) const {
  HeatmapPicture picture{.panels = {}, .columns = 2, .title = "which source words each word looked at"};
  name_paths(model_);
  for (const Words& sentence : sentences) {
    const Words said = translate({sentence}, 1).front();
    const Quiet quiet(model_);
    const IdPair pair = ids({sentence, said});
    const PairBatch batch = make_batch({&pair});
    WeightCollector collector;
    model_(batch.source, batch.lengths, batch.heard);
    // Between the two languages: the last attention that is not the Transformer's self-attention.
    std::string name;
    for (const auto& [path, weights] : collector.weights())
      if (path.find("self_attn") == std::string::npos) name = path;
    if (name.empty()) return false;
    Tensor weights = collector.over_time(name);
    if (weights.dim() == 4) weights = mean(weights, 1);  // over the heads
    picture.panels.push_back({.grid = grid_of(contiguous(select(weights, 0, 0))),
                              .title = sentence_of(sentence),
                              .row_title = "said",
                              .column_title = "source",
                              .row_labels = with_end(said),
                              .column_labels = with_end(sentence),
                              .range = ValueRange{0, 1}});
  }
  write_heatmaps(file, picture);
  return true;
}

}  // namespace fovea::examples
