// The workloads of the benchmark: each a function under the peer's row name that builds its data and returns the timed
// step. All tensors are f32 from a fixed seed; dropout is 0; a training step drops the gradients first.
#pragma once

#include <fovea/fovea.h>

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea::bench {

using Step = std::function<void()>;
using Build = std::function<Step()>;

struct Workload {
  std::string_view name;
  Build build;
};

std::vector<Workload> op_workloads();
std::vector<Workload> layer_workloads();
std::vector<Workload> attention_workloads();
std::vector<Workload> task_workloads();

inline Tensor leaf(const Shape& shape) { return randn(shape).requires_grad_(); }

template <class Layer>
std::vector<Tensor> with_parameters(const Layer& layer, std::vector<Tensor> leaves) {
  for (const Tensor& parameter : parameters(layer)) leaves.push_back(parameter);
  return leaves;
}

// Nothing is recorded.
template <class Forward>
Step forward_only(Forward forward) {
  return [forward] {
    const NoGrad guard;
    forward();
  };
}

// forward() and a backward pass from a fixed random upstream gradient.
template <class Forward>
Step forward_backward(Forward forward, std::vector<Tensor> leaves) {
  const Tensor upstream = randn(forward().shape());
  return [forward, leaves = std::move(leaves), upstream] {
    for (const Tensor& x : leaves) x.set_grad(Tensor());
    forward().backward(upstream);
  };
}

}  // namespace fovea::bench
