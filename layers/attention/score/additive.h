// Additive. Bahdanau, Cho, Bengio 2014, "Neural Machine Translation by Jointly Learning to Align and Translate",
// arXiv 1409.0473, appendix A.1.2.
//
//   e_ij = v_aᵀ tanh(W_a s_i + U_a h_j)                                          (1)
//
//   symbol   shape          meaning
//   s_i      [B, Tq, Dq]    query: the decoder's state before the step
//   h_j      [B, Tk, Dk]    keys: the encoder's states
//   W_a      [A, Dq]        U(-1/√Dq, 1/√Dq) at the start
//   U_a      [A, Dk]        U(-1/√Dk, 1/√Dk)
//   v_a      [A]            U(-1/√A, 1/√A)
//
// U_a h_j is worked out once a sequence. The sums [B, Tq, Tk, A] are never held (autograd/attention.h).
// Cost: B Tk Dk A to prepare, then B Tq (Dq + Tk) A.
#pragma once

#include <fovea/autograd/attention.h>
#include <fovea/layers/attention/score/score.h>
#include <fovea/layers/init.h>

namespace fovea {

class AdditiveScore final : public Score {
 public:
  AdditiveScore(int64_t query_size, int64_t key_size, int64_t width, Generator& generator = default_generator()) {
    check_sizes("AdditiveScore", {{"query_size", query_size}, {"key_size", key_size}, {"width", width}});
    query_weight = Parameter(init::uniform_fan({width, query_size}, query_size, generator));
    key_weight = Parameter(init::uniform_fan({width, key_size}, key_size, generator));
    v = Parameter(init::uniform_fan({width}, width, generator));
  }
  void members(Members& m) override { m("query_weight", query_weight)("key_weight", key_weight)("v", v); }

  Tensor prepare(const Tensor& keys) const override {
    check_features(*this, "AdditiveScore", "key", keys, 3, key_weight->size(1));
    return linear(keys, key_weight);  // U_a h_j  [B, Tk, A]
  }
  Tensor compare(const Tensor& query, const Tensor& prepared) const override {
    check_features(*this, "AdditiveScore", "query", query, 3, query_weight->size(1));
    return additive_score(linear(query, query_weight), prepared, v);  // (1) [B, Tq, Tk]
  }

  Parameter query_weight, key_weight, v;  // W_a, U_a, v_a
};

}  // namespace fovea
