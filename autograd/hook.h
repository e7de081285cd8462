// Gradient hooks: functions that see each gradient that reaches a tensor, before it is used further.
// Errors: AutogradError for a tensor that is on no tape; in backward, for a hook that returns another shape or type.
#pragma once

#include <fovea/core/tensor.h>

#include <functional>
#include <memory>
#include <vector>

namespace fovea {

using GradientHook = std::function<Tensor(const Tensor& gradient)>;  // returns the gradient to go on with

namespace detail {
struct Hook {
  int output;                          // of the node
  std::shared_ptr<GradientHook> call;  // null: removed
};
using Hooks = std::vector<std::shared_ptr<Hook>>;
}  // namespace detail

// Dropping it leaves the hook where it is.
class HookHandle {
 public:
  HookHandle() = default;
  explicit HookHandle(const std::shared_ptr<detail::Hook>& hook) : hook_(hook) {}
  // Also from within a hook, again, or after the tensor is gone.
  void remove() {
    if (const auto hook = hook_.lock()) hook->call.reset();
  }

 private:
  std::weak_ptr<detail::Hook> hook_;
};

// Hooks of one tensor run in the order in which they were registered, those registered meanwhile from the next pass on.
HookHandle register_hook(const Tensor& x, GradientHook hook);

}  // namespace fovea
