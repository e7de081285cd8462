#include "examples/cloze/stories.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <sstream>

namespace fovea::examples {
namespace {

// What a fact fills in, in a form.
enum Slot : int64_t { doer = -1, other = -2, verb_slot = -3, noun_slot = -4 };
// 0: none.
int64_t slot_of(const std::string& word) {
  static const std::map<std::string, int64_t> slots{{"A", doer}, {"B", other}, {"V", verb_slot}, {"N", noun_slot}};
  const auto at = slots.find(word);
  return at == slots.end() ? 0 : at->second;
}

std::vector<std::string> split(std::string_view text) {
  std::istringstream words{std::string(text)};
  return {std::istream_iterator<std::string>(words), {}};
}

size_t choose(size_t count, Generator& generator) {
  return static_cast<size_t>(generator.randint(0, static_cast<int64_t>(count)));
}

}  // namespace

World::World(int64_t entities) : entities_(entities), places_(entities / 4) {
  if (entities < least_entities)
    throw ValueError(fmt::format("World: {} entities; need at least {}", entities, least_entities));
  for (int64_t e = 0; e < entities; ++e) add(fmt::format("@e{}", e));
  add(std::string(gap_word));
  add(std::string(full_stop));
  kinds_.push_back(kind("A V the N to B", "the N was V to B by A", "sold lent sent", false));
  kinds_.push_back(kind("A V the N in B", "in B the N was V by A", "found lost left", true));
}

int64_t World::add(const std::string& word) {
  const auto [at, fresh] = ids_.emplace(word, vocabulary());
  if (fresh) words_.push_back(word);
  return at->second;
}

World::Kind World::kind(std::string_view form, std::string_view other_form, std::string_view verbs, bool at_place) {
  const auto ids_of = [&](std::string_view text) {
    std::vector<int64_t> found;
    for (const std::string& word : split(text)) found.push_back(slot_of(word) != 0 ? slot_of(word) : add(word));
    return found;
  };
  return {{ids_of(form), ids_of(other_form)}, ids_of(verbs), ids_of("lamp rope book coin drum"), at_place};
}

std::optional<int64_t> World::id(const std::string& word) const {
  const auto at = ids_.find(word);
  return at == ids_.end() ? std::nullopt : std::optional(at->second);
}

std::string World::known_words() const {
  std::vector<std::string> known;
  for (size_t i = static_cast<size_t>(entities_); i < words_.size(); ++i)
    if (words_[i] != gap_word && words_[i] != full_stop) known.push_back(words_[i]);
  return fmt::format("{}", fmt::join(known, ", "));
}

// A role, not the one of `but`.
int64_t World::someone(bool place, int64_t but, Generator& generator) const {
  for (;;) {
    const int64_t role = place ? generator.randint(0, places_) : generator.randint(places_, entities_);
    if (role != but) return role;
  }
}

World::Fact World::any_fact(Generator& generator) const {
  const size_t k = choose(kinds_.size(), generator);
  const Kind& kind = kinds_[k];
  const int64_t one = someone(false, -1, generator);
  return {k,
          choose(kind.verbs.size(), generator),
          choose(kind.nouns.size(), generator),
          {one, someone(kind.at_place, one, generator)}};
}

// The same noun in another verb's kind, or the same verb with another noun.
World::Fact World::near_fact(const Fact& asked, Generator& generator) const {
  Fact fact = any_fact(generator);
  if (choose(2, generator) == 0) {
    while (fact.kind == asked.kind) fact = any_fact(generator);
    fact.noun = asked.noun;
  } else {
    while (fact.kind != asked.kind || fact.noun == asked.noun) fact = any_fact(generator);
    fact.verb = asked.verb;
  }
  return fact;
}

std::vector<int64_t> World::told(const Fact& fact, size_t form) const {
  const Kind& kind = kinds_[fact.kind];
  std::vector<int64_t> ids = kind.forms[form];
  for (int64_t& id : ids) {
    if (id == doer) id = fact.who[0];
    if (id == other) id = fact.who[1];
    if (id == verb_slot) id = kind.verbs[fact.verb];
    if (id == noun_slot) id = kind.nouns[fact.noun];
  }
  return ids;
}

Story World::tell(const StoryOptions& options, Generator& generator) const {
  const auto [sentences, share] = options;
  if (sentences < 1) throw ValueError(fmt::format("World: a story of {} sentences; need at least 1", sentences));
  const auto held_out = [](const Fact& fact) { return (fact.verb + fact.noun) % 5 == 0; };
  const bool test = share == Share::test;
  Fact asked = any_fact(generator);
  while (held_out(asked) != test) asked = any_fact(generator);
  const size_t gap = choose(2, generator);
  const auto answers = [&](const Fact& fact) { return fact.kind == asked.kind && fact.noun == asked.noun; };
  std::vector<Fact> facts;
  while (static_cast<int64_t>(facts.size()) < sentences - 1) {
    const Fact fact = choose(2, generator) == 0 ? any_fact(generator) : near_fact(asked, generator);
    const bool told_before = std::find(facts.begin(), facts.end(), fact) != facts.end();
    if (!told_before && !answers(fact) && (test || !held_out(fact))) facts.push_back(fact);
  }
  Story story{.source = choose(static_cast<size_t>(sentences), generator)};
  facts.insert(facts.begin() + static_cast<std::ptrdiff_t>(story.source), asked);

  const Tensor order = permutation(entities_, generator);  // role -> id
  const auto rename = [&](std::vector<int64_t> ids) {
    for (int64_t& id : ids)
      if (id < entities_) id = order.at<int64_t>({id});
    return ids;
  };
  for (const Fact& fact : facts) {
    story.sentences.push_back(rename(told(fact, choose(2, generator))));
    story.sentences.back().push_back(*id(std::string(full_stop)));
  }
  story.answer = order.at<int64_t>({asked.who[gap]});
  asked.who[gap] = *id(std::string(gap_word));
  story.question = rename(told(asked, choose(2, generator)));
  return story;
}

Batch World::batch(const std::vector<Story>& stories) {
  const auto vector = [](const std::vector<int64_t>& ids) { return from(ids, {static_cast<int64_t>(ids.size())}); };
  std::vector<Example> examples;
  for (const Story& story : stories) {
    std::vector<int64_t> document;
    for (const auto& sentence : story.sentences) document.insert(document.end(), sentence.begin(), sentence.end());
    examples.push_back({vector(document), vector(story.question), scalar(static_cast<double>(story.answer), i64)});
  }
  return collate(examples);
}

Batch World::batch(int64_t count, const StoryOptions& options, Generator& generator) const {
  std::vector<Story> stories;
  for (int64_t i = 0; i < count; ++i) stories.push_back(tell(options, generator));
  return batch(stories);
}

}  // namespace fovea::examples
