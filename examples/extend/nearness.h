// Nearness: a key is attended to for being near, as in kernel regression (Nadaraya 1964; Watson 1964).
//
//   e_ij = -β ‖W q_i - k_j‖²,   β = exp(b)                                       (1)
//
//   symbol   shape          meaning
//   q_i      [B, Tq, Dq]    query
//   k_j      [B, Tk, Dk]    keys
//   W        [Dk, Dq]       learned, as is b: the sharpness of the kernel
#pragma once

#include <fovea/fovea.h>

inline fovea::Tensor nearness(const fovea::Tensor& query, const fovea::Tensor& keys, const fovea::Tensor& weight,
                              const fovea::Tensor& sharpness) {
  const fovea::Tensor q = linear(query, weight);                                         // W q_i [B, Tq, Dk]
  const fovea::Tensor distance = sum(square(unsqueeze(q, 2) - unsqueeze(keys, 1)), -1);  // [B, Tq, Tk]
  return neg(distance) * exp(sharpness);                                                 // (1) [B, Tq, Tk]
}

class NearnessScore final : public fovea::Score {
 public:
  NearnessScore(int64_t query_size, int64_t key_size, fovea::Generator& generator)
      : weight(fovea::init::uniform_fan({key_size, query_size}, query_size, generator)), sharpness(fovea::zeros({})) {}
  void members(fovea::Members& m) override { m("weight", weight)("sharpness", sharpness); }
  fovea::Tensor compare(const fovea::Tensor& query, const fovea::Tensor& keys) const override {
    return nearness(query, keys, weight, sharpness);
  }

  fovea::Parameter weight, sharpness;  // W, b
};

using NearnessAttention = fovea::Attention<NearnessScore, fovea::Soft>;
