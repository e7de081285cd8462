#include <fmt/format.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/denormals.h>
#include <fovea/core/kernels/elementwise.h>

#include <algorithm>
#include <unordered_map>

namespace fovea {

using detail::Edge, detail::Node, detail::node_of, detail::OutputRecord;

namespace {

[[noreturn, gnu::noinline]] void throw_mismatch(const char* op, int input, const Tensor& gradient,
                                                const OutputRecord& wanted) {
  throw AutogradError(fmt::format("{}: its vjp returned {} as the gradient of input {}, which is {}{}", op,
                                  describe(gradient), input, name_of(wanted.dtype), wanted.shape.str()));
}
[[noreturn, gnu::noinline]] void throw_released(const char* op) {
  throw AutogradError(
      fmt::format("backward: {} was already run through and what it saved is freed; "
                  "pass retain_graph = true to the first backward",
                  op));
}

[[gnu::noinline]] void check_finite(const Node& node, const Tensor& gradient, int input) {
  const NoGrad guard;
  const detail::ModeGuard<&detail::Modes::anomaly, false> quiet;
  if (!all(isfinite(gradient)))
    throw AutogradError(fmt::format("{}: its backward made NaN or inf in the gradient of input {}, {}", node.name,
                                    input, describe(gradient)));
}

// target += gradient, in place where nobody else can see it.
void accumulate(Tensor& target, const Tensor& gradient, bool create_graph) {
  const detail::TensorImpl& impl = *target.impl();
  const bool ours =
      !create_graph && impl.refs.get() == 1 && impl.storage->refs.get() == 1 && impl.contiguous && !impl.slot;
  if (ours && gradient.is_contiguous())
    kernels::accumulate(impl.dtype, impl.numel, target.raw(), gradient.raw());
  else if (ours)
    kernels::add_scaled(impl.dtype, {impl.shape, target.strides(), gradient.strides()}, target.raw(), gradient.raw(),
                        1);
  else
    target = add(target, gradient);
}

void collect(Tensor& target, Tensor&& gradient, bool create_graph) {
  if (target.defined())
    accumulate(target, gradient, create_graph);
  else
    target = std::move(gradient);
}

void forget(Node& node) {
  for (int i = 0; i < node.n_outputs; ++i) node.outputs[i].gradient = Tensor();
}

// Hooks may remove and register hooks: this pass goes by a copy of the list, and keeps the one that runs.
void run_hooks(Node& node) {
  const detail::Hooks hooks = *node.hooks;
  for (const auto& hook : hooks) {
    OutputRecord& output = node.outputs[hook->output];
    const std::shared_ptr<GradientHook> call = hook->call;
    if (!call || !output.gradient.defined()) continue;
    Tensor changed = (*call)(output.gradient);
    if (!changed.defined() || !(changed.shape() == output.shape) || changed.dtype() != output.dtype)
      throw AutogradError(fmt::format("{}: a gradient hook returned {}; need {}{}", node.name, describe(changed),
                                      name_of(output.dtype), output.shape.str()));
    output.gradient = std::move(changed);
  }
}

// Nodes with gradients, taken out in descending order of their recording: all users of a node come before it. The next
// one stands beside the heap, so that along a chain no heap is touched. The queue owns a reference to each.
class Queue {
 public:
  Queue() { heap_.reserve(32); }
  ~Queue() {  // after an exception nothing may stay half collected
    while (Node* node = pop()) {
      forget(*node);
      node->release();
    }
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void push(Node* node) {
    if (heap_.size() == heap_.capacity()) heap_.reserve(2 * heap_.size());  // while a failure has no consequences
    node->retain();
    node->queued = true;
    Node* const before = next_ != nullptr ? next_ : heap_.empty() ? nullptr : heap_.front();
    if (before == nullptr || Earlier{}(before, node)) std::swap(node, next_);
    if (node == nullptr) return;
    heap_.push_back(node);
    std::push_heap(heap_.begin(), heap_.end(), Earlier{});
  }
  // Null when empty.
  Node* pop() {
    Node* node = std::exchange(next_, nullptr);
    if (node == nullptr) {
      if (heap_.empty()) return nullptr;
      std::pop_heap(heap_.begin(), heap_.end(), Earlier{});
      node = heap_.back();
      heap_.pop_back();
    }
    node->queued = false;
    return node;
  }

 private:
  struct Earlier {
    bool operator()(const Node* a, const Node* b) const { return a->sequence < b->sequence; }
  };

  Node* next_ = nullptr;  // not earlier than any in the heap
  std::vector<Node*> heap_;
};

}  // namespace

// One backward pass.
class detail::Pass {
 public:
  Pass(bool create_graph, bool retain_graph) : create_graph_(create_graph), retain_graph_(retain_graph) {}
  ~Pass() { current_node = outer_node_; }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  void seed(const Tensor& output, Tensor gradient) {
    give(node_of(output), output.impl()->output_index, std::move(gradient));
  }

