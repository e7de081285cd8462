// A story and its question, recorded with what the reader attends to.
#pragma once

#include "examples/cloze/evaluation.h"
#include "examples/common/record.h"

namespace fovea::examples {

// `names` of the entities where somebody named them. Without an answer the loss is of the reader's own.
inline void record_story(Recorder& recorder, const Reader& reader, const World& world, Story story,
                         const std::vector<std::string>& names = {}) {
  const auto words = [&](const std::vector<int64_t>& ids) {
    RecordedWords all;
    for (const int64_t id : ids)
      all.push_back(id < static_cast<int64_t>(names.size()) ? names[static_cast<size_t>(id)] : world.word(id));
    return all;
  };
  std::vector<int64_t> told;
  for (const auto& sentence : story.sentences) told.insert(told.end(), sentence.begin(), sentence.end());
  if (!names.empty()) story.answer = read_story(reader, story).answer;
  RecordedSample sample{.title = fmt::format("{}", fmt::join(words(story.question), " ")),
                        .texts = {{"story", words(told)}, {"question", words(story.question)}},
                        .keys = "story"};
  if (names.empty()) sample.texts.emplace_back("expected", words({story.answer}));
  if (dynamic_cast<const ImpatientReader*>(&reader) != nullptr) sample.queries = "question";
  const Batch one = batch_of({story});
  recorder.sample(sample, [&](Recorded& seen) {
    const Tensor p = log_p(reader, one);
    seen.text("answer", words({argmax(p.detach(), -1).item<int64_t>()}));
    return nll_loss(p, one.fields[2]);
  });
}

}  // namespace fovea::examples
