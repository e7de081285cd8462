// Strings of letters, by the models of examples/common/sequence_models.h with the loss of examples/reverse.
#include <fmt/format.h>

#include "examples/common/sequence_models.h"
#include "examples/playground/learner.h"
#include "examples/reverse/answers.h"
#include "examples/reverse/hard.h"

namespace fovea::examples {
namespace {

constexpr int64_t kLetters = 26;
constexpr double kExpectation = 0.5;  // share of the steps in which hard attention reads its expectation

std::unique_ptr<SequenceModel> make_model(const PlaygroundSettings& s, Generator& generator) {
  SequenceModelOptions o;
  o.sizes(kLetters + 2, 0, s.hidden, s.hidden);
  o.rnnsearch.attention = o.luong.attention = {.score = s.score, .align = s.align, .width = s.hidden, .half_width = 4};
  o.rnnsearch.encoder_size = needs_one_size(s.score) ? s.hidden / 2 : 0;
  o.rnnsearch.read_embeddings = true;
  o.luong.cell = o.encoder_decoder.cell = "gru";
  o.transformer.transformer.heads = s.heads;
  o.transformer.transformer.layers = 1;
  o.transformer.transformer.dropout = 0;
  return make_sequence_model(s.model, o, generator);
}

class SequenceLearner final : public Learner {
 public:
  SequenceLearner(const PlaygroundSettings& settings, Generator& initial)
      : model_(make_model(settings, initial)), draws_(initial.fork(1)) {
    name_paths(*model_);
    for_each_module<Hard>(*model_, [](Hard& each) { each.set_expectation(kExpectation); });
  }

  Module& model() override { return *model_; }

  LearnerLoss loss(const PlaygroundSettings& settings, Generator& data) override {
    const LetterTask task(settings.task, kLetters);
    const Strings strings = task.make(settings.batch, settings.length, data);
    const SequenceOutput output = (*model_)(strings.source, {}, strings.input_ids, {.generator = draws_});
    const Tensor minimised = answer_loss(output, strings.target, {}, baseline_);
    return {minimised, cross_entropy(output.logits.detach(), strings.target).item()};
  }

  LearnerAccuracy accuracy(const PlaygroundSettings& settings, int64_t count, Generator data) const override {
    const LetterTask task(settings.task, kLetters);
    const Strings strings = task.make(count, settings.length, data);
    const Tensor same = to(eq(answered_ids(*model_, task, strings.source), strings.target), f64);  // [B, L + 1]
    return {100 * mean(min(same, 1)).item(), 100 * mean(same).item()};
  }

  std::vector<Heatmap> look(const PlaygroundSettings& settings, Generator data) const override {
    const LetterTask task(settings.task, kLetters);
    Strings strings = task.make(1, settings.length, data);
    if (!settings.sample.empty()) {
      std::vector<int64_t> ids;
      for (const char letter : settings.sample) ids.push_back(letter - 'a');
      strings = task.answer(from(ids, {1, static_cast<int64_t>(ids.size())}));
    }
    const Tensor ids = answered_ids(*model_, task, strings.source);
    MapLabels labels{.row_title = "answer", .column_title = "source", .columns = letters(task, strings.source)};
    labels.rows = letters(task, ids);
    for (int64_t i = 0; i < ids.numel(); ++i)
      labels.wrong.push_back(ids.at<int64_t>({0, i}) != strings.target.at<int64_t>({0, i}));
    std::vector<Heatmap> panels;
    for (const auto& [name, weights] : attended([&] { (*model_)(strings.source, {}, task.inputs_of(ids)); }))
      add_heads(panels, name, weights, labels);
    if (!panels.empty()) return panels;
    // Without attention the answer alone is there to see.
    Heatmap none = attention_map(zeros({ids.size(1), strings.source.size(1)}), labels);
    none.title = "no attention";
    return {none};
  }

 private:
  static std::vector<std::string> letters(const LetterTask& task, const Tensor& ids) {
    std::vector<std::string> found;
    for (int64_t i = 0; i < ids.size(1); ++i) found.push_back(task.letter(ids.at<int64_t>({0, i})));
    return found;
  }

  // What looks from one sequence to the other first; a Transformer's self-attention behind it, with labels of its own.
  static void add_heads(std::vector<Heatmap>& panels, std::string_view name, const Tensor& weights, MapLabels labels) {
    const bool itself = name.find("self_attn") != std::string_view::npos;
    const bool of_encoder = itself && name.find("encoder") != std::string_view::npos;
    if (of_encoder) labels.rows = labels.columns, labels.row_title = labels.column_title;
    if (itself && !of_encoder) {
      labels.columns = labels.rows, labels.column_title = "given before";
      labels.columns.pop_back(), labels.columns.insert(labels.columns.begin(), "^");
    }
    if (itself) labels.wrong.clear();
    const bool many = weights.dim() == 3;
    const std::string kind = of_encoder ? "encoder" : itself ? "decoder" : many ? "cross" : "attention";
    const int64_t heads = many ? weights.size(0) : 1;
    std::vector<Heatmap> own;
    for (int64_t h = 0; h < heads; ++h) {
      labels.title = heads > 1 ? fmt::format("{}, head {}", kind, h + 1) : kind;
      own.push_back(attention_map(many ? select(weights, 0, h) : weights, labels));
    }
    panels.insert(itself ? panels.end() : panels.begin(), own.begin(), own.end());
  }

  std::unique_ptr<SequenceModel> model_;
  Generator draws_;
  double baseline_ = 0;  // of hard attention
};

}  // namespace

std::unique_ptr<Learner> make_sequence_learner(const PlaygroundSettings& settings, Generator& initial) {
  return std::make_unique<SequenceLearner>(settings, initial);
}

}  // namespace fovea::examples
