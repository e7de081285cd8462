// Read: what an attention gives back, from its outcome and the values; the last of its three parts (attention.h).
//
//   WeightedSum   c_i = Σ_j α_ij v_j                      [B, Tq, Dv]            (1)
//   PickedValue   c_i = v_{s_i},  s_i the drawn key       [B, Tq, Dv]            (2)
//   LogRead       c_ij = log α_ij                         [B, Tq, Tk]            (3)
//
//   symbol   shape          meaning
//   α        [B, Tq, Tk]    weights
//   s        [B, Tq]        what a Drawn alignment chose
//   v        [B, Tk, Dv]    values
//
// (1): Bahdanau, Cho, Bengio 2014, arXiv 1409.0473, equation (5). (2): Xu et al. 2015, arXiv 1502.03044, equation (9);
// the same as (1) of a one-hot row, but Tk times cheaper; 0 in a row that is masked wholly. (3): Vinyals, Fortunato,
// Jaitly 2015, arXiv 1506.03134: nothing is read, the weights are the answer. Crops of an image: crops.h.
// A new read derives from Module and is called with an alignment's outcome and the values.
// Errors: ValueError for an outcome that holds no draw, or no logarithms; a row that read its expectation drew nothing.
#pragma once

#include <fovea/layers/attention/align/align.h>

namespace fovea {

class WeightedSum final : public Module {
 public:
  template <class Outcome>
  Tensor operator()(const Outcome& alpha, const Tensor& values) const {
    return matmul(weights_of(alpha), values);  // (1) [B, Tq, Dv]
  }
};

class PickedValue final : public Module {
 public:
  Tensor operator()(const Drawn& drawn, const Tensor& values) const {
    const Tensor s = unsqueeze(drawn.choice, 2);       // [B, Tq, 1]
    const Tensor share = gather(drawn.weights, 2, s);  // 1, or 0 in a row that is masked wholly
    const Tensor zero = scalar(0, share.dtype()), read = gt(share, zero);
    if (any(logical_and(read, lt(share, scalar(1, share.dtype())))))
      throw ValueError("PickedValue: a row read its expectation, not a key; set the expectation of hard to 0");
    const Tensor picked = gather(values, 1, expand(s, {s.size(0), s.size(1), values.size(2)}));
    return where(read, picked, zero);  // (2) [B, Tq, Dv]
  }
  Tensor operator()(const AnyOutcome& alpha, const Tensor& values) const {
    if (const auto* drawn = std::get_if<Drawn>(&alpha)) return (*this)(*drawn, values);
    throw ValueError("PickedValue: the alignment drew no key; use one that does, such as hard");
  }
};

class LogRead final : public Module {
 public:
  Tensor operator()(const LogWeights& alpha, const Tensor&) const { return alpha.log_weights; }  // (3)
  Tensor operator()(const AnyOutcome& alpha, const Tensor& values) const {
    if (const auto* logs = std::get_if<LogWeights>(&alpha)) return (*this)(*logs, values);
    throw ValueError("LogRead: the alignment has no logarithms; use one that does, such as pointer");
  }
};

}  // namespace fovea
