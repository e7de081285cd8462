// record: puts one op on the tape. The whole form of an op is
//
//   Tensor tanh(const Tensor& x) {
//     Tensor y = <kernel>(x);
//     return record("tanh", {x}, y, [y = saved(y)](Tensor g) { return tanh_backward(std::move(g), y.get()); });
//   }
//
// The vjp gets the output's gradient and returns one gradient per input: a Tensor, or a std::array<Tensor, N> for N
// inputs; undefined means zero. It may ask needs_grad(i) to leave out work. It is written in differentiable ops, so
// that create_graph works. The engine accumulates, checks shapes and frees. Ops with several outputs, or over a list,
// are recorded with record_many. Nothing here asks the heap for memory once the pools are warm.
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/autograd/node.h>
#include <fovea/core/pooled.h>

#include <algorithm>
#include <array>
#include <span>

namespace fovea {

// A tensor kept for backward. An op saves its inputs and outputs with saved(x); get() checks that nobody wrote to it.
// Where nothing is recorded nothing is kept.
class Saved {
 public:
  Saved() = default;
  [[gnu::always_inline]] explicit Saved(const Tensor& x) {
    if (!detail::modes.grad || !x.defined()) return;
    x_ = x;
    version_ = x.impl()->storage->version;
  }
  [[gnu::always_inline]] Tensor get() const {
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

// Whether what is made of x may be written over it: nothing is recorded, and x is the only handle to its elements. A
// vjp that needs its gradient once takes it by value and moves it on.
inline bool expendable(const Tensor& x) {
  const detail::TensorImpl& impl = *x.impl();
  return !detail::modes.grad && impl.refs.get() == 1 && impl.storage->refs.get() == 1 && impl.contiguous && !impl.slot;
}

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

// The handle that carries the tape: y itself, or, if anybody else holds it (a saved copy, or an op that returned its
// input), another to the same elements, so that a node never owns itself.
inline Tensor unshared(const Tensor& y) { return y.impl()->refs.get() == 1 ? y : y.detach(); }
inline Tensor unshared(Tensor&& y) { return y.impl()->refs.get() == 1 ? std::move(y) : y.detach(); }

// Gives the gradients of node's inputs to the nodes they came from. True: what the node saved may go.
bool deliver(Pass& pass, Node& node, Tensor* gradients);

template <class Vjp, size_t N>
class OpNode final : public Node {
 public:
  OpNode(const char* op, const Input (&inputs)[N], const Tensor& y, Vjp&& vjp)
      : OpNode(op, inputs, y, std::move(vjp), std::make_index_sequence<N>()) {}
  ~OpNode() override {
    if (!released) vjp_.~Vjp();
  }
  void apply(Pass& pass) override {
    auto gradients = vjp_(std::move(output_.gradient));
    if constexpr (std::is_same_v<decltype(gradients), Tensor>) {
      static_assert(N == 1, "a vjp of several inputs returns std::array<Tensor, N>");
      if (deliver(pass, *this, &gradients)) vjp_.~Vjp();
    } else {
      static_assert(std::tuple_size_v<decltype(gradients)> == N, "a vjp returns one gradient per input");
      if (deliver(pass, *this, gradients.data())) vjp_.~Vjp();
    }
  }

 private:
  template <size_t... i>
  OpNode(const char* op, const Input (&inputs)[N], const Tensor& y, Vjp&& vjp, std::index_sequence<i...>)
      : Node(op), vjp_(std::move(vjp)), edges_{Edge(*inputs[i].tensor)...}, output_(*y.impl()) {
    edges = edges_;
    outputs = &output_;
    n_inputs = N;
  }

  union {
    Vjp vjp_;  // with all it saved, until released
  };
  Edge edges_[N];
  OutputRecord output_;
};

// Any number of inputs and outputs.
class ManyEnds : public Node {
 public:
  ManyEnds(const char* op, std::span<const Tensor> inputs, std::span<const Tensor> outputs_of_op);

 protected:
  PooledVector<Edge> edges_;
  PooledVector<OutputRecord> outputs_;
};

template <class Vjp>
class ManyNode final : public ManyEnds {
 public:
  ManyNode(const char* op, std::span<const Tensor> inputs, std::span<const Tensor> outputs_of_op, Vjp&& vjp)
      : ManyEnds(op, inputs, outputs_of_op), vjp_(std::move(vjp)) {}
  ~ManyNode() override {
    if (!released) vjp_.~Vjp();
  }
  void apply(Pass& pass) override {
    PooledVector<Tensor> given(n_outputs), found(n_inputs);
    for (size_t i = 0; i < n_outputs; ++i) given[i] = std::move(outputs_[i].gradient);
    vjp_(std::span<const Tensor>(given), std::span<Tensor>(found));
    if (deliver(pass, *this, found.data())) vjp_.~Vjp();
  }

 private:
  union {
    Vjp vjp_;  // with all it saved, until released
  };
};

}  // namespace detail

template <class Vjp, size_t N, class Output>
Tensor record(const char* op, const detail::Input (&inputs)[N], Output&& y, Vjp&& vjp) {
  if (detail::record_listener != nullptr || detail::modes.anomaly) detail::after_record(op, y);
  bool any = false;
  if (detail::modes.grad)
    for (const auto& input : inputs) any = any || (input.tensor->defined() && input.tensor->requires_grad());
  if (!any) return std::forward<Output>(y);
  auto node = detail::Ref<detail::TapeSlot>::adopt(
      new detail::OpNode<std::remove_cvref_t<Vjp>, N>(op, inputs, y, std::forward<Vjp>(vjp)));
  Tensor out = detail::unshared(std::forward<Output>(y));
  out.impl()->slot = std::move(node);
  out.impl()->output_index = 0;
  return out;
}

// For ops with several outputs, or over a list of tensors: puts `outputs` on the tape. The vjp gets one gradient per
// output (undefined: none) and writes those of the inputs: [](std::span<const Tensor> given, std::span<Tensor> found).
template <class Vjp>
void record_many(const char* op, std::span<const Tensor> inputs, std::span<Tensor> outputs, Vjp vjp) {
  if (detail::record_listener != nullptr || detail::modes.anomaly)
    for (const Tensor& y : outputs) detail::after_record(op, y);
  if (std::none_of(inputs.begin(), inputs.end(), recording)) return;
  const auto node =
      detail::Ref<detail::TapeSlot>::adopt(new detail::ManyNode<Vjp>(op, inputs, outputs, std::move(vjp)));
  for (size_t i = 0; i < outputs.size(); ++i) {
    Tensor out = detail::unshared(std::move(outputs[i]));
    out.impl()->slot = node;
    out.impl()->output_index = static_cast<uint16_t>(i);
    outputs[i] = std::move(out);
  }
}

// Inside a vjp: whether the gradient of the op's input i is wanted.
inline bool needs_grad(int i) {
  const detail::Edge& edge = detail::current_node->edges[i];
  return edge.slot && edge.node()->needed;
}

}  // namespace fovea
