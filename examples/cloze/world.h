// A little world: its words, and the facts that can be told of it.
//
//   sold, lent, sent     A V the N to B     the N was V to B by A       of two persons
//   found, lost, left    A V the N in B     in B the N was V by A       of a person and a place
//
// N is one of five things. A and B are roles: the first quarter are places, the others persons; what they are called in
// a story, @e0, @e1, ..., the story draws. Errors: ValueError for too few entities.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/core/error.h>
#include <fovea/core/random.h>

#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::examples {

inline constexpr std::string_view gap_word = "@x", full_stop = ".";

inline size_t choose(size_t count, Generator& generator) {
  return static_cast<size_t>(generator.randint(0, static_cast<int64_t>(count)));
}

struct Fact {
  size_t kind, verb, noun;
  std::array<int64_t, 2> who;  // A and B
  bool operator==(const Fact&) const = default;
  // A fifth of the pairs of verb and noun: no story of training has one.
  bool held_out() const { return (verb + noun) % 5 == 0; }
};

class World {
 public:
  static constexpr int64_t least_entities = 8;

  explicit World(int64_t entities) : entities_(entities) {
    if (entities < least_entities)
      throw ValueError(fmt::format("World: {} entities; need at least {}", entities, least_entities));
    for (int64_t e = 0; e < entities; ++e) add(fmt::format("@e{}", e));
    gap_ = add(std::string(gap_word)), stop_ = add(std::string(full_stop));
    kinds_.push_back(kind("A V the N to B", "the N was V to B by A", "sold lent sent", false));
    kinds_.push_back(kind("A V the N in B", "in B the N was V by A", "found lost left", true));
  }

  // Ids below entities() are @e0, @e1, ..., the others words.
  int64_t entities() const { return entities_; }
  int64_t vocabulary() const { return static_cast<int64_t>(words_.size()); }
  int64_t gap() const { return gap_; }
  int64_t stop() const { return stop_; }
  const std::string& word(int64_t id) const { return words_[static_cast<size_t>(id)]; }
  std::optional<int64_t> id(const std::string& word) const {
    const auto at = ids_.find(word);
    return at == ids_.end() ? std::nullopt : std::optional(at->second);
  }
  // "the, lamp, ..."
  std::string known_words() const {
    return fmt::format("{}", fmt::join(words_.begin() + stop_ + 1, words_.end(), ", "));
  }

  Fact any_fact(Generator& generator) const {
    const size_t k = choose(kinds_.size(), generator);
    const Kind& kind = kinds_[k];
    const int64_t one = someone(false, -1, generator);
    const size_t verb = choose(kind.verbs.size(), generator), noun = choose(kind.nouns.size(), generator);
    return {k, verb, noun, {one, someone(kind.at_place, one, generator)}};
  }
  // The same noun with a verb of another kind, or the same verb with another noun.
  Fact near_fact(const Fact& asked, Generator& generator) const {
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
  // In the first form or the second; of what `who` holds.
  std::vector<int64_t> told(const Fact& fact, size_t form) const {
    const Kind& kind = kinds_[fact.kind];
    std::vector<int64_t> ids = kind.forms[form];
    for (int64_t& id : ids) {
      if (id == slot_a) id = fact.who[0];
      if (id == slot_b) id = fact.who[1];
      if (id == slot_verb) id = kind.verbs[fact.verb];
      if (id == slot_noun) id = kind.nouns[fact.noun];
    }
    return ids;
  }

 private:
  enum Slot : int64_t { slot_a = -1, slot_b = -2, slot_verb = -3, slot_noun = -4 };
  struct Kind {
    std::array<std::vector<int64_t>, 2> forms{};  // ids and slots
    std::vector<int64_t> verbs{}, nouns{};
    bool at_place = false;  // B is one
  };

  int64_t add(const std::string& word) {
    const auto [at, fresh] = ids_.emplace(word, vocabulary());
    if (fresh) words_.push_back(word);
    return at->second;
  }
  std::vector<int64_t> ids_of(std::string_view text) {
    static const std::map<std::string, int64_t> slots{{"A", slot_a}, {"B", slot_b}, {"V", slot_verb}, {"N", slot_noun}};
    std::istringstream words{std::string(text)};
    std::vector<int64_t> ids;
    for (std::string word; words >> word;) {
      const auto slot = slots.find(word);
      ids.push_back(slot != slots.end() ? slot->second : add(word));
    }
    return ids;
  }
  Kind kind(std::string_view form, std::string_view other_form, std::string_view verbs, bool at_place) {
    return {{ids_of(form), ids_of(other_form)}, ids_of(verbs), ids_of("lamp rope book coin drum"), at_place};
  }
  // A role, not `but`.
  int64_t someone(bool place, int64_t but, Generator& generator) const {
    const int64_t places = entities_ / 4;
    for (;;) {
      const int64_t role = place ? generator.randint(0, places) : generator.randint(places, entities_);
      if (role != but) return role;
    }
  }

  int64_t entities_, gap_ = 0, stop_ = 0;
  std::vector<std::string> words_{};
  std::map<std::string, int64_t> ids_{};
  std::vector<Kind> kinds_{};
};

}  // namespace fovea::examples
