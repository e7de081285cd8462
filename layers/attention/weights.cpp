#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/attention/weights.h>

#include <algorithm>

namespace fovea {
namespace {

thread_local WeightCollector* collector = nullptr;  // the innermost

}  // namespace

WeightCollector::WeightCollector() : before_(collector) { collector = this; }
WeightCollector::~WeightCollector() { collector = before_; }

Tensor WeightCollector::over_time(std::string_view name) const {
  const auto found = std::find_if(weights_.begin(), weights_.end(), [&](const Named& n) { return n.first == name; });
  if (found == weights_.end()) throw IndexError(fmt::format("WeightCollector: no attention reported as '{}'", name));
  int64_t most = 0;
  for (const Tensor& weights : found->second) most = std::max(most, weights.size(-1));
  std::vector<Tensor> equal;
  for (const Tensor& weights : found->second) equal.push_back(pad(weights, {0, most - weights.size(-1)}));
  return cat(equal, -2);
}

bool collecting_weights() { return collector != nullptr; }

void report_weights(const Module& attention, const Tensor& weights) {
  if (collector == nullptr) return;
  auto& all = collector->weights_;
  auto found = std::find_if(all.begin(), all.end(), [&](const auto& n) { return n.first == attention.path(); });
  if (found == all.end()) found = all.insert(all.end(), {attention.path(), {}});
  found->second.push_back(weights.detach());
}

}  // namespace fovea
