#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/error.h>
#include <fovea/layers/attention/weights.h>

#include <algorithm>

namespace fovea {
namespace {

thread_local WeightCollector* collector = nullptr;  // the innermost
thread_local AttentionHooks* hooks = nullptr;

// [B H, Tq, Tk] -> [B, H, Tq, Tk] and back.
Tensor with_heads(const Tensor& x, int64_t heads) {
  return heads == 0 ? x : reshape(x, {x.size(0) / heads, heads, x.size(1), x.size(2)});
}
Tensor without_heads(const Tensor& x, int64_t heads) { return heads == 0 ? x : flatten(x, 0, 1); }

}  // namespace

WeightCollector::WeightCollector(Collect what) : what_(what), before_(collector) { collector = this; }
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

void WeightCollector::keep(std::vector<Named>& list, std::string_view name, const Tensor& value) {
  auto found = std::find_if(list.begin(), list.end(), [&](const Named& n) { return n.first == name; });
  if (found == list.end()) found = list.insert(list.end(), {std::string(name), {}});
  found->second.push_back(what_ == Collect::all ? value : value.detach());
}

AttentionHooks::AttentionHooks(Changes changes) : changes_(std::move(changes)), before_(hooks) { hooks = this; }
AttentionHooks::~AttentionHooks() { hooks = before_; }

Tensor AttentionHooks::changed(Change Changes::*which, const Module& attention, Tensor x) {
  for (const AttentionHooks* each = hooks; each != nullptr; each = each->before_) {
    const Change& change = each->changes_.*which;
    if (!change) continue;
    Tensor y = change(attention.path(), x);
    if (!y.defined() || !(y.shape() == x.shape()) || y.dtype() != x.dtype())
      throw ShapeError(fmt::format("AttentionHooks: '{}' gave {} in place of {}; need the same shape and type",
                                   attention.path(), describe(y), describe(x)));
    x = std::move(y);
  }
  return x;
}

bool observing_attention() { return collector != nullptr || hooks != nullptr; }

Tensor observed_scores(const Module& attention, const Tensor& scores, int64_t heads) {
  if (!observing_attention()) return scores;
  const Tensor seen = AttentionHooks::changed(&AttentionHooks::Changes::scores, attention, with_heads(scores, heads));
  if (collecting_traces()) collector->keep(collector->scores_, attention.path(), seen);
  return without_heads(seen, heads);
}

Tensor observed_weights(const Module& attention, const Tensor& weights, int64_t heads) {
  if (!observing_attention()) return weights;
  const Tensor seen = AttentionHooks::changed(&AttentionHooks::Changes::weights, attention, with_heads(weights, heads));
  if (collector != nullptr) collector->keep(collector->weights_, attention.path(), seen);
  return without_heads(seen, heads);
}

bool collecting_traces() { return collector != nullptr && collector->what_ == Collect::all; }

void report_trace(std::string_view name, const Tensor& value) {
  if (collecting_traces()) collector->keep(collector->traces_, name, value.detach());
}

}  // namespace fovea
