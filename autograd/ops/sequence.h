// What the recurrent ops share: checks, the plain loop over time, and the fused sequence with its gradient.
// A network is a type with its formula, its kernels and the tape between them:
//   kTape                    the widths, in H, of the parts [B, T, ..] of a Tape<T>, which forward leaves to backward
//   plain(plan, inputs)      the formula: the output, then the states after the last step
//   forward(run, tape), backward(run, tape, gradients)
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/autograd/shared_weights.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/recurrent.h>
#include <fovea/core/parallel.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace fovea::detail {

// The order in which a sequence op's inputs are listed and recorded.
enum SequenceInput : size_t { kX, kIh, kHh, kBiasIh, kBiasHh, kHidden, kCell };

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
  // x, zero past the lengths, the weights and the hidden state.
  std::vector<Tensor> inputs(const Tensor& x, const RecurrentWeights& weights, const Tensor& initial) const;
  // `state` if it is [B, H] as it should, zeros if it is undefined.
  Tensor state(const char* what, const Tensor& state) const;
};

// Checks everything but the states; `gates` is G. Errors name `op`.
SequencePlan plan_sequence(const char* op, int64_t gates, const Tensor& x, const RecurrentWeights& weights,
                           const SequenceOptions& options);

// state = step(projected[:, t], state) over time; returns the outputs, which are the first of the states.
template <size_t N, class Step>
Tensor plain_sequence(const Tensor& projected, const SequencePlan& plan, std::array<Tensor, N>& state, Step&& step) {
  const SharedWeights shared;
  const int64_t steps = plan.time;
  if (steps == 0) {  // one over no rows, so that whatever a step reads gets a gradient: zero
    std::array<Tensor, N> none;
    for (size_t k = 0; k < N; ++k) none[k] = slice(state[k], 0, 0, 0);
    const std::array<Tensor, N> next = step(reshape(projected, {0, projected.size(2)}), none);
    for (size_t k = 0; k < N; ++k) state[k] = cat({state[k], next[k]}, 0);
    return reshape(next[0], {plan.batch, 0, plan.hidden});
  }
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
  return stack(outputs, 1);
}

// ---- the fused sequence ----

template <class Network>
using SequenceTape = std::array<Tensor, Network::kTape.size()>;

template <class T>
T* pointer(const Tensor& x) {
  return x.defined() ? x.data<T>() : nullptr;
}

std::vector<Tensor> contiguous_all(std::span<const Tensor> inputs);  // undefined ones stay so
// A contiguous gradient that a kernel may overwrite; zeros if undefined.
Tensor owned_gradient(const Tensor& gradient, const Tensor& like);

// Calls body(run, tape) with the memory of a kernel's run; `ends`: the output, or undefined, and the states.
template <class Network, class Body>
void run_kernel(const SequencePlan& plan, std::span<const Tensor> inputs, const std::vector<Tensor>& ends,
                const SequenceTape<Network>& tape, Body&& body) {
  const std::vector<Tensor> in = contiguous_all(inputs);
  dispatch_floating(plan.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto parts = [](const auto&... part) { return typename Network::template Tape<T>{pointer<T>(part)...}; };
    const kernels::SequenceRun<T> run{
        plan.shape(),
        {pointer<T>(in[kIh]), pointer<T>(in[kHh]), pointer<T>(in[kBiasIh]), pointer<T>(in[kBiasHh])},
        pointer<T>(in[kX]),
        pointer<T>(ends[0]),
        pointer<T>(ends[1]),
        ends.size() > 2 ? pointer<T>(ends[2]) : nullptr};
    body(run, std::apply(parts, tape));
  });
}

// Returns the output and the states after the last step.
template <class Network>
std::vector<Tensor> fused_forward(const Network& network, const SequencePlan& plan, std::span<const Tensor> inputs,
                                  SequenceTape<Network>& tape) {
  const auto make = [&](int64_t width) { return empty({plan.batch, plan.time, width * plan.hidden}, plan.dtype); };
  std::vector<Tensor> ends(inputs.size() - kHidden + 1);
  ends[0] = make(1);
  for (size_t k = 1; k < ends.size(); ++k) ends[k] = array::clone(inputs[kHidden + k - 1]);
  for (size_t k = 0; k < tape.size(); ++k) tape[k] = make(Network::kTape[k]);
  run_kernel<Network>(plan, inputs, ends, tape, [&](const auto& run, const auto& kept) { network.forward(run, kept); });
  return ends;
}

// Inside the vjp: the gradients of the inputs.
template <class Network>
std::vector<Tensor> fused_backward(const Network& network, const SequencePlan& plan, std::span<const Tensor> inputs,
                                   const SequenceTape<Network>& tape, std::span<const Tensor> gradients) {
  std::vector<Tensor> ends(gradients.size()), result(inputs.size());
  if (gradients[0].defined()) ends[0] = array::contiguous(gradients[0]);
  for (size_t k = 1; k < ends.size(); ++k)
    result[kHidden + k - 1] = ends[k] = owned_gradient(gradients[k], inputs[kHidden + k - 1]);
  for (size_t i = kX; i < kHidden; ++i)
    if (needs_grad(static_cast<int>(i))) result[i] = empty_like(inputs[i]);
  run_kernel<Network>(plan, inputs, ends, tape, [&]<class T>(const kernels::SequenceRun<T>& run, const auto& kept) {
    network.backward(
        run, kept,
        kernels::SequenceGradients<T>{pointer<T>(result[kX]), pointer<T>(result[kIh]), pointer<T>(result[kHh]),
                                      pointer<T>(result[kBiasIh]), pointer<T>(result[kBiasHh])});
  });
  return result;
}

// The output and the states after the last step, recorded as the op that the plan names; in reference mode the formula.
template <class Network>
std::vector<Tensor> record_sequence(const Network& network, const SequencePlan& plan,
                                    const std::vector<Tensor>& inputs) {
  if (reference_mode() || plan.time == 0) return network.plain(plan, inputs);
  SequenceTape<Network> tape;
  std::vector<Tensor> outputs = fused_forward(network, plan, inputs, tape);
  std::vector<Saved> kept(inputs.begin(), inputs.end());
  record_many(plan.op, inputs, outputs,
              [network, plan, tape = std::move(tape), kept = std::move(kept)](std::span<const Tensor> gradients,
                                                                              std::span<Tensor> result) {
                std::vector<Tensor> read(kept.size());
                for (size_t i = 0; i < kept.size(); ++i) read[i] = kept[i].get();
                const auto formula = [&](std::span<const Tensor> at) { return network.plain(plan, at); };
                std::vector<Tensor> given = grad_enabled() ? plain_vjp(formula, read, gradients)
                                                           : fused_backward(network, plan, read, tape, gradients);
                std::move(given.begin(), given.end(), result.begin());
              });
  return outputs;
}

// ---- one step ----

// body(rows, first element of theirs in [B, H]) for pieces of a batch.
template <class Body>
void for_cell_rows(const Tensor& state, Body&& body) {
  constexpr int64_t kGrain = 4096;  // hidden units a thread takes
  const int64_t H = state.size(1);
  parallel_for(state.size(0), 1 + kGrain / std::max<int64_t>(1, H),
               [&](int64_t begin, int64_t end) { body(end - begin, begin * H); });
}

}  // namespace fovea::detail
