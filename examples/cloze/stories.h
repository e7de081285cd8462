// Stories of the little world (world.h), and a question about each with a gap, @x, that one of its entities fills.
//
//   @e4 sold the lamp to @e1 . in @e0 the lamp was left by @e5 . the book was sold to @e2 by @e4 .
//   the lamp was sold to @x by @e4                                               the answer is @e1
//
// The question tells one of the facts again, in the same form or the other, with one entity left out. No other fact of
// the story has the same noun with a verb of the same kind. But half of the others, and more by chance, are near: they
// have the same noun with a verb of the other kind, or the same verb with another noun, so neither alone finds the
// sentence. Entities have other ids in every story, by a random permutation: an id means nothing by itself. Stories of
// training have no held-out pair of verb and noun; every question of the test asks for one.
// Errors: ValueError for too few sentences.
#pragma once

#include <fovea/core/creation.h>
#include <fovea/optim/training/data.h>

#include <algorithm>

#include "examples/cloze/world.h"

namespace fovea::examples {

enum class Share { training, test };

struct StoryOptions {
  int64_t sentences;
  Share share;
};

struct Story {
  std::vector<std::vector<int64_t>> sentences{};  // ids, each ends in "."
  std::vector<int64_t> question{};
  int64_t answer = 0;  // id of an entity
  size_t source = 0;   // the sentence that has it
};

inline Story tell(const World& world, const StoryOptions& options, Generator& generator) {
  const auto [sentences, share] = options;
  if (sentences < 1) throw ValueError(fmt::format("tell: a story of {} sentences; need at least 1", sentences));
  const bool test = share == Share::test;
  Fact asked = world.any_fact(generator);
  while (asked.held_out() != test) asked = world.any_fact(generator);
  const size_t gap = choose(2, generator);
  std::vector<Fact> facts;
  while (static_cast<int64_t>(facts.size()) < sentences - 1) {
    const Fact fact = choose(2, generator) == 0 ? world.any_fact(generator) : world.near_fact(asked, generator);
    const bool told_before = std::find(facts.begin(), facts.end(), fact) != facts.end();
    const bool answers = fact.kind == asked.kind && fact.noun == asked.noun;
    if (!told_before && !answers && (test || !fact.held_out())) facts.push_back(fact);
  }
  Story story{.source = choose(static_cast<size_t>(sentences), generator)};
  facts.insert(facts.begin() + static_cast<std::ptrdiff_t>(story.source), asked);

  const Tensor order = permutation(world.entities(), generator);  // role -> id
  const auto renamed = [&](Fact fact) {
    for (int64_t& who : fact.who) who = order.at<int64_t>({who});
    return fact;
  };
  for (const Fact& fact : facts) {
    story.sentences.push_back(world.told(renamed(fact), choose(2, generator)));
    story.sentences.back().push_back(world.stop());
  }
  asked = renamed(asked);
  story.answer = asked.who[gap], asked.who[gap] = world.gap();
  story.question = world.told(asked, choose(2, generator));
  return story;
}

// fields: documents i64 [B, T], questions i64 [B, Q], answers i64 [B]; with their lengths.
inline Batch batch_of(const std::vector<Story>& stories) {
  const auto vector = [](const std::vector<int64_t>& ids) { return from(ids, {static_cast<int64_t>(ids.size())}); };
  std::vector<Example> examples;
  for (const Story& story : stories) {
    std::vector<int64_t> document;
    for (const auto& sentence : story.sentences) document.insert(document.end(), sentence.begin(), sentence.end());
    examples.push_back({vector(document), vector(story.question), scalar(static_cast<double>(story.answer), i64)});
  }
  return collate(examples);
}

inline Batch fresh_stories(const World& world, int64_t count, const StoryOptions& options, Generator& generator) {
  std::vector<Story> stories;
  for (int64_t i = 0; i < count; ++i) stories.push_back(tell(world, options, generator));
  return batch_of(stories);
}

}  // namespace fovea::examples
