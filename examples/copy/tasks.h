// The five tasks of the NTM paper (Graves, Wayne, Danihelka 2014, section 4), made fresh for every batch.
//   copy         L random vectors of 8 bits, a delimiter; the vectors again
//   repeat-copy  L vectors, a delimiter, the number of repeats R; the vectors R times, then an end marker
//   recall       items of 3 vectors of 6 bits, each after a delimiter; a query item; the item that followed it
//   ngrams       200 bits from a random 6-gram source; after each bit, the next one
//   sort         20 vectors of 8 bits with priorities; the 16 of highest priority, highest first
// "Length" is what a task is measured by: vectors (copy, repeat-copy, sort), items (recall), bits (ngrams).
// All sequences of a batch have one length. Errors: ValueError for an unknown task or a length it cannot have.
#pragma once

#include <fovea/core/creation.h>

#include <memory>
#include <string_view>
#include <vector>

namespace fovea::examples {

struct Bits {
  Tensor input;    // [B, T, I]
  Tensor target;   // [B, L, O], 0 or 1: the answers expected in the last L steps
  double optimum;  // bits a sequence that the best possible predictor still gets wrong; NaN where 0 is possible
};

class Task {
 public:
  virtual ~Task() = default;
  virtual int64_t inputs() const = 0;
  virtual int64_t outputs() const = 0;
  virtual int64_t min_length() const { return 1; }
  virtual int64_t max_length() const = 0;  // default of --length
  virtual std::vector<int64_t> test_lengths() const = 0;
  // Beyond what is trained, in a fixed proportion to it; by default none of the test lengths. ngrams: the trained one.
  virtual int64_t validation_length(int64_t max_length) const = 0;
  virtual bool one_length() const { return false; }  // training has that length alone
  // A training length, uniform from the least to `max_length`.
  int64_t draw_length(int64_t max_length, Generator& generator) const {
    return one_length() ? max_length : generator.randint(min_length(), max_length + 1);
  }
  virtual Bits make(int64_t batch, int64_t length, Generator& generator) const = 0;
};

std::unique_ptr<Task> make_task(std::string_view name);

}  // namespace fovea::examples
