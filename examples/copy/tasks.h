// The five tasks of the NTM paper (Graves, Wayne, Danihelka 2014, section 4), and two in which more passes through a
// memory than it holds at a time, made fresh for every batch.
//   copy         L random vectors of 8 bits, a delimiter; the vectors again
//   repeat-copy  L vectors, a delimiter, the number of repeats R; the vectors R times, then an end marker
//   recall       items of 3 vectors of 6 bits, each after a delimiter; a query item; the item that followed it
//   ngrams       200 bits from a random 6-gram source; after each bit, the next one
//   sort         20 vectors of 8 bits with priorities; the 16 of highest priority, highest first
//   copies       sequences of 1 to 8 vectors of 8 bits, each with a delimiter, and given back before the next one comes
//   store        values of 4 bits are put under keys of 4 bits, and asked for once, in any order; 6 lie there at most
// "Length" is what a task is measured by: vectors (copy, repeat-copy, sort), items (recall), bits (ngrams), sequences
// (copies), values (store). All sequences of a batch have one length, and answers at the same steps. Errors: ValueError
// for an unknown task or a length it cannot have.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "examples/copy/store.h"

namespace fovea::examples {

struct Task {
  std::string name{};
  int64_t inputs = 0, outputs = 0;
  int64_t min_length = 1, max_length = 1;  // the least it can have, and the default of --length
  std::vector<int64_t> test_lengths{};
  int64_t beyond = 0;       // what is validated where the longest trained is max_length; by default no test length
  bool one_length = false;  // training has that length alone
  Bits (*draw)(int64_t batch, int64_t length, Generator& generator) = nullptr;
  std::string further{};  // a test of its own at max_length, if there is one, and how it is drawn
  Bits (*draw_further)(int64_t batch, int64_t length, Generator& generator) = nullptr;
  int64_t beyond_count = 50;  // sequences of the validation beyond the training

  // Beyond what is trained, in a fixed proportion to it, rounded up. ngrams: the trained one.
  int64_t validation_length(int64_t trained) const { return (trained * beyond + max_length - 1) / max_length; }
  // A training length, uniform from the least to `longest`.
  int64_t draw_length(int64_t longest, Generator& generator) const {
    return one_length ? longest : generator.randint(min_length, longest + 1);
  }
  Bits make(int64_t batch, int64_t length, Generator& generator) const {
    if (length >= min_length) return draw(batch, length, generator);
    throw ValueError(name + ": length " + std::to_string(length) + "; need at least " + std::to_string(min_length));
  }
};

inline Task make_task(std::string_view name) {
  const Task tasks[] = {
      {"copy", 9, 8, 1, 20, {10, 20, 30, 50, 120}, 116, false, draw_copy},
      {"repeat-copy", 10, 9, 1, 10, {5, 10, 20}, 14, false, draw_repeat_copy, "repeats20", draw_twenty_repeats},
      {"recall", 8, 6, 2, 6, {2, 4, 6, 10, 15}, 14, false, draw_recall, "", nullptr, 400},
      {"ngrams", 1, 1, 7, 200, {200}, 200, true, draw_ngrams},
      {"sort", 10, 8, 2, 20, {20}, 22, true, draw_sort},
      {"copies", 9, 8, 1, 6, {4, 8, 16, 32}, 12, false, draw_copies},
      {"store", 10, 4, 1, 16, {16, 32, 64}, 24, false, draw_store},
  };
  for (const Task& task : tasks)
    if (task.name == name) return task;
  throw ValueError("task \"" + std::string(name) +
                   "\" is unknown; choose copy, repeat-copy, recall, ngrams, sort, copies or store");
}

}  // namespace fovea::examples
