// Pairs of sentences as training and test data: a split that knows no sentence twice, and batches of like lengths.
//
//   split     by source sentence: all pairs of one source fall on the same side. A source's side is decided by a hash
//             of its words alone, not by the seed, so that every model and every seed is tested on the same sentences.
//   batches   each epoch shuffles the pairs, sorts pools of 64 batches by length, and shuffles the batches. Batch i
//             depends on the generator and i alone, so a resumed run needs no more than its step.
//
//   symbol    shape        meaning
//   source    i64 [B, T]   ids and <end>, then <pad>;  lengths i64 [B] of these, <end> included
//   heard     i64 [B, U]   <begin> and ids
//   said      i64 [B, U]   ids and <end>, then <pad>
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>

#include "examples/common/text/pairs.h"

namespace fovea::examples {

// A source with all its translations in the file.
struct Sentence {
  Words source{};
  std::vector<Words> references{};
};

struct Split {
  std::vector<Pair> training{};
  std::vector<Sentence> validation{}, test{};
};

uint64_t hash_of(const Words& words);  // FNV-1a over the words, a 0 after each

// `test` sources, then `validation` of the others; the rest is for training. ValueError when nothing is left for it.
Split split_by_source(std::vector<Pair> pairs, int64_t validation, int64_t test);

struct IdPair {
  std::vector<int64_t> source{};  // <end> included
  std::vector<int64_t> target{};
};

struct PairBatch {
  Tensor source{}, lengths{}, heard{}, said{};
};

std::vector<int64_t> source_ids(const Vocabulary& vocabulary, const Words& words);
PairBatch make_batch(const std::vector<const IdPair*>& pairs);
// Sources alone: `heard` and `said` stay undefined.
PairBatch make_sources(const std::vector<std::vector<int64_t>>& sources);

class PairBatches {
 public:
  PairBatches(std::vector<IdPair> pairs, int64_t batch, const Generator& generator);
  int64_t epoch_size() const { return static_cast<int64_t>((pairs_.size() + batch_ - 1) / batch_); }
  PairBatch at(int64_t step);

 private:
  void shuffle(int64_t epoch);
  std::vector<IdPair> pairs_;
  size_t batch_;
  Generator generator_;
  int64_t epoch_ = -1;
  std::vector<std::vector<const IdPair*>> order_;
};

}  // namespace fovea::examples
