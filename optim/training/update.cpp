#include <fmt/format.h>
#include <fovea/autograd/backward.h>
#include <fovea/optim/clip.h>
#include <fovea/optim/training/update.h>

#include <cmath>

namespace fovea {

void Update::apply(const Tensor& loss) {
  const double value = loss.item();
  if (!std::isfinite(value))
    throw NonFiniteError(fmt::format(
        "the loss is {} and no weight was changed; run the step under AnomalyMode to see which op made it", value));
  loss.backward();
  apply_gradients();
}

void Update::apply_gradients() {
  if (reduce_) reduce_(parameters_);
  try {
    clip_grad_norm_(parameters_, max_norm_);
  } catch (const AutogradError& error) {
    throw NonFiniteError(fmt::format("{}; no weight was changed", error.what()));
  }
  optimizer_->step();
  if (schedule_ != nullptr) schedule_->step();
  if (average_ != nullptr) average_->update();
}

}  // namespace fovea
