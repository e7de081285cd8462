// What a trained model and its two vocabularies do: translate, be measured, and show what they attended to.
#pragma once

#include <fovea/layers/decoding/search.h>
#include <fovea/layers/seq2seq/sequence_model.h>

#include <filesystem>

#include "examples/common/text/corpus.h"

namespace fovea::examples {

class Translator {
 public:
  // Refers to the model. `longest` tokens are said at most.
  Translator(SequenceModel& model, Vocabulary source, Vocabulary target, int64_t longest);

  const Vocabulary& source() const { return source_; }
  const Vocabulary& target() const { return target_; }
  IdPair ids(const Pair& pair) const { return {source_ids(source_, pair.source), target_.ids(pair.target)}; }

  // By a beam of this width, in batches; the model is in eval mode meanwhile.
  std::vector<Words> translate(const std::vector<Words>& sentences, int64_t beam) const;
  // BLEU with all of a sentence's references.
  double measure(const std::vector<Sentence>& sentences, int64_t beam) const;
  // Cross-entropy in nats a token, the end mark included, over all pairs.
  double loss(const std::vector<Sentence>& sentences) const;
  // Heat maps, words on both axes; false for a model without attention.
  bool draw_attention(const std::vector<Words>& sentences, const std::filesystem::path& file) const;

 private:
  SequenceModel& model_;
  Vocabulary source_, target_;
  int64_t longest_;
};

}  // namespace fovea::examples
