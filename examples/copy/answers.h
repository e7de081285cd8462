// What a machine answers, and which bits of it are wrong.
#pragma once

#include "examples/copy/machine.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {

// The logits of the steps that answer, [B, L, O].
inline Tensor answers_of(const Machine& model, const Bits& data) {
  if (!data.steps.defined()) return model(data.input, data.target.size(1));
  return index_select(model(data.input, 0), 1, data.steps);
}

// "10110010" for each step of sequence 0; of bits bool [B, L, O].
inline std::vector<std::string> in_bits(const Tensor& bits) {
  std::vector<std::string> words;
  for (int64_t t = 0; t < bits.size(1); ++t) {
    words.emplace_back();
    for (int64_t i = 0; i < bits.size(2); ++i) words.back() += bits.at<bool>({0, t, i}) ? '1' : '0';
  }
  return words;
}

// 1 where the more likely bit is the wrong one, as f32.
inline Tensor wrong_bits(const Tensor& logits, const Tensor& target) {
  return to(ne(gt(logits, zeros_like(logits)), gt(target, full({}, 0.5))), f32);
}

}  // namespace fovea::examples
