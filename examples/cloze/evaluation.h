// How right a reader is on fresh stories, and where it looks in one.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/layers/attention/reader.h>

#include "examples/cloze/stories.h"
#include "examples/common/attention_map.h"
#include "examples/common/program.h"
#include "examples/common/weighted_text.h"

namespace fovea::examples {

inline Tensor log_p(const Reader& reader, const Batch& stories) {
  return reader(stories.fields[0], stories.fields[1], stories.lengths[0], stories.lengths[1]);
}

inline double percent_right(const Tensor& log_p, const Batch& stories) {
  return 100 * mean(to(eq(argmax(log_p, -1), stories.fields[2]), f64)).item();
}

inline double percent_right(const Reader& reader, const World& world, const StoryOptions& options, int64_t count,
                            Generator generator) {
  double sum = 0;
  in_pieces(count, 100, [&](int64_t some) {
    const Batch fresh = fresh_stories(world, some, options, generator);
    sum += percent_right(log_p(reader, fresh), fresh) * static_cast<double>(some);
  });
  return sum / static_cast<double>(count);
}

// A story that was read: the answer, and the weights on its words, one row or one for each word of the question.
struct ReadStory {
  int64_t answer = 0;
  Tensor weights{};  // [1 or Q, T]
};
inline ReadStory read_story(const Reader& reader, const Story& story) {
  const Batch one = batch_of({story});
  ReadStory found{};
  const auto weights = attended([&] { found.answer = argmax(log_p(reader, one), -1).item<int64_t>(); });
  found.weights = weights.front().second;
  return found;
}

inline std::vector<std::string> words_of(const World& world, const std::vector<int64_t>& ids) {
  std::vector<std::string> words;
  for (const int64_t id : ids) words.push_back(world.word(id));
  return words;
}

// The story line by line, each word on a ground as dark as its weight.
inline WeightedText shaded(const World& world, const Story& story, const ReadStory& read) {
  WeightedText text;
  const Grid weights = grid_of(select(read.weights, 0, 0));
  size_t at = 0;
  for (const auto& sentence : story.sentences) {
    text.lines.push_back(words_of(world, sentence));
    text.weights.emplace_back();
    for (size_t i = 0; i < sentence.size(); ++i) text.weights.back().push_back(weights.values[at++]);
  }
  const std::string &answer = world.word(read.answer), &expected = world.word(story.answer);
  const bool wrong = answer != expected;
  text.notes = {{"question", fmt::format("{}", fmt::join(words_of(world, story.question), " "))},
                {"answer", wrong ? fmt::format("{}, expected {}", answer, expected) : answer + ", as expected", wrong}};
  return text;
}

// The weights of each word of the question on the words of the story.
inline Heatmap rereading(const World& world, const Story& story, const ReadStory& read) {
  std::vector<int64_t> all;
  for (const auto& sentence : story.sentences) all.insert(all.end(), sentence.begin(), sentence.end());
  const std::string &answer = world.word(read.answer), &expected = world.word(story.answer);
  MapLabels labels{.title = "@x is " + answer, .row_title = "question", .column_title = "story"};
  labels.rows = words_of(world, story.question), labels.columns = words_of(world, all);
  labels.note = answer == expected ? "the answer is as expected" : "expected: " + expected;
  return attention_map(read.weights, labels);
}

}  // namespace fovea::examples
