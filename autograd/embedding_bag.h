// embedding_bag, as PyTorch's of mode "sum": the rows of a table that a bag of ids names, added up, without a tensor of
// the rows themselves.
//   y(s) = sum_j per_sample_weights(s, j) table(ids(s, j))
// table [V, D], ids i64 [S, L], per_sample_weights [S, L] or undefined for 1, y [S, D]. An id equal to padding_id is
// left out of the sums. Errors: ShapeError, DTypeError, IndexError for an id or a padding_id outside [0, V). Cost: S L
// D multiply-adds, and as many for each gradient.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

Tensor embedding_bag(const Tensor& table, const Tensor& ids, const Tensor& per_sample_weights = Tensor(),
                     int64_t padding_id = -1);

}  // namespace fovea
