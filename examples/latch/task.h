// The latch: at every step of a sequence the answer is the value of the last marked one. A network has to hold a number
// for as long as no mark comes, and to let go of it at once when one does.
//
//   y_t = v_t where m_t = 1, else y_{t-1}
//
//   symbol   shape       meaning
//   x        [B, T, 2]   v_t, U(-1, 1), and its mark m_t, 1 with probability `marks`; the first step is marked
//   target   [B, T, 1]   y_t
#pragma once

#include <fovea/autograd/ops.h>

namespace fovea::examples {

// An answer this near is right.
constexpr double near_enough = 0.1;

struct Marked {
  Tensor x, target;
};

inline Marked marked_values(int64_t count, int64_t length, double marks, Generator& generator) {
  const Tensor values = uniform({count, length}, -1, 1, generator);
  Tensor mark = to(lt(uniform({count, length}, 0, 1, generator), scalar(marks)), f32);
  select(mark, 1, 0).fill_(1);
  std::vector<Tensor> target{select(values, 1, 0)};
  for (int64_t t = 1; t < length; ++t)
    target.push_back(where(gt(select(mark, 1, t), scalar(0.5)), select(values, 1, t), target.back()));
  return {stack({values, mark}, 2), unsqueeze(stack(target, 1), 2)};
}

// Answers near enough, in percent.
inline double percent_right(const Tensor& answers, const Tensor& target) {
  return 100 * mean(to(lt(abs(answers - target), scalar(near_enough)), f64)).item();
}

}  // namespace fovea::examples
