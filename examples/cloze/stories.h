// Stories of a little world, and a question about each with a gap, @x, that one of its entities fills.
//
//   @e4 sold the lamp to @e1 . in @e0 the coin was left by @e4 . the book was sold to @e2 by @e5 . @e1 found the lamp
//   in @e6 . the lamp was sold to @x by @e4                                               the answer is @e1
//
// A sentence tells a fact: a verb, a noun, a person who does it, and the person or place that it is done to or in, in
// one of two forms. The question tells one of the facts again, in the same or the other form, with one entity left out.
// No other fact of the story has the same noun with a verb of the same kind; but of two in four the noun is the same
// and the kind another, or the verb is the same and the noun another: neither is enough to find the sentence. Entities
// get new ids in every story, by a random permutation: an id means nothing by itself. A fifth of the pairs of verb and
// noun is held out: no story of training has one, and every question of the test asks for one.
// Errors: ValueError for too few sentences or entities.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>
#include <fovea/optim/training/data.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::examples {

inline constexpr std::string_view gap_word = "@x", full_stop = ".";

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

class World {
 public:
  static constexpr int64_t least_entities = 4;

  explicit World(int64_t entities);

  // Ids below entities() are @e0, @e1, ..., the others words.
  int64_t entities() const { return entities_; }
  int64_t vocabulary() const { return static_cast<int64_t>(words_.size()); }
  const std::string& word(int64_t id) const { return words_[static_cast<size_t>(id)]; }
  std::optional<int64_t> id(const std::string& word) const;
  std::string known_words() const;  // "the, lamp, ..."

  Story tell(const StoryOptions& options, Generator& generator) const;
  // fields: documents i64 [B, T], questions i64 [B, Q], answers i64 [B]; with their lengths.
  Batch batch(int64_t count, const StoryOptions& options, Generator& generator) const;
  static Batch batch(const std::vector<Story>& stories);

 private:
  struct Fact {
    size_t kind, verb, noun;
    std::array<int64_t, 2> who;
    bool operator==(const Fact&) const = default;
  };
  struct Kind {
    std::array<std::vector<int64_t>, 2> forms{};  // ids, and slots that a fact fills
    std::vector<int64_t> verbs{}, nouns{};
    bool at_place = false;  // the second entity is one
  };
  int64_t add(const std::string& word);
  Kind kind(std::string_view form, std::string_view other_form, std::string_view verbs, bool at_place);
  int64_t someone(bool place, int64_t but, Generator& generator) const;
  Fact any_fact(Generator& generator) const;
  Fact near_fact(const Fact& asked, Generator& generator) const;
  std::vector<int64_t> told(const Fact& fact, size_t form) const;

  int64_t entities_, places_;
  std::vector<std::string> words_{};
  std::map<std::string, int64_t> ids_{};
  std::vector<Kind> kinds_{};
};

}  // namespace fovea::examples
