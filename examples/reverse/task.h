// Strings of letters, made fresh for every batch, and what a model is to answer.
//   reverse   the letters from the last to the first
//   copy      the letters as they came
//   sort      the letters in the order of the alphabet
// A letter is an id below `letters`; after them come the marks `begin` and `end`. All strings of a batch have one
// length. Errors: ValueError for an unknown task, no letters or a length below 1.
#pragma once

#include <fovea/autograd/ops.h>
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
  LetterTask(std::string_view name, int64_t letters) : letters_(letters) {
    if (name == "reverse")
      kind_ = Kind::reverse;
    else if (name == "copy")
      kind_ = Kind::copy;
    else if (name == "sort")
      kind_ = Kind::sort;
    else
      throw ValueError("LetterTask: no task is called '" + std::string(name) + "'; need reverse, copy or sort");
    if (letters < 1) throw ValueError("LetterTask: " + std::to_string(letters) + " letters; need at least 1");
  }
  int64_t vocabulary() const { return letters_ + 2; }
  int64_t begin() const { return letters_; }
  int64_t end() const { return letters_ + 1; }
  Strings make(int64_t batch, int64_t length, Generator& generator) const {
    if (length < 1) throw ValueError("LetterTask: length " + std::to_string(length) + "; need at least 1");
    return answer(randint({batch, length}, 0, letters_, generator));
  }
  // The strings of a source i64 [B, L] with what is to be answered.
  Strings answer(const Tensor& source) const {
    const Tensor letters = kind_ == Kind::reverse ? flip(source, 1)
                           : kind_ == Kind::sort  ? sort(source, 1).first
                                                  : source;
    const Tensor target = cat({letters, full({source.size(0), 1}, static_cast<double>(end()), i64)}, 1);
    return {source, inputs_of(target), target};
  }
  // The inputs of a model that gave `ids` i64 [B, U]: begin, then all but the last.
  Tensor inputs_of(const Tensor& ids) const {
    const Tensor first = full({ids.size(0), 1}, static_cast<double>(begin()), i64);
    return cat({first, slice(ids, 1, 0, ids.size(1) - 1)}, 1);
  }
  // Where the letters of an answer may come from: bool [B, L, L], answer by source. For sort every equal letter.
  Tensor origins(const Strings& strings) const {
    const int64_t length = strings.source.size(1);
    Tensor same = eq(unsqueeze(slice(strings.target, 1, 0, length), 2), unsqueeze(strings.source, 1));
    if (kind_ == Kind::sort) return same;
    const Tensor from = arange(length), place = kind_ == Kind::reverse ? flip(from, 0) : from;
    return expand(unsqueeze(eq(unsqueeze(place, 1), unsqueeze(from, 0)), 0), same.shape());
  }
  // "a" to "z", then "A" to "Z"; "." for the end.
  // What somebody typed, i64 [1, L]; UsageError's reason where it has other letters.
  Tensor letters_of(std::string_view text) const {
    std::vector<int64_t> ids;
    for (const char sign : text) {
      const int64_t id = sign >= 'a' && sign <= 'z'   ? sign - 'a'
                         : sign >= 'A' && sign <= 'Z' ? sign - 'A' + 26
                                                      : letters_;
      if (id >= letters_)
        throw ValueError("'" + std::string(1, sign) + "' is none of the " + std::to_string(letters_) +
                         " letters that were learned, of a to z and A to Z");
      ids.push_back(id);
    }
    if (ids.empty()) throw ValueError("nothing to look at; need a string of letters");
    return from(ids, {1, static_cast<int64_t>(ids.size())});
  }
  std::string letter(int64_t id) const {
    if (id == end()) return ".";
    if (id == begin()) return "^";
    if (id < 26) return std::string(1, static_cast<char>('a' + id));
    return id < 52 ? std::string(1, static_cast<char>('A' + id - 26)) : std::to_string(id);
  }

 private:
  enum class Kind { reverse, copy, sort };
  Kind kind_;
  int64_t letters_;
};

}  // namespace fovea::examples
