#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/optim/weight_average.h>

#include <algorithm>

namespace fovea {
namespace {

constexpr const char* kUpdates = "weight_average.updates";

}  // namespace

WeightAverage::WeightAverage(const Module& source, Module& average, double decay)
    : source_(state(source)), average_(state(average)), decay_(decay) {
  if (!(decay >= 0 && decay < 1)) throw ValueError(fmt::format("WeightAverage: decay {}; need 0 <= decay < 1", decay));
  const auto alike = [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.shape() == b.second.shape() && a.second.dtype() == b.second.dtype();
  };
  if (!std::equal(source_.begin(), source_.end(), average_.begin(), average_.end(), alike))
    throw ValueError("WeightAverage: the two modules have different parameters; make one as clone() of the other");
}

void WeightAverage::update() {
  const NoGrad quiet;
  const double t = static_cast<double>(updates_++), d = std::min(decay_, (1 + t) / (10 + t));
  for (size_t i = 0; i < source_.size(); ++i) {
    const Tensor& from = source_[i].second;
    Tensor to = average_[i].second;
    if (is_floating(to.dtype()))
      to.mul_(d).add_(from, 1 - d);  // (1)
    else
      to.copy_(from);
  }
}

void WeightAverage::restart() {
  const NoGrad quiet;
  updates_ = 0;
  for (size_t i = 0; i < source_.size(); ++i) Tensor(average_[i].second).copy_(source_[i].second);
}

SavedState WeightAverage::saved_state() const { return {{}, {{kUpdates, std::to_string(updates_)}}}; }

std::function<void()> WeightAverage::prepare_load(const SavedState& saved) {
  int64_t updates = 0;
  FieldReader(saved.metadata, "weight_average")("updates", updates);
  if (updates < 0) throw FileError(fmt::format("WeightAverage: {} is {}; need at least 0", kUpdates, updates));
  return [this, updates] { updates_ = updates; };
}

}  // namespace fovea
