// The score-function estimator (REINFORCE): gradients of an expected reward through draws that have none of their own.
// Williams 1992, "Simple statistical gradient-following algorithms for connectionist reinforcement learning".
//
//   ∇ E[R(a)] = E[(R(a) - b) ∇ log p(a)]           b: anything that does not depend on a       (1)
//   L = -sg(R - b) log p(a) - λ H(p)               to minimise; its gradient estimates -∇E[R]   (2)
//
// Baselines b, from none to strong; each keeps (1) unbiased and lowers its variance:
//   none             leave options.baseline undefined
//   moving average   MovingBaseline(decay): b_k = decay b_{k-1} + (1 - decay) mean R_k, used before R_k enters it
//   per step         MovingBaseline(decay, steps): one b for each step, the reward's last dimension
//   learned          b = f(state) of any layer; train it with baseline_loss(b, R). The gradient of (2) does not reach
//   it leave one out    of S draws for the same input, b_i = the mean reward of the others
//
// Shapes: log probability, reward and entropy alike, [B], [B, T] or [S, B]. Errors: ShapeError, ValueError.
#pragma once

#include <fovea/autograd/ops.h>

namespace fovea {

struct SurrogateOptions {
  Tensor baseline = {};       // b, broadcasts to the reward; its gradient is stopped
  Tensor entropy = {};        // H, with entropy_weight
  double entropy_weight = 0;  // λ
  Tensor mask = {};           // bool: which elements count; undefined: all
  Reduction reduction = Reduction::mean;
};

// (2). The reward's gradient is stopped.
Tensor surrogate_loss(const Tensor& log_probability, const Tensor& reward, const SurrogateOptions& options = {});

// mean (b - sg(R))².
Tensor baseline_loss(const Tensor& baseline, const Tensor& reward);

class MovingBaseline {
 public:
  explicit MovingBaseline(double decay = 0.9, int64_t steps = 0);
  // The baseline made of the rewards seen so far, [] or [T]; then takes these in, [B] or [B, T]. 0 at first.
  Tensor operator()(const Tensor& reward);
  const Tensor& value() const { return value_; }
  void set_value(const Tensor& value);  // what value() was, from a checkpoint

 private:
  double decay_;
  int64_t steps_;
  Tensor value_;
};

// reward [S, ...], S >= 2 -> for each draw the mean of the others.
Tensor leave_one_out(const Tensor& reward);

// R_t = Σ_{k >= t} discount^{k - t} r_k: rewards [B, T] -> [B, T]. What came before a draw cannot depend on it.
Tensor reward_to_go(const Tensor& rewards, double discount = 1);

}  // namespace fovea
