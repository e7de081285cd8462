// Cosine with a strength: addressing by content. Graves, Wayne, Danihelka 2014, "Neural Turing Machines", arXiv
// 1410.5401, equations (5) and (6).
//
//   score(k, m) = β k·m / (‖k‖ ‖m‖)                                              (1)
//   β = softplus(b)                                                              (2)
//
//   symbol   shape         meaning
//   k        [B, Tq, D]    query
//   m        [B, Tk, D]    keys: rows of a memory
//   β        []            strength, learned, above 0; the cosine alone lies in [-1, 1] and cannot single out a key
//
// (1) is cosine_similarity of autograd/ops.h; the Neural Turing Machine's own (6), with 1e-8 added to the product, is
// in autograd/ntm.h, which says why. The lengths of k and m do not matter, large or small; where one is 0 the score and
// its gradient are 0. Keys are brought to length 1 once a sequence.
#pragma once

#include <fovea/layers/attention/score/score.h>

#include <cmath>

namespace fovea {

class CosineScore final : public Score {
 public:
  explicit CosineScore(double strength = 1)
      : raw_strength(scalar(checked_positive("CosineScore", "strength", strength) + std::log1p(-std::exp(-strength)))) {
  }
  void members(Members& m) override { m("raw_strength", raw_strength); }

  Tensor prepare(const Tensor& keys) const override { return normalize(keys, -1); }
  Tensor compare(const Tensor& query, const Tensor& prepared) const override {
    check_pair("CosineScore", query, prepared);
    const Tensor cosine = matmul(normalize(query, -1), transpose(prepared, 1, 2));  // [B, Tq, Tk]
    return softplus(raw_strength) * cosine;                                         // (1), (2) [B, Tq, Tk]
  }

  Parameter raw_strength;  // b
};

}  // namespace fovea
