#include "examples/reverse/task.h"

#include <fovea/autograd/ops.h>

namespace fovea::examples {

LetterTask::LetterTask(std::string_view name, int64_t letters) : letters_(letters) {
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

Strings LetterTask::make(int64_t batch, int64_t length, Generator& generator) const {
  if (length < 1) throw ValueError("LetterTask: length " + std::to_string(length) + "; need at least 1");
  const Tensor source = randint({batch, length}, 0, letters_, generator);
  const Tensor answer = kind_ == Kind::reverse ? flip(source, 1) : kind_ == Kind::sort ? sort(source, 1).first : source;
  const Tensor target = cat({answer, full({batch, 1}, static_cast<double>(end()), i64)}, 1);
  return {source, inputs_of(target), target};
}

Tensor LetterTask::inputs_of(const Tensor& ids) const {
  const Tensor first = full({ids.size(0), 1}, static_cast<double>(begin()), i64);
  return cat({first, slice(ids, 1, 0, ids.size(1) - 1)}, 1);
}

Tensor LetterTask::origins(const Strings& strings) const {
  const int64_t length = strings.source.size(1);
  Tensor same = eq(unsqueeze(slice(strings.target, 1, 0, length), 2), unsqueeze(strings.source, 1));
  if (kind_ == Kind::sort) return same;
  const Tensor from = arange(length), place = kind_ == Kind::reverse ? flip(from, 0) : from;
  return expand(unsqueeze(eq(unsqueeze(place, 1), unsqueeze(from, 0)), 0), same.shape());
}

std::string LetterTask::letter(int64_t id) const {
  if (id == end()) return ".";
  if (id == begin()) return "^";
  if (id < 26) return std::string(1, static_cast<char>('a' + id));
  return id < 52 ? std::string(1, static_cast<char>('A' + id - 26)) : std::to_string(id);
}

}  // namespace fovea::examples
