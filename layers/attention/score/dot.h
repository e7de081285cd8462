// Dot product. Luong, Pham, Manning 2015, "Effective Approaches to Attention-based NMT", arXiv 1508.04025, section 3.1.
//
//   score(h_t, h_s) = h_tᵀ h_s                                                   (1)
//
//   symbol   shape         meaning
//   h_t      [B, Tq, D]    query: the decoder's state
//   h_s      [B, Tk, D]    keys: the encoder's states, as wide as the query
//
// No parameters. Cost: B Tq Tk D.
#pragma once

#include <fovea/layers/attention/score/score.h>

namespace fovea {

class DotScore final : public Score {
 public:
  Tensor compare(const Tensor& query, const Tensor& keys) const override {
    check_pair("DotScore", query, keys);
    return matmul(query, transpose(keys, 1, 2));  // (1) [B, Tq, Tk]
  }
};

}  // namespace fovea
