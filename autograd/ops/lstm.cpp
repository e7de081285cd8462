// LSTM: one step and a whole sequence, each fused op beside its plain formula.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops/sequence.h>
#include <fovea/core/parallel.h>

namespace fovea {
namespace {

using detail::pointer;
using Inputs = std::vector<Tensor>;
using InputSpan = std::span<const Tensor>;

// ---- the plain formulas ----

LstmStep plain_step(const Tensor& gates, const Tensor& cell) {
  const std::vector<Tensor> part = chunk(gates, 4, -1);  // [B, H] each
  const Tensor i = sigmoid(part[0]), f = sigmoid(part[1]), g = tanh(part[2]), o = sigmoid(part[3]);
  const Tensor c = f * cell + i * g;
  return {o * tanh(c), c};
}

// inputs: x, hidden, cell, weight_ih, weight_hh, bias_ih, bias_hh.
std::vector<Tensor> plain_lstm(const detail::SequencePlan& plan, InputSpan inputs) {
  std::array<Tensor, 2> state{inputs[1], inputs[2]};
  const Tensor projected = linear(inputs[0], inputs[3], inputs[5]);  // [B, T, 4H]
  const Tensor output = detail::plain_sequence(projected, plan, state, [&](const Tensor& x, const auto& before) {
    const LstmStep after = plain_step(x + linear(before[0], inputs[4], inputs[6]), before[1]);
    return std::array<Tensor, 2>{after.hidden, after.cell};
  });
  return {output, state[0], state[1]};
}

// ---- the fused sequence ----

struct LstmTape {
  Tensor gates, hidden_before, cell_before, tanh_cell;
  template <class T>
  kernels::LstmTape<T> pointers() const {
    return {gates.data<T>(), hidden_before.data<T>(), cell_before.data<T>(), tanh_cell.data<T>()};
  }
};

std::vector<Tensor> fused_forward(const detail::SequencePlan& plan, const Inputs& inputs, LstmTape& tape) {
  const Shape states{plan.batch, plan.time, plan.hidden};
  const Tensor output = empty(states, plan.dtype);
  tape = {empty({plan.batch, plan.time, 4 * plan.hidden}, plan.dtype), empty_like(output), empty_like(output),
          empty_like(output)};
  const Tensor x = array::contiguous(inputs[0]), hidden = array::clone(inputs[1]), cell = array::clone(inputs[2]);
  const Tensor ih = array::contiguous(inputs[3]), hh = array::contiguous(inputs[4]);
  const Tensor bias_ih = detail::contiguous_or_none(inputs[5]), bias_hh = detail::contiguous_or_none(inputs[6]);
  dispatch_floating(plan.dtype, [&](auto zero) {
    using T = decltype(zero);
    kernels::lstm_forward<T>(plan.shape(), {ih.data<T>(), hh.data<T>(), pointer<T>(bias_ih), pointer<T>(bias_hh)},
                             x.data<T>(), tape.pointers<T>(), output.data<T>(), hidden.data<T>(), cell.data<T>());
  });
  return {output, hidden, cell};
}

std::vector<Tensor> fused_backward(const kernels::SequenceShape& s, const Inputs& inputs, const LstmTape& tape,
                                   std::span<const Tensor> gradients) {
  std::vector<Tensor> result(7);
  for (size_t i : {0, 3, 4, 5, 6}) result[i] = detail::wanted_gradient(i, inputs[i]);
  result[1] = detail::owned_gradient(gradients[1], inputs[1]);
  result[2] = detail::owned_gradient(gradients[2], inputs[2]);
  const Tensor x = array::contiguous(inputs[0]), output = detail::contiguous_or_none(gradients[0]);
  const Tensor ih = array::contiguous(inputs[3]), hh = array::contiguous(inputs[4]);
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::lstm_backward<T>(s, {ih.data<T>(), hh.data<T>(), nullptr, nullptr}, x.data<T>(), tape.pointers<T>(),
                              pointer<T>(output), result[1].data<T>(), result[2].data<T>(),
                              {pointer<T>(result[0]), pointer<T>(result[3]), pointer<T>(result[4]),
                               pointer<T>(result[5]), pointer<T>(result[6])});
  });
  return result;
}

}  // namespace

