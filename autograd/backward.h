// The engine. Nodes run in descending order of their recording, from a heap; nothing recurses. Denormal numbers count
// as zero while it runs (core/denormals.h): gradients that vanish do so at once.
// Errors: AutogradError for an output that is on no tape, a gradient of the wrong shape or type (named with its op), a
// second pass over a freed graph, a saved tensor changed in place.
#pragma once

#include <fovea/core/tensor.h>

#include <functional>
#include <span>
#include <vector>

namespace fovea {

struct GradOptions {
  bool create_graph = false;     // the gradients are on the tape themselves
  bool retain_graph = false;     // implied by create_graph
  bool allow_unused = false;     // an input that no output depends on gives an undefined gradient instead of an error
  bool inputs_are_ends = false;  // no input lies behind another: the search for paths stops at them
  std::vector<Tensor> grad_outputs = {};  // one per output; undefined or missing: 1, for one-element outputs
};

// Adds d(sum outputs)/d(leaf) to every leaf's grad.
void backward(std::span<const Tensor> outputs, std::span<const Tensor> gradients, bool retain_graph = false);
// The same; calls ready(i) while the pass goes on, as soon as leaves[i].grad() is what it will be after it. Leaves that
// are not on the way, or by a way that gives no gradient, are not told of. Costs a walk over the tape.
void backward(std::span<const Tensor> outputs, std::span<const Tensor> gradients, std::span<const Tensor> leaves,
              const std::function<void(size_t leaf)>& ready);
// d(sum outputs)/d(input) for each input; leaves' own grads stay untouched.
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options = {});
inline std::vector<Tensor> grad(const Tensor& output, const std::vector<Tensor>& inputs,
                                const GradOptions& options = {}) {
  return grad(std::vector<Tensor>{output}, inputs, options);
}

}  // namespace fovea
