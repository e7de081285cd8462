// Pairs of sentences as training and test data: a split that knows no sentence twice, by source sentence: all pairs of
// one source fall on the same side. A source's side is decided by a hash of its words alone, not by the seed, so that
// every model and every seed is tested on the same sentences.
#pragma once

#include <fovea/optim/training/text/pairs.h>

namespace fovea::text {

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

}  // namespace fovea::text
