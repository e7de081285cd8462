#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text/corpus.h>

#include <map>

namespace fovea::text {

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

}  // namespace fovea::text
