// Embedding: a row of a table for each id.
// Shapes: ids i64 [...], weight [count, size], result [..., size]. Starts as N(0, 1). The row of padding_id starts as
// zero and gets no gradient. Errors: IndexError for an id or a padding_id outside [0, count); ValueError for sizes
// below 1.
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

class Embedding final : public Module {
 public:
  Embedding(int64_t count, int64_t size, int64_t padding_id = -1, Generator& generator = default_generator());
  void members(Members& m) override { m("weight", weight); }
  Tensor operator()(const Tensor& ids) const { return embedding(weight, ids, padding_id_); }

  Parameter weight;

 private:
  int64_t padding_id_;  // -1: none
};

}  // namespace fovea
