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

// 1 where the more likely bit is the wrong one, as f32.
inline Tensor wrong_bits(const Tensor& logits, const Tensor& target) {
  return to(ne(gt(logits, zeros_like(logits)), gt(target, full({}, 0.5))), f32);
}

}  // namespace fovea::examples
