// Pairs of texts and a model between them: as ids in padded batches, and what the model makes of a source.
//
//   symbol      shape        meaning
//   source      i64 [B, T]   ids and <end>, then <pad>; lengths i64 [B] of these, <end> included
//   input_ids   i64 [B, U]   <begin> and ids
//   targets     i64 [B, U]   ids and <end>, then <pad>
#pragma once

#include <fovea/layers/seq2seq/sequence_model.h>
#include <fovea/optim/training/text/pairs.h>
#include <fovea/optim/training/trainer.h>

namespace fovea::text {

struct PairBatch {
  PairBatch(const Batch& batch)
      : source(batch.fields[0]), lengths(batch.lengths[0]), input_ids(batch.fields[1]), targets(batch.fields[2]) {}
  int64_t size() const { return lengths.size(0); }
  PairBatch rows(int64_t begin, int64_t end) const;
  Tensor source, lengths, input_ids, targets;
};

// The mean cross-entropy of a token, and the percentage of the tokens that are the most probable; <pad> counts for
// nothing.
StepOutput token_loss(const Tensor& logits, const Tensor& targets);

struct TranslatorOptions {
  int64_t max_length;      // of an output, its <end> included
  bool source_end = true;  // a source ends in <end>
  size_t batch = 100;      // of translate and the measures
};

class Translator {
 public:
  // Refers to the model.
  Translator(SequenceModel& model, Vocabulary source, Vocabulary target, TranslatorOptions options)
      : model_(model), source_(std::move(source)), target_(std::move(target)), options_(options) {}

  const Vocabulary& source() const { return source_; }
  const Vocabulary& target() const { return target_; }

  // Source, input_ids and targets.
  Example item(const Pair& pair) const;
  PairBatch batch(const std::vector<Pair>& pairs) const;
  Tensor logits(const PairBatch& batch, const TeacherForcing& forcing = {}) const {
    return model_(batch.source, batch.lengths, batch.input_ids, forcing).logits;
  }

  // In eval mode. By a beam of this width; 1: greedily.
  std::vector<Words> translate(const std::vector<Words>& sources, int64_t beam = 1) const;
  // Cross-entropy in nats a token, the end mark included, over all pairs.
  double loss(const std::vector<Pair>& pairs) const;
  struct Right {
    double token_percent = 0;  // of the targets' tokens and end marks
    double exact_percent = 0;  // outputs without a mistake
  };
  Right measure(const std::vector<Pair>& pairs) const;
  // The model's own output for a source, and what it attended to while it wrote it: by `call` of attention_map.h.
  std::pair<Words, std::function<void()>> reading(const Words& source) const;

 private:
  SequenceModel& model_;
  Vocabulary source_, target_;
  TranslatorOptions options_;
};

}  // namespace fovea::text
