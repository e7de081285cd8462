// Fused ops of attention, each beside its plain formula in autograd/ops. ReferenceMode and second derivatives run the
// plain formula. B batch, Tq queries, Tk keys, A width. All tensors of one op have one floating type.
// Errors: ShapeError, DTypeError, naming the op. Same bits for any number of threads.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

// e_ij = v . tanh(q_i + k_j)            Bahdanau, Cho, Bengio 2014, arXiv 1409.0473, after both projections
// query [B, Tq, A], keys [B, Tk, A], v [A] -> [B, Tq, Tk]; the sums [B, Tq, Tk, A] are never held in memory.
Tensor additive_score(const Tensor& query, const Tensor& keys, const Tensor& v);

}  // namespace fovea
