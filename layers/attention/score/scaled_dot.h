// Scaled dot product. Vaswani et al. 2017, "Attention Is All You Need", arXiv 1706.03762, section 3.2.1.
//
//   score(q, k) = qᵀ k / √D                                                      (1)
//
//   symbol   shape         meaning
//   q        [B, Tq, D]    query
//   k        [B, Tk, D]    keys
//
// With entries of variance 1 the dot product has variance D; the scale keeps the softmax where it has a slope.
// ScaledDotScore(scale) has another in place of 1 / √D. No parameters. Cost: B Tq Tk D. Multi-head attention has a
// fused form of its own (multi_head.h).
#pragma once

#include <fovea/layers/attention/score/score.h>

#include <cmath>

namespace fovea {

class ScaledDotScore final : public Score {
 public:
  explicit ScaledDotScore(double scale = 0) : scale_(scale) {}
  double scale() const { return scale_; }  // 0: 1 / √D
  Tensor compare(const Tensor& query, const Tensor& keys) const override {
    check_pair("ScaledDotScore", query, keys);
    const double scale = scale_ != 0 ? scale_ : 1 / std::sqrt(static_cast<double>(query.size(2)));
    return matmul(query * scale, transpose(keys, 1, 2));  // (1) [B, Tq, Tk]
  }

 private:
  double scale_;
};

}  // namespace fovea
