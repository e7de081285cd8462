#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/autograd/shared_weights.h>

namespace fovea {
namespace {

// Keeps nothing between passes, so it may be run through any number of times.
class SharedNode final : public detail::Node {
 public:
  explicit SharedNode(const Tensor& weight) : detail::Node("shared_weight"), edge_(weight) {
    edges = &edge_;
    n_inputs = 1;
    n_outputs = 0;
  }

  bool belongs_to(const Tensor& weight) const {
    return edge_.slot.get() == weight.impl()->slot.get() && edge_.output == weight.impl()->output_index;
  }
  bool full() const { return n_outputs > 65535 - 2; }

  std::array<Tensor, 2> places(const Tensor& weight, int64_t rows) {
    return {place(weight, {rows, weight.shape()[0]}), place(weight, {rows, weight.shape()[1]})};
  }

  void apply(detail::Pass& pass) override {
    PooledVector<Tensor> left, right;
    for (size_t k = outputs_.size(); k >= 2; k -= 2) {  // the last use first, as the engine comes by
      if (!outputs_[k - 2].gradient.defined()) continue;
      left.push_back(std::move(outputs_[k - 2].gradient));
      right.push_back(std::move(outputs_[k - 1].gradient));
    }
    Tensor product = matmul(transpose(cat(left, 0), 0, 1), cat(right, 0));
    detail::deliver(pass, *this, &product);
    released = false;
  }

 private:
  // A handle that stands for the output; its elements are never looked at.
  Tensor place(const Tensor& weight, const Shape& shape) {
    detail::OutputRecord& output = outputs_.emplace_back();
    output.dtype = weight.dtype();
    output.shape = shape;
    outputs = outputs_.data();
    Tensor handle = weight.detach();
    handle.impl()->slot = detail::Ref<detail::TapeSlot>(this);
    handle.impl()->output_index = n_outputs++;
    return handle;
  }

  detail::Edge edge_;
  PooledVector<detail::OutputRecord> outputs_;
};

}  // namespace

// The nodes of the weights that were used since the guard was made; few, so they are looked through.
class detail::SharedTable {
 public:
  SharedNode& node_of(const Tensor& weight) {
    for (detail::Ref<SharedNode>& node : nodes_)
      if (node->belongs_to(weight)) {
        if (node->full()) node = detail::Ref<SharedNode>::adopt(new SharedNode(weight));
        return *node;
      }
    return *nodes_.emplace_back(detail::Ref<SharedNode>::adopt(new SharedNode(weight)));
  }

 private:
  PooledVector<detail::Ref<SharedNode>> nodes_;
};

namespace {
thread_local std::optional<detail::SharedTable> table;
}

SharedWeights::SharedWeights() : outermost_(!table) {
  if (outermost_) table.emplace();
}
SharedWeights::~SharedWeights() {
  if (outermost_) table.reset();
}

std::optional<std::array<Tensor, 2>> detail::shared_places(const Tensor& weight, int64_t rows) {
  if (!table || !recording(weight)) return {};
  const int64_t m = weight.shape()[0], n = weight.shape()[1];
  if (rows * (m + n) > m * n) return {};
  return table->node_of(weight).places(weight, rows);
}

}  // namespace fovea