LstmSequence lstm_sequence(const Tensor& x, const Tensor& hidden, const Tensor& cell, const RecurrentWeights& weights,
                           const SequenceOptions& options) {
  const detail::SequencePlan plan = detail::plan_sequence("lstm_sequence", 4, x, weights, options);
  const Inputs inputs{
      plan.blanked(x), plan.state("hidden", hidden), plan.state("cell", cell), weights.ih, weights.hh, weights.bias_ih,
      weights.bias_hh};
  const auto named = [](const std::vector<Tensor>& y) { return LstmSequence{y[0], y[1], y[2]}; };
  if (reference_mode() || plan.time == 0) return named(plain_lstm(plan, inputs));
  LstmTape tape;
  const std::vector<Tensor> outputs = fused_forward(plan, inputs, tape);
  const auto vjp = [plan, tape, kept = detail::saved_all(inputs)](std::span<const Tensor> g) {
    const Inputs inputs_read = detail::read_all(kept);
    if (grad_enabled()) return plain_vjp([&](InputSpan at) { return plain_lstm(plan, at); }, inputs_read, g);
    return fused_backward(plan.shape(), inputs_read, tape, g);
  };
  return named(record_many("lstm_sequence", inputs, outputs, vjp));
}

// ---- one step ----

namespace {

constexpr int64_t kGrain = 4096;  // hidden units a thread takes

std::vector<Tensor> cell_backward(const Tensor& activations, const Tensor& cell, const Tensor& tanh_cell,
                                  std::span<const Tensor> g) {
  const int64_t rows = tanh_cell.size(0), H = tanh_cell.size(1);
  const Tensor grad_hidden = g[0].defined() ? array::contiguous(g[0]) : zeros_like(tanh_cell);
  const Tensor grad_cell = detail::owned_gradient(g[1], tanh_cell), grad_gates = empty_like(activations);
  dispatch_floating(cell.dtype(), [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, 1 + kGrain / std::max<int64_t>(1, H), [&](int64_t begin, int64_t end) {
      const int64_t at = begin * H;
      kernels::lstm_cell_backward<T>(end - begin, H, activations.data<T>() + 4 * at, cell.data<T>() + at,
                                     tanh_cell.data<T>() + at, grad_hidden.data<T>() + at, grad_cell.data<T>() + at,
                                     grad_gates.data<T>() + 4 * at);
    });
  });
  return {grad_gates, grad_cell};
}

}  // namespace

LstmStep lstm_cell(const Tensor& gates, const Tensor& cell) {
  check::floating("lstm_cell", gates);
  check::same_dtype("lstm_cell", gates, cell);
  if (cell.dim() != 2 || !(gates.shape() == Shape{cell.size(0), 4 * cell.size(1)}))
    check::shape_error("lstm_cell",
                       fmt::format("gates are {}, cell {}; need [B, 4H] and [B, H]", describe(gates), describe(cell)));
  if (reference_mode()) return plain_step(gates, cell);
  const int64_t rows = cell.size(0), H = cell.size(1);
  const Tensor activations = array::clone(gates.detach()), before = array::contiguous(cell.detach());
  const Tensor tanh_cell = empty_like(cell), h = empty_like(cell), c = array::clone(before);
  dispatch_floating(cell.dtype(), [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, 1 + kGrain / std::max<int64_t>(1, H), [&](int64_t begin, int64_t end) {
      const int64_t at = begin * H;
      kernels::lstm_cell_forward<T>(end - begin, H, activations.data<T>() + 4 * at, c.data<T>() + at,
                                    tanh_cell.data<T>() + at, h.data<T>() + at);
    });
  });
  const auto vjp = [a = saved(gates), b = saved(cell), activations, tanh_cell](std::span<const Tensor> g) {
    if (!grad_enabled()) return cell_backward(activations, array::contiguous(b.get()), tanh_cell, g);
    const auto formula = [](InputSpan at) {
      const LstmStep step = plain_step(at[0], at[1]);
      return Inputs{step.hidden, step.cell};
    };
    return plain_vjp(formula, Inputs{a.get(), b.get()}, g);
  };
  const std::vector<Tensor> y = record_many("lstm_cell", {{gates, cell}}, {{h, c}}, vjp);
  return {y[0], y[1]};
}

