#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/layers/embedding.h>

namespace fovea {

Embedding::Embedding(int64_t count, int64_t size, int64_t padding_id, Generator& generator) : padding_id_(padding_id) {
  if (count < 1 || size < 1)
    throw ValueError(fmt::format("Embedding: count {}, size {}; need at least 1", count, size));
  if (padding_id < -1 || padding_id >= count)
    throw IndexError(fmt::format("Embedding: padding_id {} is outside [0, {}); -1 for none", padding_id, count));
  const Tensor table = normal({count, size}, 0, 1, generator);
  if (padding_id >= 0) array::select(table, 0, padding_id).fill_(0);
  weight = Parameter(table);
}

}  // namespace fovea
