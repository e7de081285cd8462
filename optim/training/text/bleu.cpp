#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text/bleu.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace fovea::text {
namespace {

using Counts = std::map<Words, int64_t>;

Counts count_ngrams(const Words& words, size_t n) {
  Counts counts;
  for (size_t i = 0; i + n <= words.size(); ++i)
    ++counts[Words(words.begin() + static_cast<std::ptrdiff_t>(i), words.begin() + static_cast<std::ptrdiff_t>(i + n))];
  return counts;
}

// The candidate's n-grams that references have too.
int64_t matches(const Words& candidate, const std::vector<Words>& references, size_t n) {
  Counts most;
  for (const Words& reference : references)
    for (const auto& [ngram, count] : count_ngrams(reference, n)) most[ngram] = std::max(most[ngram], count);
  int64_t sum = 0;
  for (const auto& [ngram, count] : count_ngrams(candidate, n)) {
    const auto found = most.find(ngram);
    if (found != most.end()) sum += std::min(count, found->second);
  }
  return sum;
}

size_t nearest_length(const Words& candidate, const std::vector<Words>& references) {
  size_t best = references.front().size();
  const auto distance = [&](size_t length) {
    return length > candidate.size() ? length - candidate.size() : candidate.size() - length;
  };
  for (const Words& reference : references) {
    const size_t length = reference.size();
    if (distance(length) < distance(best) || (distance(length) == distance(best) && length < best)) best = length;
  }
  return best;
}

}  // namespace

double bleu(const std::vector<Words>& candidates, const std::vector<std::vector<Words>>& references) {
  if (candidates.size() != references.size())
    throw ShapeError(fmt::format("bleu: {} candidates, references of {}; need references for each", candidates.size(),
                                 references.size()));
  constexpr size_t orders = 4;
  double output = 0, wanted = 0, log_sum = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (references[i].empty()) throw ShapeError(fmt::format("bleu: candidate {} has no reference; need one", i));
    output += static_cast<double>(candidates[i].size());
    wanted += static_cast<double>(nearest_length(candidates[i], references[i]));
  }
  for (size_t n = 1; n <= orders; ++n) {
    double right = 0, all = 0;
    for (size_t i = 0; i < candidates.size(); ++i) {
      right += static_cast<double>(matches(candidates[i], references[i], n));
      all += static_cast<double>(candidates[i].size() - std::min(candidates[i].size(), n - 1));
    }
    if (right == 0) return 0;
    log_sum += std::log(right / all);  // (1)
  }
  const double brevity = output > wanted ? 1 : std::exp(1 - wanted / output);  // (2)
  return 100 * brevity * std::exp(log_sum / orders);                           // (3)
}

}  // namespace fovea::text