  // `finish(node)` sees each node with all its gradients collected; true: do not go through it. `through(node)` comes
  // when it has given all that it gives.
  template <class Finish, class Through>
  void run(Finish&& finish, Through&& through) {
    while (Node* next = queue_.pop()) {
      const Running running{next};
      Node& node = *next;
      if (node.hooks) run_hooks(node);
      if (finish(node)) continue;
      if (node.released) throw_released(node.name);
      current_node = &node;
      node.apply(*this);
      through(node);
    }
  }
  template <class Finish>
  void run(Finish&& finish) {
    run(std::forward<Finish>(finish), [](Node&) {});
  }
  // A leaf that gets no more: its turn in the queue finds nothing left to do.
  void collect_early(Node& leaf) {
    if (leaf.hooks) run_hooks(leaf);
    leaf.apply(*this);
  }

  bool deliver(Node& node, Tensor* gradients) {
    for (int i = 0; i < node.n_inputs; ++i) {
      const Edge& edge = node.edges[i];
      Tensor& gradient = gradients[i];
      if (!edge.slot || !edge.node()->needed || !gradient.defined()) continue;
      const OutputRecord& wanted = edge.node()->outputs[edge.output];
      if (!(gradient.shape() == wanted.shape) || gradient.dtype() != wanted.dtype)
        throw_mismatch(node.name, i, gradient, wanted);
      if (anomaly_) check_finite(node, gradient, i);
      if (gradient.requires_grad() && !create_graph_) gradient = gradient.detach();  // a vjp may return what it saved
      give(edge.node(), edge.output, std::move(gradient));
    }
    return node.released = !retain_graph_;
  }

 private:
  void give(Node* node, uint16_t output, Tensor&& gradient) {
    collect(node->outputs[output].gradient, std::move(gradient), create_graph_);
    if (!node->queued) queue_.push(node);
  }

  struct Running {
    ~Running() {
      forget(*node);
      node->release();
    }
    Node* node;
  };

  const FlushDenormals no_denormals_;
  Queue queue_;
  bool create_graph_, retain_graph_;
  // Checked where a vjp's results arrive, so that its own op is named and not one that it is made of.
  const bool anomaly_ = modes.anomaly;
  const ModeGuard<&Modes::anomaly, false> inner_ops_unchecked_;
  Node* outer_node_ = current_node;
};

bool detail::deliver(Pass& pass, Node& node, Tensor* gradients) { return pass.deliver(node, gradients); }

namespace {

Tensor initial_gradient(const char* what, std::span<const Tensor> outputs, size_t i,
                        std::span<const Tensor> gradients) {
  if (gradients.size() > outputs.size())
    throw AutogradError(
        fmt::format("{}: {} gradients for {} outputs; give at most one each", what, gradients.size(), outputs.size()));
  const Tensor& output = outputs[i];
  Tensor gradient = i < gradients.size() ? gradients[i] : Tensor();
  if (!output.defined() || !output.requires_grad())
    throw AutogradError(fmt::format(
        "{}: {} is not on the tape: no input requires gradients, or it was made under NoGrad", what, describe(output)));
  if (gradient.defined()) {
    if (!(gradient.shape() == output.shape()) || gradient.dtype() != output.dtype())
      throw ShapeError(fmt::format("{}: gradient {} for output {}; need the same shape and type", what,
                                   describe(gradient), describe(output)));
    return gradient;
  }
  if (output.numel() != 1)
    throw AutogradError(fmt::format("{}: {} has {} elements; give their gradient, or reduce to one element first", what,
                                    describe(output), output.numel()));
  return ones_like(output);
}

// Marks which nodes lead to an input, so that no work is done for others; restores on the way out.
class Marks {
 public:
  Marks(std::span<const Tensor> outputs, std::span<const Tensor> inputs, bool inputs_are_ends) {
    for (const Tensor& output : outputs) visit(node_of(output));
    const auto is_end = [&](const Node* node) {
      return inputs_are_ends &&
             std::any_of(inputs.begin(), inputs.end(), [&](const Tensor& input) { return node_of(input) == node; });
    };
    for (size_t at = 0; at < seen_.size(); ++at)
      for (int i = 0; i < seen_[at]->n_inputs && !is_end(seen_[at]); ++i)
        if (Node* from = seen_[at]->edges[i].node()) visit(from);
    std::sort(seen_.begin(), seen_.end(), [](Node* a, Node* b) { return a->sequence < b->sequence; });
    for (Node* node : seen_) node->queued = false;
    for (const Tensor& input : inputs) node_of(input)->needed = true;
    for (Node* node : seen_)
      for (int i = 0; i < node->n_inputs && !node->needed; ++i) {
        Node* from = node->edges[i].node();
        node->needed = from != nullptr && from->needed;
      }
  }
  ~Marks() {
    for (Node* node : seen_) node->needed = true;
  }
  Marks(const Marks&) = delete;
  Marks& operator=(const Marks&) = delete;

