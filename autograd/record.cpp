#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

namespace fovea {
namespace detail {

thread_local constinit Node* current_node = nullptr;
void (*record_listener)(const char* op) = nullptr;

void after_record(const char* op, const Tensor& y) {
  if (record_listener != nullptr) record_listener(op);
  if (!modes.anomaly || !is_floating(y.dtype())) return;
  const NoGrad guard;
  const detail::ModeGuard<&Modes::anomaly, false> quiet;
  if (!all(isfinite(y)))
    throw AutogradError(fmt::format(
        "{}: its result {} holds NaN or inf; its inputs, the first such in this run, did not", op, describe(y)));
}

Tensor attach(const Tensor& y, Node* node, uint16_t index) {
  OutputRecord& output = node->outputs[index];
  TensorImpl* impl = y.impl();
  output.shape = impl->shape;
  output.dtype = impl->dtype;
  output.impl = impl;
  Tensor out = impl->refs.get() == 1 ? y : array::as_strided(y, impl->shape, impl->strides);
  out.impl()->slot = Ref<TapeSlot>(node);
  out.impl()->output_index = index;
  return out;
}

ManyNode::ManyNode(const char* op, std::span<const Tensor> inputs, size_t n, ManyVjp vjp)
    : Node(op), vjp_(std::move(vjp)), edges_(inputs.size()), outputs_(n) {
  edges = edges_.data();
  this->outputs = outputs_.data();
  n_inputs = static_cast<uint16_t>(inputs.size());
  n_outputs = static_cast<uint16_t>(n);
  for (size_t i = 0; i < inputs.size(); ++i) connect(edges_[i], inputs[i]);
}

void ManyNode::apply(Tensor* inputs) {
  std::vector<Tensor> collected(n_outputs);
  for (size_t i = 0; i < n_outputs; ++i) collected[i] = outputs_[i].gradient;
  std::vector<Tensor> gradients = vjp_(collected);
  if (gradients.size() != n_inputs)
    throw AutogradError(
        fmt::format("{}: its vjp returned {} gradients for {} inputs", name, gradients.size(), n_inputs));
  for (size_t i = 0; i < n_inputs; ++i) inputs[i] = std::move(gradients[i]);
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
    Tensor again = array::as_strided(x_, x_.shape(), x_.strides());
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
  Ref<Node> node(new detail::ManyNode(op, inputs, outputs.size(), std::move(vjp)));
  for (size_t i = 0; i < out.size(); ++i) {
    // `outputs` and `out` both hold it, so the tape goes on a new handle.
    out[i] = detail::attach(outputs[i], node.get(), static_cast<uint16_t>(i));
  }
  return out;
}

Tensor record_list(const char* op, std::span<const Tensor> inputs, const Tensor& y,
                   std::function<std::vector<Tensor>(const Tensor& gradient)> vjp) {
  return record_many(op, inputs, {&y, 1}, [vjp = std::move(vjp)](std::span<const Tensor> g) { return vjp(g[0]); })[0];
}

}  // namespace fovea
