// Strings of letters, made fresh for every batch, and what a model is to answer.
//   reverse   the letters from the last to the first
//   copy      the letters as they came
//   sort      the letters in the order of the alphabet
// A letter is an id below `letters`; after them come the marks `begin` and `end`. All strings of a batch have one
// length. Errors: ValueError for an unknown task, no letters or a length below 1.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>

#include <string>
#include <string_view>

namespace fovea::examples {

struct Strings {
  Tensor source;     // i64 [B, L]
  Tensor input_ids;  // i64 [B, L + 1]: begin, then the answer
  Tensor target;     // i64 [B, L + 1]: the answer, then end
};

class LetterTask {
 public:
  LetterTask(std::string_view name, int64_t letters);
  int64_t vocabulary() const { return letters_ + 2; }
  int64_t begin() const { return letters_; }
  int64_t end() const { return letters_ + 1; }
  Strings make(int64_t batch, int64_t length, Generator& generator) const;
  // The inputs of a model that gave `ids` i64 [B, U]: begin, then all but the last.
  Tensor inputs_of(const Tensor& ids) const;
  // Where the letters of an answer may come from: bool [B, L, L], answer by source. For sort every equal letter.
  Tensor origins(const Strings& strings) const;
  // "a" to "z", then "A" to "Z"; "." for the end.
  std::string letter(int64_t id) const;

 private:
  enum class Kind { reverse, copy, sort };
  Kind kind_;
  int64_t letters_;
};

}  // namespace fovea::examples
