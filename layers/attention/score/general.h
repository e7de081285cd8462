// General: a bilinear form. Luong, Pham, Manning 2015, arXiv 1508.04025, section 3.1.
//
//   score(h_t, h_s) = h_tᵀ W_a h_s                                               (1)
//
//   symbol   shape          meaning
//   h_t      [B, Tq, Dq]    query
//   h_s      [B, Tk, Dk]    keys
//   W_a      [Dq, Dk]       U(-1/√Dk, 1/√Dk) at the start; the identity makes this the dot product
//
// W_a h_s is worked out once a sequence. Cost: B Tk Dq Dk to prepare, then B Tq Tk Dq.
#pragma once

#include <fovea/layers/attention/score/score.h>
#include <fovea/layers/init.h>

namespace fovea {

class GeneralScore final : public Score {
 public:
  GeneralScore(int64_t query_size, int64_t key_size, Generator& generator = default_generator())
      : weight(init::uniform_fan({checked_size("GeneralScore", "query_size", query_size),
                                  checked_size("GeneralScore", "key_size", key_size)},
                                 key_size, generator)) {}
  void members(Members& m) override { m("weight", weight); }

  Tensor prepare(const Tensor& keys) const override {
    check_features("GeneralScore", "keys", keys, weight->size(1));
    return linear(keys, weight);  // W_a h_s  [B, Tk, Dq]
  }
  Tensor compare(const Tensor& query, const Tensor& prepared) const override {
    check_pair("GeneralScore", query, prepared);
    return matmul(query, transpose(prepared, 1, 2));  // (1) [B, Tq, Tk]
  }

  Parameter weight;  // W_a
};

}  // namespace fovea
