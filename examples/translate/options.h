// What the translate program may be told, besides what all programs share, and the model that it asks for.
#pragma once

#include <fmt/format.h>

#include "examples/common/program.h"
#include "examples/common/sequence_models.h"
#include "examples/translate/sentences.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "translate",
                     .description = "A model learns to translate, and shows which words it looks at.",
                     .uses_data = true,
                     .trains_in_parts = true,
                     .serves = "translate"},
                    {.steps = 3000, .batch = 64, .learning_rate = 2e-3, .validate_every = 750}) {}
  template <class T>
  T& transformer_only(T& value) {
    return goes_with(value, {{&model, {"transformer"}}});
  }
  template <class T>
  T& recurrent_only(T& value) {
    return goes_with(value, {{&model, {"rnnsearch", "luong", "encoder-decoder"}}});
  }

  std::string& model = choice("model", "model", sequence_models());
  int64_t& embedding = recurrent_only(whole("embedding", "size of a word's vector", 128, 1, 4096));
  int64_t& hidden = whole("hidden", "size of the states", 128, 1, 4096);
  int64_t& heads = transformer_only(whole("heads", "heads of each attention; they divide --hidden", 4, 1, 64));
  int64_t& layers = transformer_only(whole("layers", "layers of the encoder, and of the decoder", 2, 1, 64));
  double& dropout = transformer_only(real("dropout", "share of what is dropped while training", 0.1, 0, 0.9));
  std::string& pairs =
      text("pairs", "file of source, tab, target: a path, or a name below --data", "translation/fra.txt");
  int64_t& max_length = whole("max-length", "tokens a side at most", 10, 1, 1000);
  int64_t& vocabulary_size = whole("vocabulary-size", "words of each vocabulary", 5000, 5, 1000000);
  int64_t& limit = whole("limit", "pairs to learn from at most; 0: all", 0, 0);
  int64_t& test_size = whole("test-size", "held-out sentences for the test", 1000, 1, 1000000);
  int64_t& validation_size = whole("validation-size", "held-out sentences for validation", 500, 1, 1000000);
  int64_t& beam = whole("beam", "width of the beam; 1: greedy", 4, 1, 1000);
  int64_t& warmup =
      in_steps(whole("warmup", "steps until the rate is full; then it falls with the root of the step", 400, 1));
  double& teacher_forcing =
      recurrent_only(real("teacher-forcing",
                          "scheduled sampling: k of the ratio k / (k + exp(step / k)) of steps at which the decoder is "
                          "given the true word; 0: at all",
                          0, 0, 1e9));

  void settle() override {
    if (teacher_forcing > 0 && teacher_forcing < 1)
      throw UsageError(fmt::format("--teacher-forcing is {}; it must be 0 or at least 1", teacher_forcing));
    if (model == "transformer") must_divide(heads, hidden);
    task = model;  // names the folder
  }
};

inline std::unique_ptr<SequenceModel> make_model(const Options& o, const Vocabulary& source, const Vocabulary& target,
                                                 Generator& generator) {
  SequenceModelOptions model;
  model.sizes(source.size(), target.size(), o.embedding, o.hidden);
  model.transformer.tied = false;
  model.transformer.transformer.heads = o.heads;
  model.transformer.transformer.layers = o.layers;
  model.transformer.transformer.dropout = o.dropout;
  return make_sequence_model(o.model, model, generator);
}

}  // namespace fovea::examples
