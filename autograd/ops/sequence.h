// What the recurrent ops share: checks, the plain loop over time, and what a vjp keeps.
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/recurrent.h>

#include <array>
#include <span>
#include <vector>

namespace fovea::detail {

// One call of a sequence op after its checks.
struct SequencePlan {
  const char* op;
  int64_t batch, time, input, hidden;
  DType dtype;
  bool reverse;
  Tensor lengths, valid;  // i64 [B] and bool [B, T, 1]; undefined: all steps are valid

  kernels::SequenceShape shape() const {
    return {batch, time, input, hidden, reverse, lengths.defined() ? lengths.data<int64_t>() : nullptr};
  }
  // x, zero past the lengths.
  Tensor blanked(const Tensor& x) const;
  // `state` if it is [B, H] as it should, zeros if it is undefined.
  Tensor state(const char* what, const Tensor& state) const;
};

// Checks everything but the states; `gates` is G. Errors name `op`.
SequencePlan plan_sequence(const char* op, int64_t gates, const Tensor& x, const RecurrentWeights& weights,
                           const SequenceOptions& options);

// state = step(projected[:, t], state) over time; returns the outputs, which are the first of the states.
template <size_t N, class Step>
Tensor plain_sequence(const Tensor& projected, const SequencePlan& plan, std::array<Tensor, N>& state, Step&& step) {
  const int64_t steps = plan.time;
  std::vector<Tensor> outputs(static_cast<size_t>(steps));
  for (int64_t i = 0; i < steps; ++i) {
    const int64_t t = plan.reverse ? steps - 1 - i : i;
    std::array<Tensor, N> next = step(select(projected, 1, t), state);
    Tensor output = next[0];
    if (plan.valid.defined()) {
      const Tensor valid = select(plan.valid, 1, t);  // [B, 1]
      output = where(valid, output, scalar(0, output.dtype()));
      for (size_t k = 0; k < N; ++k) next[k] = where(valid, next[k], state[k]);
    }
    outputs[static_cast<size_t>(t)] = output;
    state = next;
  }
  if (steps == 0) return zeros({plan.batch, 0, plan.hidden}, plan.dtype);
  return stack(outputs, 1);
}

// The inputs of a sequence kept for backward, and read back in it.
inline std::vector<Saved> saved_all(std::span<const Tensor> inputs) { return {inputs.begin(), inputs.end()}; }
inline std::vector<Tensor> read_all(std::span<const Saved> saved_inputs) {
  std::vector<Tensor> inputs;
  for (const Saved& input : saved_inputs) inputs.push_back(input.get());
  return inputs;
}
// Inside a vjp: memory for the gradient of input i, undefined if it is not wanted.
inline Tensor wanted_gradient(size_t i, const Tensor& input) {
  return needs_grad(static_cast<int>(i)) ? empty_like(input) : Tensor();
}
// A contiguous gradient that a kernel may overwrite; zeros if undefined.
Tensor owned_gradient(const Tensor& gradient, const Tensor& like);

template <class T>
T* pointer(const Tensor& x) {
  return x.defined() ? x.data<T>() : nullptr;
}
inline Tensor contiguous_or_none(const Tensor& x) { return x.defined() ? array::contiguous(x) : x; }

}  // namespace fovea::detail
