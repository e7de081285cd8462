#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>

namespace fovea {
namespace detail {

thread_local constinit Node* current_node = nullptr;
void (*record_listener)(const char* op) = nullptr;

void after_record(const char* op, const Tensor& y) {
  if (record_listener != nullptr) record_listener(op);
  if (!modes.anomaly || !is_floating(y.dtype())) return;
  const NoGrad guard;
  const detail::ModeGuard<&Modes::anomaly, false> quiet;
  if (all(isfinite(y))) return;
  const std::string where = current_node != nullptr ? fmt::format("in the backward of {}: ", current_node->name) : "";
  throw AutogradError(
      fmt::format("{}{}: its result {} holds NaN or inf, the first of an op in this run; look at its inputs", where, op,
                  describe(y)));
}

ManyEnds::ManyEnds(const char* op, std::span<const Tensor> inputs, std::span<const Tensor> outputs_of_op) : Node(op) {
  edges_.reserve(inputs.size());
  for (const Tensor& x : inputs) edges_.emplace_back(x);
  outputs_.reserve(outputs_of_op.size());
  for (const Tensor& y : outputs_of_op) outputs_.emplace_back(*y.impl());
  edges = edges_.data();
  outputs = outputs_.data();
  n_inputs = static_cast<uint16_t>(inputs.size());
  n_outputs = static_cast<uint16_t>(outputs_.size());
}

}  // namespace detail

Tensor Saved::checked() const {
  const detail::Node* node = detail::current_node;
  const detail::Storage& storage = *x_.impl()->storage;
  if (storage.version != version_)
    throw AutogradError(
        fmt::format("{}: it saved {} for backward, and {} has since changed it in place; "
                    "work on a clone() or out of place",
                    node != nullptr ? node->name : "saved", describe(x_), storage.last_change));
  if (node == nullptr || x_.requires_grad()) return x_;
  // A saved output has no node of its own; under create_graph it gets it back here.
  for (uint16_t i = 0; i < node->n_outputs; ++i) {
    if (node->outputs[i].impl != x_.impl()) continue;
    Tensor again = x_.detach();
    again.impl()->slot = detail::Ref<detail::TapeSlot>(const_cast<detail::Node*>(node));
    again.impl()->output_index = i;
    return again;
  }
  return x_;
}

}  // namespace fovea
