// A sequence that asks for one number, recorded with what is attended; and one that was typed.
//   addition, multiplication   0.3 0.5* -0.2 0.1*      two are marked; the steps at both ends are what they are for any
//   recall                     0.3@5 -0.7@12 @5        numbers with keys from 0 to 63, and the key asked for
//   largest                    0.3@1.5 -0.7@3.2        numbers with keys, best one that stands out by 1
// Errors: ValueError for what is not so.
#pragma once

#include <fmt/format.h>

#include "examples/adding/models.h"
#include "examples/adding/problem.h"
#include "examples/common/record.h"
#include "examples/common/typed.h"

namespace fovea::examples {

inline Sequences typed_marks(const std::string& task, const std::vector<std::string>& words) {
  const auto T = static_cast<int64_t>(words.size());
  Tensor x = zeros({1, T, 2});
  std::vector<double> marked;
  for (int64_t t = 0; t < T; ++t) {
    std::string word = words[static_cast<size_t>(t)];
    const bool mark = word.back() == '*';
    if (mark) word.pop_back();
    const double v = typed_number(word);
    if (mark) marked.push_back(v);
    x.set({0, t, 0}, v), x.set({0, t, 1}, mark ? 1 : t == 0 || t == T - 1 ? -1 : 0);
  }
  if (marked.size() != 2)
    throw ValueError(fmt::format("--look: {} numbers are marked; need two such as 0.5*", marked.size()));
  const double y = task == "multiplication" ? marked[0] * marked[1] : 0.5 + (marked[0] + marked[1]) / 4;
  return {x, from(std::vector<int64_t>{T}, {1}), full({1}, y, f32)};
}

inline Sequences typed_recall(const std::vector<std::string>& words) {
  const auto T = static_cast<int64_t>(words.size());
  Tensor x = zeros({1, T, features("recall")});
  std::vector<double> values(keys, std::numeric_limits<double>::quiet_NaN());
  for (int64_t t = 0; t < T; ++t) {
    const std::string& word = words[static_cast<size_t>(t)];
    const size_t at = word.find('@');
    const bool asks = t == T - 1;
    if (at == std::string::npos || (at == 0) != asks)
      throw ValueError(
          fmt::format("--look: '{}'; need numbers with keys such as 0.3@5, and the key asked for, @5, last", word));
    const double key = typed_number(word.substr(at + 1)), value = asks ? 0 : typed_number(word.substr(0, at));
    if (key < 0 || key >= keys || key != std::floor(key))
      throw ValueError(fmt::format("--look: '{}' has no key from 0 to {}", word, keys - 1));
    const auto k = static_cast<size_t>(key);
    if (asks && std::isnan(values[k])) throw ValueError(fmt::format("--look: '{}' asks for what was not there", word));
    for (int64_t bit = 0; bit < key_bits; ++bit) x.set({0, t, 2 + bit}, (k >> bit & 1) != 0 ? 1 : -1);
    x.set({0, t, asks ? 1 : 0}, asks ? 1 : value);
    if (asks) return {x, from(std::vector<int64_t>{T}, {1}), full({1}, values[k], f32)};
    values[k] = value;
  }
  return {};
}

inline Sequences typed_largest(const std::vector<std::string>& words) {
  const auto T = static_cast<int64_t>(words.size());
  Tensor x = zeros({1, T, features("largest")});
  int64_t largest = 0;
  for (int64_t t = 0; t < T; ++t) {
    const std::string& word = words[static_cast<size_t>(t)];
    const size_t at = word.find('@');
    if (at == std::string::npos)
      throw ValueError(fmt::format("--look: '{}'; need numbers with keys such as 0.3@1.5", word));
    x.set({0, t, 0}, typed_number(word.substr(0, at))), x.set({0, t, 1}, typed_number(word.substr(at + 1)));
    if (x.at({0, t, 1}) > x.at({0, largest, 1})) largest = t;
  }
  return {x, from(std::vector<int64_t>{T}, {1}), full({1}, x.at({0, largest, 0}), f32)};
}

inline Sequences typed_sequence(const std::string& task, const std::string& text) {
  const std::vector<std::string> words = typed_words(text);
  return task == "recall" ? typed_recall(words) : task == "largest" ? typed_largest(words) : typed_marks(task, words);
}

// The numbers as words: marked ones with a star, those with a key with it.
inline RecordedWords words_of(const std::string& task, const Sequences& one) {
  RecordedWords words;
  for (int64_t t = 0; t < one.x.size(1); ++t) {
    const double v = one.x.at({0, t, 0}), m = one.x.at({0, t, 1});
    int64_t key = 0;
    for (int64_t i = 2; i < one.x.size(2); ++i) key |= one.x.at({0, t, i}) > 0 ? int64_t{1} << (i - 2) : 0;
    if (task == "largest")
      words.push_back(fmt::format("{:.2f}@{:.2f}", v, m));
    else if (task != "recall")
      words.push_back(fmt::format("{:.2f}{}", v, m > 0 ? "*" : ""));
    else
      words.push_back(m > 0 ? fmt::format("@{}", key) : fmt::format("{:.2f}@{}", v, key));
  }
  return words;
}

inline void record_sequence(Recorder& recorder, const Answerer& model, const std::string& task, const Sequences& one) {
  RecordedSample sample{.title = fmt::format("{} steps, the answer is {:.3f}", one.x.size(1), one.target.item()),
                        .texts = {{"sequence", words_of(task, one)}},
                        .keys = "sequence"};
  if (dynamic_cast<const LstmnAnswerer*>(&model) != nullptr) {  // from its second step on it reads
    RecordedWords reading = words_of(task, one);
    reading.erase(reading.begin());
    sample.texts.emplace_back(sample.queries = "step that reads", std::move(reading));
  }
  recorder.sample(sample, [&](Recorded& seen) {
    const Tensor y = model(one.x, one.lengths);
    seen.text("answer", {fmt::format("{:.3f}", y.detach().item())});
    return mse_loss(y, one.target);
  });
}

}  // namespace fovea::examples
