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

#include <fovea/core/random.h>
#include <fovea/optim/training/text/corpus.h>

namespace fovea::examples {

using namespace text;

struct StringRules {
  std::string task{};
  int64_t min_length = 10, max_length = 20;  // digits; addition has 3 + 3
  bool backwards = false;                    // the answer of addition
};

enum class Part { training, validation, test };

class Strings {
 public:
  explicit Strings(const StringRules& rules);
  const Vocabulary& vocabulary() const { return vocabulary_; }
  int64_t max_answer() const;  // the end mark included
  // One character a word.
  Pair draw(Part part, Generator& generator) const;
  std::vector<Pair> draw(Part part, int64_t count, Generator generator) const;

 private:
  Pair any(Generator& generator) const;
  Part part_of(const Pair& pair) const;
  StringRules rules_;
  Vocabulary vocabulary_;
};

}  // namespace fovea::examples
