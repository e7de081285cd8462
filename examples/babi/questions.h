// Questions as numbers, for a network: the last sentences before each, its words, and its answer.
//
//   field   shape    meaning
//   0       [n, L]   words of the sentences, the last of at most `memory`; 0 fills up
//   1       [L]      words of the question
//   2       []       the answer, a word
//
// L is that of the longest sentence or question of all. Words that the vocabulary does not know are its <unk>.
#pragma once

#include <fovea/optim/training/data.h>

#include "examples/babi/stories.h"

namespace fovea::examples {

// Refers to all that it is given.
class Questions final : public Dataset {
 public:
  Questions(const Stories& stories, std::vector<size_t> which, const text::Vocabulary& words, int64_t memory)
      : stories_(stories), which_(std::move(which)), vocabulary_(words), memory_(memory) {
    for (const Sentence& sentence : stories.sentences) width_ = std::max(width_, sentence.words.size());
    for (const Question& question : stories.questions) width_ = std::max(width_, question.asked.words.size());
    for (const Sentence& sentence : stories.sentences) append(sentence.words);
  }
  int64_t size() const override { return static_cast<int64_t>(which_.size()); }

  Example item(int64_t index) const override {
    const Question& question = at(index);
    const auto n = std::min(static_cast<int64_t>(question.count), memory_), L = static_cast<int64_t>(width_);
    const auto end = ids_.begin() + static_cast<int64_t>(question.first + question.count) * L;
    return {from(std::vector<int64_t>(end - n * L, end), {n, L}), from(ids_of(question.asked.words), {L}),
            scalar(static_cast<double>(vocabulary_.id(question.answer)), i64)};
  }
  const Question& at(int64_t index) const { return stories_.questions[which_[static_cast<size_t>(index)]]; }
  const Stories& stories() const { return stories_; }

 private:
  std::vector<int64_t> ids_of(const text::Words& words) const {
    std::vector<int64_t> ids = vocabulary_.ids(words);
    ids.resize(width_, text::Vocabulary::pad);
    return ids;
  }
  void append(const text::Words& words) {
    const std::vector<int64_t> ids = ids_of(words);
    ids_.insert(ids_.end(), ids.begin(), ids.end());
  }

  const Stories& stories_;
  std::vector<size_t> which_;
  const text::Vocabulary& vocabulary_;
  int64_t memory_;
  size_t width_ = 1;            // L
  std::vector<int64_t> ids_{};  // [sentences, L]
};

// Random noise in time: among the n sentences of a story stand up to `share` n empty ones, at random, so that
// the times of the others have gaps. lengths [B] -> i64 [B, N], how many back each sentence is, 1 for the last; 0 past
// a length.
inline Tensor noisy_times(const Tensor& lengths, int64_t N, double share, Generator& generator) {
  std::vector<int64_t> times(static_cast<size_t>(lengths.numel() * N), 0);
  for (int64_t b = 0; b < lengths.numel(); ++b) {
    const auto n = lengths.at<int64_t>({b});
    int64_t left = n + generator.randint(0, static_cast<int64_t>(std::ceil(share * static_cast<double>(n))) + 1);
    for (int64_t i = 0; i < n; --left)  // each of the places left is as likely to hold one of the sentences left
      if (generator.randint(0, left) < n - i) times[static_cast<size_t>(b * N + i++)] = left;
  }
  return from(times, {lengths.numel(), N});
}

}  // namespace fovea::examples
