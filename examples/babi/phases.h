// How a memory network is trained: a linear start, then with its softmaxes, and perhaps all over again.
//
//   linear start   the hops have no softmax, the rate is `linear_rate` of the whole; for `linear_start` steps,
//                  or until the validation loss has not fallen `patience` times in a row
//   then           the softmaxes are in; the rate is halved `halvings` times, and each rate has as many steps
//
// With R restarts the steps are R such runs, each from fresh weights; what does best in validation is kept by the
// trainer. All that this depends on is in the state, so a resumed run goes on as it would have.
#pragma once

#include <cmath>

#include "examples/babi/options.h"

namespace fovea::examples {

class Phases {
 public:
  Phases(const Options& o, MemN2N& model) : o_(o), model_(model) { begin_run(0); }
  // Lists what a checkpoint holds; the optimiser is as it will be at the beginning of each run.
  void members(TrainingState& state, const Optimizer& optimizer) {
    fresh_ = optimizer.saved_state();
    state("linear_end", linear_end_)("linear_best", linear_best_)("in_vain", in_vain_);
  }

  // Before the step after `step` others.
  void begin_step(int64_t step, Optimizer& optimizer, const Generator& root) {
    const int64_t length = o_.steps / o_.restarts, run = step / length, begun = run * length;
    if (run > 0 && step == begun) {
      Generator initial = root.fork(100 + static_cast<uint64_t>(run));
      load_state(model_, state(make_model(o_, model_.A[0]->size(0), initial)));
      optimizer.load_state(fresh_);
      begin_run(step);
    }
    if (model_.linear_start() && step >= begun + o_.linear_start) end_linear(step);
    optimizer.set_lr(o_.learning_rate * share(step, begun + length));
  }
  // After `step` steps, with the loss of the validation.
  void validated(int64_t step, double loss) {
    if (!model_.linear_start()) return;
    in_vain_ = loss < linear_best_ ? 0 : in_vain_ + 1;
    linear_best_ = std::min(linear_best_, loss);
    if (o_.patience > 0 && in_vain_ >= o_.patience) end_linear(step);
  }

 private:
  void begin_run(int64_t step) {
    model_.set_linear_start(o_.linear_start > 0);
    linear_end_ = step, in_vain_ = 0, linear_best_ = std::numeric_limits<double>::infinity();
  }
  void end_linear(int64_t step) {
    model_.set_linear_start(false);
    linear_end_ = step;
  }
  // Of the whole rate.
  double share(int64_t step, int64_t end) const {
    if (model_.linear_start()) return o_.linear_rate;
    const double done = static_cast<double>(step - linear_end_) / static_cast<double>(end - linear_end_);
    return std::pow(0.5, std::floor(done * static_cast<double>(o_.halvings + 1)));
  }

  const Options& o_;
  MemN2N& model_;
  SavedState fresh_{};  // of the optimiser
  int64_t linear_end_ = 0, in_vain_ = 0;
  double linear_best_ = 0;
};

}  // namespace fovea::examples
