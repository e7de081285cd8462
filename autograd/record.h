// record: puts one op on the tape. The whole form of an op is
//
//   Tensor tanh(const Tensor& x) {
//     Tensor y = <kernel>(x);
//     return record("tanh", {x}, y, [y = saved(y)](const Tensor& g) { return tanh_backward(g, y.get()); });
//   }
//
// The vjp gets the output's gradient and returns one gradient per input: a Tensor, or a std::array<Tensor, N> for N
// inputs; undefined means zero. It may ask needs_grad(i) to leave out work. It is written in differentiable ops, so
// that create_graph works. The engine accumulates, checks shapes and frees.
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/autograd/node.h>

#include <array>
#include <optional>
#include <span>

namespace fovea {

// A tensor kept for backward. An op saves its inputs and outputs with saved(x); get() checks that nobody wrote to it.
class Saved {
 public:
  Saved() = default;
  explicit Saved(const Tensor& x) : x_(x), version_(x.defined() ? x.impl()->storage->version : 0) {}
  Tensor get() const {
    if (x_.defined() && (x_.impl()->storage->version != version_ || detail::modes.grad)) return checked();
    return x_;
  }
  bool defined() const { return x_.defined(); }

 private:
  Tensor checked() const;
  Tensor x_;
  uint64_t version_ = 0;
};
inline Saved saved(const Tensor& x) { return Saved(x); }

// True while ops are recorded and x requires a gradient.
inline bool recording(const Tensor& x) { return detail::modes.grad && x.defined() && x.requires_grad(); }

namespace detail {

extern thread_local constinit Node* current_node;  // whose vjp is running
// Set by anomaly mode and by tests that listen; record's slow path.
extern void (*record_listener)(const char* op);
void after_record(const char* op, const Tensor& y);

struct Input {
  Input(const Tensor& x) : tensor(&x) {}
  const Tensor* tensor;
};

inline void connect(Edge& edge, const Tensor& x) {
  if (!x.defined() || !x.requires_grad()) return;
  edge.slot = x.impl()->slot;
  edge.output = x.impl()->output_index;
}

// Makes y the output `index` of node; returns the handle that carries the tape. If anybody else holds y (a saved copy,
// or an op that returned its input), the tape goes on a new handle, so that a node never owns itself.
Tensor attach(const Tensor& y, Node* node, uint16_t index);

template <class Vjp, size_t N>
class OpNode final : public Node {
 public:
  OpNode(const char* op, const Input (&inputs)[N], Vjp&& vjp) : Node(op), vjp_(std::move(vjp)) {
    edges = edges_;
    outputs = &output_;
    n_inputs = N;
    for (size_t i = 0; i < N; ++i) connect(edges_[i], *inputs[i].tensor);
  }
  void apply(Tensor* inputs) override {
    if constexpr (std::is_same_v<std::invoke_result_t<Vjp&, const Tensor&>, Tensor>) {
      static_assert(N == 1, "a vjp of several inputs returns std::array<Tensor, N>");
      inputs[0] = (*vjp_)(output_.gradient);
    } else {
      std::array<Tensor, N> gradients = (*vjp_)(output_.gradient);
      for (size_t i = 0; i < N; ++i) inputs[i] = std::move(gradients[i]);
    }
  }
  void release_saved() override { vjp_.reset(); }

 private:
  std::optional<Vjp> vjp_;
  Edge edges_[N];
  OutputRecord output_;
};

using ManyVjp = std::function<std::vector<Tensor>(std::span<const Tensor> gradients)>;
// Any number of inputs and outputs.
class ManyNode final : public Node {
 public:
  ManyNode(const char* op, std::span<const Tensor> inputs, size_t outputs, ManyVjp vjp);
  void apply(Tensor* inputs) override;
  void release_saved() override { vjp_ = nullptr; }

 private:
  ManyVjp vjp_;
  std::vector<Edge> edges_;
  std::vector<OutputRecord> outputs_;
};

}  // namespace detail

template <class Vjp, size_t N>
Tensor record(const char* op, const detail::Input (&inputs)[N], const Tensor& y, Vjp&& vjp) {
  if (detail::record_listener != nullptr || detail::modes.anomaly) detail::after_record(op, y);
  if (!detail::modes.grad) return y;
  bool any = false;
  for (const auto& input : inputs) any = any || (input.tensor->defined() && input.tensor->requires_grad());
  if (!any) return y;
  Ref<Node> node(new detail::OpNode<std::remove_cvref_t<Vjp>, N>(op, inputs, std::move(vjp)));
  return detail::attach(y, node.get(), 0);
}

// For ops over a list of tensors (cat, stack): the vjp returns one gradient per input.
Tensor record_list(const char* op, std::span<const Tensor> inputs, const Tensor& y,
                   std::function<std::vector<Tensor>(const Tensor& gradient)> vjp);
// For ops with several outputs: the vjp gets one gradient per output (undefined: zero). Returns the recorded outputs.
std::vector<Tensor> record_many(const char* op, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                                detail::ManyVjp vjp);

// Inside a vjp: whether the gradient of the op's input i is wanted.
inline bool needs_grad(int i) {
  const Edge& edge = detail::current_node->edges[i];
  return edge.slot && edge.node()->needed;
}

}  // namespace fovea
