// An episode, recorded: the drawings, their labels, and how much each attention looks at them; and one that was typed:
//   1=a.png 1=b.png 2=c.png ?=d.png      labels from 1 on, drawings in files; the last one is asked
// Errors: ValueError for another form and a label that the network does not know; FileError for what is no image.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>

#include "examples/common/record.h"
#include "examples/common/typed.h"
#include "examples/fewshot/learner.h"

namespace fovea::examples {

// The label of the last drawing is -1 where nobody knows it.
struct LabelledDrawings {
  Tensor images, label;  // [T, 1, 28, 28], i64 [1, T]
};

inline LabelledDrawings typed_drawings(const std::string& text, int64_t labels, int64_t most) {
  std::vector<Tensor> images;
  std::vector<int64_t> label;
  const std::vector<std::string> words = typed_words(text);
  for (const std::string& word : words) {
    const size_t at = word.find('=');
    const bool asks = word.starts_with("?="), last = label.size() + 1 == words.size();
    if (at == std::string::npos || asks != last)
      throw ValueError(fmt::format("--look: '{}'; need labels and files such as 1=a.png 2=b.png ?=c.png", word));
    const double number = asks ? 0 : typed_number(word.substr(0, at));
    if (!asks && (number < 1 || number > static_cast<double>(labels) || number != std::floor(number)))
      throw ValueError(fmt::format("--look: '{}'; the network knows the labels 1 to {}", word, labels));
    label.push_back(static_cast<int64_t>(number) - 1), images.push_back(typed_digit(word.substr(at + 1), 28));
  }
  const auto T = static_cast<int64_t>(label.size());
  if (T < 2 || T > most + 1)
    throw ValueError(
        fmt::format("--look: {} drawings; need one to {} with labels, and the one that is asked", T, most));
  return {cat(images, 0), from(label, {1, T})};
}

// Where the label asked is not known the loss is of the network's own answer.
inline void record_drawings(Recorder& recorder, const FewShotLearner& learner, const LabelledDrawings& one) {
  const int64_t T = one.label.size(1);
  RecordedWords labels;
  for (int64_t t = 0; t < T; ++t) labels.push_back(t + 1 < T ? std::to_string(one.label.at<int64_t>({0, t}) + 1) : "?");
  RecordedSample sample{.title = fmt::format("{} drawings", T - 1), .texts = {{"label", labels}}};
  sample.queries = sample.keys = "label";
  const int64_t expected = one.label.at<int64_t>({0, T - 1});
  if (expected >= 0) sample.texts.emplace_back("expected", RecordedWords{std::to_string(expected + 1)});
  recorder.sample(sample, [&](Recorded& seen) {
    const Tensor y = learner(learner.embedding(one.images), reshape(arange(T), {1, T}), one.label, 1);
    const Tensor answer = argmax(y.detach(), 2);
    seen.text("answer", {std::to_string(answer.item<int64_t>() + 1)});
    seen.images("drawings", one.images);
    return cross_entropy(y, expected < 0 ? answer : slice(one.label, 1, T - 1));
  });
}

}  // namespace fovea::examples