 private:
  void visit(Node* node) {
    if (node->queued) return;
    node->queued = true;
    node->needed = false;
    seen_.push_back(node);
  }
  std::vector<Node*> seen_;
};

}  // namespace

void detail::Leaf::apply(detail::Pass&) {
  Tensor arrived = std::move(record_.gradient);
  if (!arrived.defined()) return;  // collected early
  if (grad.defined()) {
    accumulate(grad, arrived, false);
    return;
  }
  // A leaf owns its gradient: clipping one in place must not reach another's, nor the caller's.
  const detail::TensorImpl& impl = *arrived.impl();
  const bool ours = impl.refs.get() == 1 && impl.storage->refs.get() == 1 && impl.contiguous;
  grad = ours ? std::move(arrived) : array::clone(arrived);
}

void backward(std::span<const Tensor> outputs, std::span<const Tensor> gradients, bool retain_graph) {
  const NoGrad guard;
  detail::Pass pass(false, retain_graph);
  for (size_t i = 0; i < outputs.size(); ++i)
    pass.seed(outputs[i], initial_gradient("backward", outputs, i, gradients));
  pass.run([](Node&) { return false; });
}

namespace {

// How many edges of what is behind the outputs still lead to each of some leaves.
class Countdown {
 public:
  Countdown(std::span<const Tensor> outputs, std::span<const Tensor> leaves) {
    for (size_t i = 0; i < leaves.size(); ++i)
      if (leaves[i].requires_grad()) left_.emplace(node_of(leaves[i]), Left{i, 0});
    std::vector<Node*> seen;
    const auto visit = [&](Node* node) {
      if (std::exchange(node->queued, true)) return;
      seen.push_back(node);
    };
    for (const Tensor& output : outputs) visit(node_of(output));
    for (size_t at = 0; at < seen.size(); ++at)
      for (int i = 0; i < seen[at]->n_inputs; ++i)
        if (Node* from = seen[at]->edges[i].node()) {
          if (const auto found = left_.find(from); found != left_.end()) ++found->second.edges;
          visit(from);
        }
    for (Node* node : seen) node->queued = false;
  }
  // Calls done(leaf node, number) for those that `node` was the last to lead to.
  template <class Done>
  void passed(const Node& node, Done&& done) {
    for (int i = 0; i < node.n_inputs; ++i) {
      const auto found = left_.find(node.edges[i].node());
      if (found != left_.end() && --found->second.edges == 0) done(*found->first, found->second.number);
    }
  }

 private:
  struct Left {
    size_t number;
    int64_t edges;
  };
  std::unordered_map<Node*, Left> left_{};
};

}  // namespace

void backward(std::span<const Tensor> outputs, std::span<const Tensor> gradients, std::span<const Tensor> leaves,
              const std::function<void(size_t leaf)>& ready) {
  const NoGrad guard;
  std::vector<Tensor> seeds;
  for (size_t i = 0; i < outputs.size(); ++i) seeds.push_back(initial_gradient("backward", outputs, i, gradients));
  Countdown countdown(outputs, leaves);
  detail::Pass pass(false, false);
  for (size_t i = 0; i < outputs.size(); ++i) pass.seed(outputs[i], std::move(seeds[i]));
  pass.run([](Node&) { return false; },
           [&](Node& node) {
             countdown.passed(node, [&](Node& leaf, size_t number) {
               pass.collect_early(leaf);
               ready(number);
             });
           });
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options) {
  std::vector<Tensor> seeds;
  for (size_t i = 0; i < outputs.size(); ++i)
    seeds.push_back(initial_gradient("grad", outputs, i, options.grad_outputs));
  for (const Tensor& input : inputs)
    if (!input.defined() || !input.requires_grad())
      throw AutogradError(
          fmt::format("grad: input {} does not require gradients; call requires_grad_()", describe(input)));
  const Marks marks(outputs, inputs, options.inputs_are_ends);
  const detail::ModeGuard<&detail::Modes::grad, true> recording;
  std::optional<NoGrad> quiet;
  if (!options.create_graph) quiet.emplace();
  detail::Pass pass(options.create_graph, options.retain_graph || options.create_graph);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (node_of(outputs[i])->needed) pass.seed(outputs[i], seeds[i]);
  std::vector<Tensor> found(inputs.size());
  pass.run([&](Node& node) {
    bool end = node.is_leaf;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (node_of(inputs[i]) != &node) continue;
      found[i] = node.outputs[inputs[i].impl()->output_index].gradient;
      end = end || options.inputs_are_ends;
    }
    return end;
  });
  for (size_t i = 0; i < found.size(); ++i)
    if (!found[i].defined() && !options.allow_unused)
      throw AutogradError(
          fmt::format("grad: no output depends on input {} ({}); allow_unused gives an undefined gradient", i,
                      describe(inputs[i])));
  return found;
}

}  // namespace fovea
