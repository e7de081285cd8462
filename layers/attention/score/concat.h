// Concat. Luong, Pham, Manning 2015, arXiv 1508.04025, section 3.1.
//
//   score(h_t, h_s) = v_aᵀ tanh(W_a [h_t ; h_s])                                 (1)
//                   = v_aᵀ tanh(W_t h_t + W_s h_s),   W_a = [W_t | W_s]          (2)
//
//   symbol   shape             meaning
//   h_t      [B, Tq, Dq]       query
//   h_s      [B, Tk, Dk]       keys
//   W_a      [A, Dq + Dk]      U(-1/√(Dq + Dk), 1/√(Dq + Dk)) at the start
//   v_a      [A]               U(-1/√A, 1/√A)
//
// (2) is how it is computed: the additive score with both matrices in one. W_s h_s is worked out once a sequence.
#pragma once

#include <fovea/autograd/attention.h>
#include <fovea/layers/attention/score/score.h>
#include <fovea/layers/init.h>

namespace fovea {

class ConcatScore final : public Score {
 public:
  ConcatScore(int64_t query_size, int64_t key_size, int64_t width, Generator& generator = default_generator())
      : weight(init::uniform_fan(
            {checked_size("ConcatScore", "width", width),
             checked_size("ConcatScore", "query_size", query_size) + checked_size("ConcatScore", "key_size", key_size)},
            query_size + key_size, generator)),
        v(init::uniform_fan({width}, width, generator)),
        query_size_(query_size) {}
  void members(Members& m) override { m("weight", weight)("v", v); }

  Tensor prepare(const Tensor& keys) const override {
    check_features("ConcatScore", "keys", keys, weight->size(1) - query_size_);
    return linear(keys, slice(weight, 1, query_size_));  // W_s h_s  [B, Tk, A]
  }
  Tensor compare(const Tensor& query, const Tensor& prepared) const override {
    check_features("ConcatScore", "query", query, query_size_);
    const Tensor from_query = linear(query, slice(weight, 1, 0, query_size_));  // W_t h_t  [B, Tq, A]
    return additive_score(from_query, prepared, v);                             // (2) [B, Tq, Tk]
  }

  Parameter weight, v;  // W_a, v_a

 private:
  int64_t query_size_;
};

}  // namespace fovea
