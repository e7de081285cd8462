// Drives a cell over a sequence, whatever its state is:
//
//   y_t, s_t = cell.step(x_t, s_{t-1})
//
// Shapes: inputs [B, T, .], x_t [B, .], y_t [B, H]. A cell is any type with step(x_t, state) -> Stepped<S>. Past a
// row's length its state stays what it was; with `reverse` time runs from the last valid step to the first.
#pragma once

#include <fovea/autograd/shared_weights.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/check.h>
#include <fovea/layers/recurrent/cell.h>

#include <utility>

namespace fovea {

namespace detail {
// Memories, weights over their slots, stacks; not what is one vector, as the state of a GRU.
template <class C, class S>
void report_state(const C& cell, S& state) {
  std::string path;
  if constexpr (std::is_base_of_v<Module, C>) path = cell.path();
  for_each_tensor(state, [&](const StateName& name, Tensor& x, int64_t) {
    if (x.dim() >= 3) report_trace(path.empty() ? name.str() : path + "." + name.str(), x);
  });
}
}  // namespace detail

// each(t, y_t, s_t) after every step; `state` moves on. Its parts of more than one row are reported to a
// WeightCollector.
template <class C, class S, class Each>
void drive(const C& cell, const Tensor& inputs, S& state, const SequenceOptions& options, Each&& each) {
  const SharedWeights shared;
  const int64_t T = inputs.size(1);
  const Tensor valid = options.lengths.defined() ? squeeze(query_padding_mask(options.lengths, T), 2) : Tensor();
  for (int64_t i = 0; i < T; ++i) {
    const int64_t t = options.reverse ? T - 1 - i : i;
    Stepped<S> next = cell.step(select(inputs, 1, t), state);
    if (valid.defined()) keep_where_false(select(valid, 1, t), state, next.state);
    state = std::move(next.state);
    if (collecting_traces()) detail::report_state(cell, state);
    each(t, next.output, state);
  }
}

// x with zeros past each row's length, so that it is not looked at.
inline Tensor without_padding(const Tensor& x, const Tensor& lengths) {
  return lengths.defined() ? where(query_padding_mask(lengths, x.size(1)), x, scalar(0, x.dtype())) : x;
}

// The output of each step, zeros past a row's length, and the last state; `inputs` [B, T >= 1, .].
template <class C, class S>
Stepped<S> drive(const C& cell, const Tensor& inputs, S state, const SequenceOptions& options = {}) {
  std::vector<Tensor> outputs(static_cast<size_t>(inputs.size(1)));
  drive(cell, inputs, state, options,
        [&](int64_t t, const Tensor& y, const S&) { outputs[static_cast<size_t>(t)] = y; });
  return {without_padding(stack(outputs, 1), options.lengths), std::move(state)};
}

// The outputs of the last `answers` steps alone, [B, answers, H]; 0: of all. `trace` becomes the state after each step,
// off the tape, for pictures. `type` is the layer's, in the ShapeError for more answers than steps.
template <class C, class S>
Tensor drive_answers(const C& cell, std::string_view type, const Tensor& inputs, S state, int64_t answers,
                     std::vector<S>* trace) {
  check_answers(cell, type, inputs, answers);
  const int64_t begin = answers == 0 ? 0 : inputs.size(1) - answers;
  if (trace != nullptr) trace->clear();
  std::vector<Tensor> outputs;
  drive(cell, inputs, state, {}, [&](int64_t t, const Tensor& y, const S& now) {
    if (t >= begin) outputs.push_back(y);
    if (trace != nullptr) trace->push_back(detach(now));
  });
  return stack(outputs, 1);
}

}  // namespace fovea
