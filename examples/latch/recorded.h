// A sequence of the latch, recorded; and one that was typed: 0.3* -0.1 0.5 0.2* -0.9, the first marked in any case.
#pragma once

#include <fmt/format.h>

#include "examples/common/record.h"
#include "examples/common/typed.h"
#include "examples/latch/task.h"

namespace fovea::examples {

inline Marked typed_marked(const std::string& text) {
  std::vector<float> values, marks, target;
  for (std::string word : typed_words(text)) {
    const bool marked = word.back() == '*' || values.empty();
    if (word.back() == '*') word.pop_back();
    values.push_back(static_cast<float>(typed_number(word))), marks.push_back(marked ? 1.0F : 0.0F);
    target.push_back(marked ? values.back() : target.back());
  }
  const auto T = static_cast<int64_t>(values.size());
  return {stack({from(values, {1, T}), from(marks, {1, T})}, 2), from(target, {1, T, 1})};
}

// `states` gives h of each step [1, T, H], `output` y of it.
template <class States, class Output>
void record_marked(Recorder& recorder, const States& states, const Output& output, const Marked& one) {
  const auto row = [](const Tensor& x) { return reshape(x.detach(), {1, -1}); };
  recorder.sample({.title = fmt::format("{} steps", one.x.size(1))}, [&](Recorded& seen) {
    const Tensor h = states(one.x), y = output(h);
    seen.matrix("value", row(select(one.x, 2, 0)), {"v", "step"});
    seen.matrix("mark", row(select(one.x, 2, 1)), {"m", "step"});
    seen.matrix("expected", row(one.target), {"y", "step"});
    seen.matrix("answer", row(y), {"y", "step"});
    seen.matrix("state", transpose(select(h, 0, 0), 0, 1), {"unit", "step"});
    seen.text("last answer", {fmt::format("{:.3f}", y.detach().at({0, one.x.size(1) - 1, 0}))});
    return mse_loss(y, one.target);
  });
}

}  // namespace fovea::examples
