// SharedWeights: while it lives, what linear() adds to the gradient of one weight is multiplied out once, not at every
// use. A recurrence opens it around its steps, a training loop around the whole loss.
//
//   y_t = x_t Wᵀ at steps 1..T, few rows each:   dW = Σ g_tᵀ x_t = [g_1; ...; g_T]ᵀ [x_1; ...; x_T]
//
// One node stands between W and its uses. Its outputs are places for factors, two a use; the use's vjp gives g_t and
// x_t to them as their gradients, and the node's own vjp is the product. To the engine it is a node like any other, so
// create_graph, retain_graph and anomaly mode go through it. Only uses whose factors take no more memory than W go this
// way. Guards nest: the outermost one counts. Threads: of the thread that made it.
#pragma once

#include <fovea/core/tensor.h>

#include <array>
#include <optional>

namespace fovea {

namespace detail {
class SharedTable;
// The places for g [rows, m] and x [rows, n] of one use of weight [m, n], on the tape; nothing where no guard lives,
// nothing is recorded, or the use has too many rows.
std::optional<std::array<Tensor, 2>> shared_places(const Tensor& weight, int64_t rows);
}  // namespace detail

class SharedWeights {
 public:
  SharedWeights();
  ~SharedWeights();
  SharedWeights(const SharedWeights&) = delete;
  SharedWeights& operator=(const SharedWeights&) = delete;

 private:
  bool outermost_;
};

}  // namespace fovea
