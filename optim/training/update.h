// One update of a model by the gradient of a loss, in the order that every training loop has:
//
//   zero()       drops the gradients, before the loss is made
//   apply(loss)  backward -> reduce -> clip -> optimiser's step -> schedule's step -> moving average
//
// A loss or a gradient that is not finite is no direction: NonFiniteError before any weight is changed. `reduce` is
// handed the parameters, with their gradients: what several processes do together goes there. Refers to all that it is
// given. Trainer has one; a program that trains a second network beside the first makes another.
#pragma once

#include <fovea/core/error.h>
#include <fovea/optim/schedule.h>
#include <fovea/optim/weight_average.h>

namespace fovea {

struct NonFiniteError : AutogradError {
  using AutogradError::AutogradError;
};

class Update {
 public:
  using Reduce = std::function<void(std::span<const Tensor> parameters)>;

  explicit Update(Optimizer& optimizer, double max_norm = std::numeric_limits<double>::infinity())
      : optimizer_(&optimizer), parameters_(optimizer.parameters()), max_norm_(max_norm) {}
  Update& schedule(Schedule& schedule) { return schedule_ = &schedule, *this; }  // one step an update
  Update& average(WeightAverage& average) { return average_ = &average, *this; }
  Update& reduce(Reduce reduce) { return reduce_ = std::move(reduce), *this; }

  const std::vector<Tensor>& parameters() const { return parameters_; }
  bool reduces() const { return static_cast<bool>(reduce_); }

  void zero() { optimizer_->zero_grad(); }
  void apply(const Tensor& loss);
  void apply_gradients();  // of a loss whose backward was run already

 private:
  Optimizer* optimizer_;
  std::vector<Tensor> parameters_;
  double max_norm_;
  Schedule* schedule_ = nullptr;
  WeightAverage* average_ = nullptr;
  Reduce reduce_{};
};

}  // namespace fovea
