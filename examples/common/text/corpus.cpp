#include "examples/common/text/corpus.h"

#include <fmt/format.h>
#include <fovea/core/creation.h>

#include <algorithm>
#include <map>

namespace fovea::examples {
namespace {

// Rows of ids, filled up with <pad>.
Tensor padded(const std::vector<std::vector<int64_t>>& rows) {
  size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  std::vector<int64_t> all;
  for (const auto& row : rows) {
    all.insert(all.end(), row.begin(), row.end());
    all.insert(all.end(), longest - row.size(), Vocabulary::pad);
  }
  return from(all, {static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)});
}

template <class T>
void shuffle_in_place(std::vector<T>& list, Generator& generator) {
  for (size_t i = list.size(); i > 1; --i)
    std::swap(list[i - 1], list[static_cast<size_t>(generator.randint(0, static_cast<int64_t>(i)))]);
}

}  // namespace

uint64_t hash_of(const Words& words) {
  uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&](uint8_t byte) { hash = (hash ^ byte) * 1099511628211ULL; };
  for (const std::string& word : words) {
    for (const char c : word) mix(static_cast<uint8_t>(c));
    mix(0);
  }
  return hash;
}

Split split_by_source(std::vector<Pair> pairs, int64_t validation, int64_t test) {
  std::map<std::pair<uint64_t, Words>, std::vector<size_t>> sources;  // in order of the hash
  for (size_t i = 0; i < pairs.size(); ++i) sources[{hash_of(pairs[i].source), pairs[i].source}].push_back(i);
  if (static_cast<int64_t>(sources.size()) <= validation + test)
    throw ValueError(
        fmt::format("{} different source sentences; {} for tests and {} for validation leave none to learn "
                    "from",
                    sources.size(), test, validation));
  Split split;
  int64_t place = 0;
  for (const auto& [key, members] : sources) {
    const int64_t at = place++;
    if (at >= test + validation) {
      for (const size_t i : members) split.training.push_back(std::move(pairs[i]));
      continue;
    }
    Sentence sentence{key.second, {}};
    for (const size_t i : members) sentence.references.push_back(std::move(pairs[i].target));
    (at < test ? split.test : split.validation).push_back(std::move(sentence));
  }
  return split;
}

std::vector<int64_t> source_ids(const Vocabulary& vocabulary, const Words& words) {
  std::vector<int64_t> ids = vocabulary.ids(words);
  ids.push_back(Vocabulary::end);
  return ids;
}

PairBatch make_sources(const std::vector<std::vector<int64_t>>& sources) {
  std::vector<int64_t> lengths;
  for (const auto& source : sources) lengths.push_back(static_cast<int64_t>(source.size()));
  return {padded(sources), from(lengths, {static_cast<int64_t>(lengths.size())}), {}, {}};
}

PairBatch make_batch(const std::vector<const IdPair*>& pairs) {
  std::vector<std::vector<int64_t>> sources, heard, said;
  for (const IdPair* pair : pairs) {
    sources.push_back(pair->source);
    heard.push_back({Vocabulary::begin});
    heard.back().insert(heard.back().end(), pair->target.begin(), pair->target.end());
    said.push_back(pair->target);
    said.back().push_back(Vocabulary::end);
  }
  PairBatch batch = make_sources(sources);
  batch.heard = padded(heard);
  batch.said = padded(said);
  return batch;
}

PairBatches::PairBatches(std::vector<IdPair> pairs, int64_t batch, const Generator& generator)
    : pairs_(std::move(pairs)), batch_(static_cast<size_t>(batch)), generator_(generator) {
  if (pairs_.empty() || batch < 1)
    throw ValueError(fmt::format("PairBatches: {} pairs in batches of {}; need at least 1", pairs_.size(), batch));
}

void PairBatches::shuffle(int64_t epoch) {
  Generator generator = generator_.fork(static_cast<uint64_t>(epoch));
  std::vector<const IdPair*> all;
  for (const IdPair& pair : pairs_) all.push_back(&pair);
  shuffle_in_place(all, generator);
  order_.clear();
  const auto at = [&](size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(std::min(i, all.size())); };
  for (size_t pool = 0; pool < all.size(); pool += 64 * batch_)
    std::stable_sort(at(pool), at(pool + 64 * batch_), [](const IdPair* a, const IdPair* b) {
      const auto key = [](const IdPair* p) { return std::make_pair(p->source.size(), p->target.size()); };
      return key(a) < key(b);
    });
  for (size_t i = 0; i < all.size(); i += batch_) order_.emplace_back(at(i), at(i + batch_));
  shuffle_in_place(order_, generator);
  epoch_ = epoch;
}

PairBatch PairBatches::at(int64_t step) {
  if (step / epoch_size() != epoch_) shuffle(step / epoch_size());
  return make_batch(order_[static_cast<size_t>(step % epoch_size())]);
}

}  // namespace fovea::examples
