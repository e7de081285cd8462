// Embedding: a row of a table for each id.
// Shapes: ids i64 [...], weight [count, size], result [..., size]. Starts as N(0, 1). The row of padding_id starts as
// zero and gets no gradient. Errors: IndexError for an id or a padding_id outside [0, count); ValueError for sizes
// below 1.
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/layers/check.h>

namespace fovea {

class Embedding final : public Module {
 public:
  Embedding(int64_t count, int64_t size, int64_t padding_id = -1, Generator& generator = default_generator())
      : padding_id_(padding_id) {
    check_sizes("Embedding", {{"count", count}, {"size", size}});
    if (padding_id < -1 || padding_id >= count)
      throw IndexError("Embedding: padding_id " + std::to_string(padding_id) + " is outside [0, " +
                       std::to_string(count) + "); -1 for none");
    const Tensor table = normal({count, size}, 0, 1, generator);
    if (padding_id >= 0) select(table.detach(), 0, padding_id).fill_(0);
    weight = Parameter(table);
  }
  void members(Members& m) override { m("weight", weight); }
  Tensor operator()(const Tensor& ids) const { return with_weight(weight, ids); }
  // With another weight of that shape in place of its own.
  Tensor with_weight(const Tensor& other, const Tensor& ids) const { return embedding(other, ids, padding_id_); }

  Parameter weight;

 private:
  int64_t padding_id_;  // -1: none
};

}  // namespace fovea
