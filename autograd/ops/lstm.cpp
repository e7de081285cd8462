// LSTM: one step and a whole sequence, each fused op beside its plain formula.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops/sequence.h>

namespace fovea {
namespace {

using namespace detail;
using Inputs = std::vector<Tensor>;
using InputSpan = std::span<const Tensor>;

LstmStep plain_step(const Tensor& gates, const Tensor& cell) {
  const std::vector<Tensor> part = chunk(gates, 4, -1);  // [B, H] each
  const Tensor i = sigmoid(part[0]), f = sigmoid(part[1]), g = tanh(part[2]), o = sigmoid(part[3]);
  const Tensor c = f * cell + i * g;
  return {o * tanh(c), c};
}

// ---- the sequence ----

struct Lstm {
  template <class T>
  using Tape = kernels::LstmTape<T>;
  static constexpr std::array<int64_t, 4> kTape{4, 1, 1, 1};

  Inputs plain(const SequencePlan& plan, InputSpan inputs) const {
    std::array<Tensor, 2> state{inputs[kHidden], inputs[kCell]};
    const Tensor projected = linear(inputs[kX], inputs[kIh], inputs[kBiasIh]);  // [B, T, 4H]
    const Tensor output = plain_sequence(projected, plan, state, [&](const Tensor& x, const auto& before) {
      const LstmStep after = plain_step(x + linear(before[0], inputs[kHh], inputs[kBiasHh]), before[1]);
      return std::array<Tensor, 2>{after.hidden, after.cell};
    });
    return {output, state[0], state[1]};
  }
  template <class T>
  void forward(const kernels::SequenceRun<T>& run, const Tape<T>& tape) const {
    kernels::lstm_forward(run, tape);
  }
  template <class T>
  void backward(const kernels::SequenceRun<T>& run, const Tape<T>& tape,
                const kernels::SequenceGradients<T>& gradients) const {
    kernels::lstm_backward(run, tape, gradients);
  }
};

}  // namespace

LstmSequence lstm_sequence(const Tensor& x, const Tensor& hidden, const Tensor& cell, const RecurrentWeights& weights,
                           const SequenceOptions& options) {
  const SequencePlan plan = plan_sequence("lstm_sequence", 4, x, weights, options);
  Inputs inputs = plan.inputs(x, weights, hidden);
  inputs.push_back(plan.state("cell", cell));
  const Inputs y = record_sequence(Lstm(), plan, inputs);
  return {y[0], y[1], y[2]};
}

// ---- one step ----

namespace {

std::vector<Tensor> cell_backward(const Tensor& activations, const Tensor& cell, const Tensor& tanh_cell,
                                  std::span<const Tensor> g) {
  const int64_t H = tanh_cell.size(1);
  const Tensor grad_hidden = g[0].defined() ? array::contiguous(g[0]) : zeros_like(tanh_cell);
  const Tensor grad_cell = owned_gradient(g[1], tanh_cell), grad_gates = empty_like(activations);
  dispatch_floating(cell.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_cell_rows(cell, [&](int64_t rows, int64_t at) {
      kernels::lstm_cell_backward<T>(rows, H, activations.data<T>() + 4 * at, cell.data<T>() + at,
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
  const int64_t H = cell.size(1);
  const Tensor activations = array::clone(gates.detach()), before = array::contiguous(cell.detach());
  const Tensor tanh_cell = empty_like(cell), h = empty_like(cell), c = array::clone(before);
  dispatch_floating(cell.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_cell_rows(cell, [&](int64_t rows, int64_t at) {
      kernels::lstm_cell_forward<T>(rows, H, activations.data<T>() + 4 * at, c.data<T>() + at, tanh_cell.data<T>() + at,
                                    h.data<T>() + at);
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

std::vector<OpSample> samples_of_lstm(SampleMaker& make) {
  return sequence_samples(make, 4, 2, [](const Inputs& x, const SequenceOptions& options) {
    const RecurrentWeights weights{x[kIh], x[kHh], x[kBiasIh], x[kBiasHh]};
    const LstmSequence y = lstm_sequence(x[kX], x[kHidden], x[kCell], weights, options);
    return Inputs{y.output, y.hidden, y.cell};
  });
}

const OpSpec lstm_sequence_spec = OpSpec::add({
    .name = "lstm_sequence",
    .formula = "h, c = LSTM(x_t, h, c) for t in 1..T",
    .samples = samples_of_lstm,
    .invalid = {{"scalar",
                 [] {
                   lstm_sequence(scalar(1), {}, {}, {ones({8, 3}), ones({8, 2}), {}, {}});
                 }},
                {"4-D",
                 [] {
                   lstm_sequence(ones({1, 2, 3, 3}), {}, {}, {ones({8, 3}), ones({8, 2}), {}, {}});
                 }},
                {"column broadcast",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), {}, {}, {ones({8, 1}), ones({8, 2}), {}, {}});
                 }},
                {"x of rank 2",
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
    .invalid = {{"scalar", [] { lstm_cell(scalar(1), scalar(1)); }},
                {"1-D", [] { lstm_cell(ones({8}), ones({2})); }},
                {"4-D",
                 [] {
                   lstm_cell(ones({1, 1, 2, 8}), ones({1, 1, 2, 2}));
                 }},
                {"row broadcast",
                 [] {
                   lstm_cell(ones({8}), ones({2, 2}));
                 }},
                {"column broadcast",
                 [] {
                   lstm_cell(ones({2, 8}), ones({2, 1}));
                 }},
                {"same tensor twice",
                 [] {
                   const Tensor x = ones({2, 8});
                   lstm_cell(x, x);
                 }},
                {"gates of 3H",
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
