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

ManyNode::ManyNode(const char* op, std::span<const Tensor> inputs, std::span<const Tensor> outputs_of_op, ManyVjp vjp)
    : Node(op), vjp_(std::move(vjp)) {
  for (const Tensor& x : inputs) edges_.emplace_back(x);
  for (const Tensor& y : outputs_of_op) outputs_.emplace_back(*y.impl());
  edges = edges_.data();
  outputs = outputs_.data();
  n_inputs = static_cast<uint16_t>(inputs.size());
  n_outputs = static_cast<uint16_t>(outputs_.size());
}

void ManyNode::apply(Pass& pass) {
  std::vector<Tensor> collected(n_outputs);
  for (size_t i = 0; i < n_outputs; ++i) collected[i] = std::move(outputs_[i].gradient);
  std::vector<Tensor> gradients = vjp_(collected);
  if (gradients.size() != n_inputs)
    throw AutogradError(
        fmt::format("{}: its vjp returned {} gradients for {} inputs", name, gradients.size(), n_inputs));
  if (deliver(pass, *this, gradients.data())) vjp_ = nullptr;
}

}  // namespace detail

namespace {
bool any_recording(std::span<const Tensor> inputs) {
  if (!grad_enabled()) return false;
  for (const Tensor& x : inputs)
    if (recording(x)) return true;
  return false;
}
}  // namespace

Tensor Saved::checked() const {
  const Node* node = detail::current_node;
  const Storage& storage = *x_.impl()->storage;
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
    again.impl()->slot = Ref<TapeSlot>(const_cast<Node*>(node));
    again.impl()->output_index = i;
    return again;
  }
  return x_;
}

std::vector<Tensor> record_many(const char* op, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                                detail::ManyVjp vjp) {
  std::vector<Tensor> out(outputs.begin(), outputs.end());
  if (detail::record_listener != nullptr || detail::modes.anomaly)
    for (const Tensor& y : outputs) detail::after_record(op, y);
  if (!any_recording(inputs)) return out;
  const auto node = Ref<TapeSlot>::adopt(new detail::ManyNode(op, inputs, outputs, std::move(vjp)));
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = outputs[i].detach();
    out[i].impl()->slot = node;
    out[i].impl()->output_index = static_cast<uint16_t>(i);
  }
  return out;
}

Tensor record_list(const char* op, std::span<const Tensor> inputs, const Tensor& y,
                   std::function<std::vector<Tensor>(const Tensor& gradient)> vjp) {
  return record_many(op, inputs, {&y, 1}, [vjp = std::move(vjp)](std::span<const Tensor> g) { return vjp(g[0]); })[0];
}

}  // namespace fovea
