// Node: what the tape remembers of one recorded op, or of a leaf: its name, where its inputs came from, and its vjp.
//
// Nodes are counted, pooled and freed iteratively: a chain of a million nodes needs no deep stack. A node's saved
// tensors live in its vjp's captures; backward frees them unless told to retain the graph. Threads: one backward pass
// at a time over a given graph; separate graphs may run at the same time.
#pragma once

#include <fovea/autograd/hook.h>
#include <fovea/core/tensor.h>

#include <functional>
#include <memory>
#include <vector>

namespace fovea {

namespace detail {

class Node;
class Pass;

extern constinit int64_t last_sequence;
inline int64_t take_sequence() {
  if (single_threaded()) return ++last_sequence;
  return __atomic_add_fetch(&last_sequence, 1, __ATOMIC_RELAXED);
}

// Where an input came from: a node and which of its outputs. Null: the input needs no gradient.
struct Edge {
  Edge() = default;
  [[gnu::always_inline]] explicit Edge(const Tensor& x)
      : slot(x.defined() ? x.impl()->slot : Ref<TapeSlot>()), output(x.defined() ? x.impl()->output_index : 0) {}

  Node* node() const;
  Ref<TapeSlot> slot;
  uint16_t output = 0;
};

// What a node knows of one of its outputs.
struct OutputRecord {
  OutputRecord() = default;
  explicit OutputRecord(const TensorImpl& output) : impl(&output), dtype(output.dtype), shape(output.shape) {}

  Tensor gradient;                   // collected by the backward pass that is running
  const TensorImpl* impl = nullptr;  // identifies saved copies of this output; never dereferenced
  DType dtype = DType::f32;
  Shape shape;  // last: what lies beyond its rank is never touched
};

class Node : public TapeSlot {
 public:
  explicit Node(const char* op) : name(op), sequence(take_sequence()) {}
  // Takes the gradients from outputs[], gives those of the inputs to the pass (detail::deliver), and drops the vjp with
  // all it saved when the pass is done with it.
  virtual void apply(Pass& pass) = 0;

  static void* operator new(size_t bytes) { return allocate_object(bytes); }
  static void operator delete(void* node, size_t bytes) { free_object(node, bytes); }

  const char* name;
  union {
    int64_t sequence;   // grows with time: the order of recording
    Node* next_doomed;  // once the last reference is gone
  };
  Edge* edges = nullptr;
  OutputRecord* outputs = nullptr;
  uint16_t n_inputs = 0;
  uint16_t n_outputs = 1;
  bool queued = false;    // in the heap of the running backward pass
  bool released = false;  // saved tensors are gone
  bool needed = true;     // on a path to what grad() was asked for
  bool is_leaf = false;
  std::unique_ptr<Hooks> hooks;

 protected:
  void dispose() final;
};

inline Node* Edge::node() const { return static_cast<Node*>(slot.get()); }

// The node of a tensor that was made to require gradients: collects them in `grad`.
class Leaf final : public Node {
 public:
  explicit Leaf(const TensorImpl& impl) : Node("leaf"), record_(impl) {
    is_leaf = true;
    outputs = &record_;
  }
  void apply(Pass& pass) override;  // moves the collected gradient into grad, adding

  Tensor grad;

 private:
  OutputRecord record_;
};

inline Node* node_of(const Tensor& x) { return static_cast<Node*>(x.impl()->slot.get()); }

}  // namespace detail

// The graph behind `root` in the DOT language, for graphviz.
std::string to_dot(const Tensor& root);

}  // namespace fovea
