// Tasks over strings of characters: the source is read, the target is to be the output.
//   copy       "4071.."    the same
//   reverse    "4071.."    backwards
//   sort       "4071.."    its digits in order
//   addition   "123+456="  "0579", or "9750" where the answer is written backwards, the units first
//
// Held out truly: a hash of the source decides whether a string belongs to training (8 of 10), validation or test; each
// draws only strings of its own, so no string of the test can have been learned from. 123+456 and 456+123 are one.
// Errors: ValueError for an unknown task and for lengths that cannot be.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/core/random.h>
#include <fovea/optim/training/text/corpus.h>

#include <algorithm>

namespace fovea::examples {

using namespace text;

struct StringRules {
  std::string task{};
  int64_t min_length = 10, max_length = 20;  // digits; addition has 3 + 3
  bool backwards = false;                    // the answer of addition
};

enum class Part { training, validation, test };

class StringSource {
 public:
  explicit StringSource(const StringRules& rules)
      : rules_(rules), vocabulary_(Vocabulary::of(characters("0123456789+="))) {
    const auto& names = {"copy", "reverse", "sort", "addition"};
    if (std::find(names.begin(), names.end(), rules.task) == names.end())
      throw ValueError("task \"" + rules.task + "\" is unknown; choose copy, reverse, sort or addition");
    // Shorter ones are so few that a part might have none.
    if (rules.min_length < 4 || rules.max_length < rules.min_length)
      throw ValueError(fmt::format("strings of {} to {} digits; need 4 <= min_length <= max_length", rules.min_length,
                                   rules.max_length));
  }
  const Vocabulary& vocabulary() const { return vocabulary_; }
  // Of characters, the end mark included.
  int64_t max_answer() const { return (rules_.task == "addition" ? 4 : rules_.max_length) + 1; }
  // One character a word.
  Pair draw(Part part, Generator& generator) const {
    for (;;) {
      Pair pair = any(generator);
      if (part_of(pair) == part) return pair;
    }
  }
  std::vector<Pair> draw(Part part, int64_t count, Generator generator) const {
    std::vector<Pair> pairs;
    while (static_cast<int64_t>(pairs.size()) < count) pairs.push_back(draw(part, generator));
    return pairs;
  }

 private:
  Pair any(Generator& generator) const {
    if (rules_.task == "addition") {
      const int64_t a = generator.randint(0, 1000), b = generator.randint(0, 1000);
      std::string sum = fmt::format("{:04}", a + b);
      if (rules_.backwards) std::reverse(sum.begin(), sum.end());
      return {characters(fmt::format("{:03}+{:03}=", a, b)), characters(sum)};
    }
    Words source, target;
    for (int64_t i = generator.randint(rules_.min_length, rules_.max_length + 1); i > 0; --i)
      source.push_back(std::to_string(generator.randint(0, 10)));
    target = source;
    if (rules_.task == "reverse") std::reverse(target.begin(), target.end());
    if (rules_.task == "sort") std::sort(target.begin(), target.end());
    return {std::move(source), std::move(target)};
  }
  Part part_of(const Pair& pair) const {
    Words key = pair.source;
    if (rules_.task == "addition") {
      const Words a(key.begin(), key.begin() + 3), b(key.begin() + 4, key.begin() + 7);
      if (b < a) std::swap_ranges(key.begin(), key.begin() + 3, key.begin() + 4);
    }
    const uint64_t tenth = hash_of(key) % 10;
    return tenth == 0 ? Part::test : tenth == 1 ? Part::validation : Part::training;
  }
  StringRules rules_;
  Vocabulary vocabulary_;
};

}  // namespace fovea::examples
