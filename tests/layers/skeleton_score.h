// The skeleton of a score, made to be copied; CONTRIBUTING.md says where it goes in the library.
//
// Distance: the nearer the key, the higher the score. Nadaraya 1964, "On Estimating Regression"; Watson 1964, "Smooth
// Regression Analysis": with a soft alignment this is their estimator with a Gaussian kernel.
//
//   e_ij = -‖q_i - k_j‖² / 2                                                     (1)
//
//   symbol   shape         meaning
//   q        [B, Tq, D]    queries
//   k        [B, Tk, D]    keys, as wide as the queries
//
// No parameters. Cost: B Tq Tk D.
#pragma once

#include <fovea/layers/attention/score/score.h>

namespace fovea::skeleton {

class DistanceScore final : public Score {
 public:
  Tensor compare(const Tensor& query, const Tensor& keys) const override {
    check_pair("DistanceScore", query, keys);
    const Tensor lengths = sum(square(query), -1, true) + unsqueeze(sum(square(keys), -1), 1);  // [B, Tq, Tk]
    return matmul(query, transpose(keys, 1, 2)) - lengths * 0.5;                                // (1) [B, Tq, Tk]
  }
};

}  // namespace fovea::skeleton
