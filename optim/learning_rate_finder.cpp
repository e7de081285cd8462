#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/optim/learning_rate_finder.h>

#include <algorithm>
#include <cmath>

namespace fovea {
namespace {

using detail::kInfinity;

// What is tried on, and put back: state() and saved_state() alias what they tell of.
class Kept {
 public:
  Kept(Module& model, Optimizer& optimizer)
      : model_(model), optimizer_(optimizer), weights_(copied(state(model))), memory_(optimizer.saved_state()) {
    memory_.tensors = copied(memory_.tensors);
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() {
    optimizer_.zero_grad();
    optimizer_.load_state(memory_);
    load_state(model_, weights_);
  }

 private:
  static NamedTensors copied(NamedTensors tensors) {
    for (auto& each : tensors) each.second = array::clone(each.second);
    return tensors;
  }
  Module& model_;
  Optimizer& optimizer_;
  NamedTensors weights_;
  SavedState memory_;
};

}  // namespace

RateTest find_learning_rate(Module& model, Optimizer& optimizer, const std::function<Tensor()>& loss,
                            const RateTestOptions& o) {
  constexpr const char* name = "find_learning_rate";
  require_range(name, "low", o.low, std::numeric_limits<double>::min(), kInfinity);
  require_range(name, "high", o.high, std::nextafter(o.low, kInfinity), kInfinity);
  require_range(name, "steps", static_cast<double>(o.steps), 3, kInfinity);
  require_range(name, "smoothing", o.smoothing, 0, 1);
  require_range(name, "stop", o.stop, 1, kInfinity);
  const Kept kept(model, optimizer);
  RateTest test{};
  double sum = 0, weight = 0, least = kInfinity;
  for (int64_t k = 0; k < o.steps; ++k) {
    const double share = static_cast<double>(k) / static_cast<double>(o.steps - 1);
    const double rate = o.low * std::pow(o.high / o.low, share);  // (1)
    for (size_t group = 0; group < optimizer.group_count(); ++group) optimizer.set_lr(rate, group);
    optimizer.zero_grad();
    const Tensor found = loss();
    const double value = found.item();
    sum = o.smoothing * sum + (1 - o.smoothing) * value;
    weight = o.smoothing * weight + (1 - o.smoothing);
    const double smoothed = sum / weight;                                      // (2)
    if (!std::isfinite(value) || (k > 0 && smoothed > o.stop * least)) break;  // (3)
    test.trials.push_back({rate, value, smoothed});
    least = std::min(least, smoothed);
    found.backward();
    optimizer.step();
  }
  if (test.trials.empty()) throw ValueError(fmt::format("{}: the loss is not finite before any step", name));
  const auto at = std::min_element(test.trials.begin(), test.trials.end(),
                                   [](const auto& a, const auto& b) { return a.smoothed < b.smoothed; });
  if (at == test.trials.begin())
    throw ValueError(
        fmt::format("{}: the loss fell at no rate between {:g} and {:g}; need other bounds, or a model that "
                    "can learn",
                    name, o.low, o.high));
  test.suggested = at->rate / 10;  // (4)
  return test;
}

}  // namespace fovea