namespace {

// Everything an LSTM returns, in one tensor.
Tensor joined(const LstmSequence& y) { return cat({flatten(y.output), flatten(y.hidden), flatten(y.cell)}, 0); }

// Inputs: x, hidden, cell, weight_ih, weight_hh, then the biases and the lengths that there are.
Tensor sample_call(const Inputs& x, bool reverse) {
  const bool has_lengths = x.back().dtype() == i64, biased = x.size() > 6;
  const Tensor none;
  return joined(lstm_sequence(x[0], x[1], x[2], {x[3], x[4], biased ? x[5] : none, biased ? x[6] : none},
                              {.reverse = reverse, .lengths = has_lengths ? x.back() : none}));
}

std::vector<OpSample> sequence_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](const char* label, Shape x, int64_t H, bool biased, std::vector<int64_t> lengths, bool reverse) {
    const int64_t B = x[0], I = x[2];
    Inputs inputs{make.uniform(x, -1, 1), make.uniform({B, H}, -1, 1), make.uniform({B, H}, -1, 1),
                  make.uniform({4 * H, I}, -1, 1), make.uniform({4 * H, H}, -1, 1)};
    for (int i = 0; i < 2 && biased; ++i) inputs.push_back(make.uniform({4 * H}, -1, 1));
    if (!lengths.empty()) inputs.push_back(from(lengths, {B}));
    samples.push_back({label, inputs, [reverse](const Inputs& at) { return sample_call(at, reverse); }});
  };
  add("forward", {2, 3, 2}, 2, true, {}, false);
  add("backward", {2, 3, 2}, 2, true, {}, true);
  add("no bias", {2, 2, 3}, 2, false, {}, false);
  add("lengths", {3, 3, 2}, 2, true, {3, 1, 2}, false);
  add("lengths backward", {3, 3, 2}, 2, true, {2, 0, 3}, true);
  add("only padding", {1, 2, 1}, 1, true, {0}, false);
  add("size-1", {1, 1, 1}, 1, true, {}, false);
  add("more than a block and a vector", {9, 2, 3}, 17, true, {}, false);
  add("no steps", {2, 0, 2}, 2, true, {}, false);
  add("empty batch", {0, 2, 2}, 2, true, {}, false);
  return samples;
}

const OpSpec lstm_sequence_spec = OpSpec::add({
    .name = "lstm_sequence",
    .formula = "h, c = LSTM(x_t, h, c) for t in 1..T",
    .samples = sequence_samples,
    .invalid = {{"x of rank 2",
                 [] {
                   lstm_sequence(ones({2, 3}), {}, {}, {ones({8, 3}), ones({8, 2}), {}, {}});
                 }},
                {"weight_ih",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), {}, {}, {ones({8, 2}), ones({8, 2}), {}, {}});
                 }},
                {"state",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), ones({3, 2}), {}, {ones({8, 3}), ones({8, 2}), {}, {}});
                 }},
                {"two types",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), {}, {}, {ones({8, 3}, f64), ones({8, 2}), {}, {}});
                 }},
                {"length above T",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), {}, {}, {ones({8, 3}), ones({8, 2}), {}, {}},
                                 {.lengths = tensor<int64_t>({3, 4})});
                 }}},
});

const OpSpec lstm_cell_spec = OpSpec::add({
    .name = "lstm_cell",
    .formula = "c' = s(f) c + s(i) tanh(g), h' = s(o) tanh(c')",
    .samples =
        [](SampleMaker& make) {
          const SampleCall both = [](const Inputs& x) {
            const LstmStep y = lstm_cell(x[0], x[1]);
            return cat({y.hidden, y.cell}, 1);
          };
          std::vector<OpSample> samples;
          for (const Shape& shape : {Shape{3, 2}, Shape{1, 1}, Shape{2, 17}, Shape{0, 3}})
            samples.push_back(
                {shape.str(), {make.uniform({shape[0], 4 * shape[1]}, -2, 2), make.uniform(shape, -2, 2)}, both});
          samples.push_back(
              {"hidden alone", samples[0].inputs, [](const Inputs& x) { return lstm_cell(x[0], x[1]).hidden; }});
          samples.push_back(
              {"cell alone", samples[0].inputs, [](const Inputs& x) { return lstm_cell(x[0], x[1]).cell; }});
          return samples;
        },
    .invalid = {{"gates of 3H",
                 [] {
                   lstm_cell(ones({2, 6}), ones({2, 2}));
                 }},
                {"two types",
                 [] {
                   lstm_cell(ones({2, 8}), ones({2, 2}, f64));
                 }}},
});

}  // namespace
}  // namespace fovea
