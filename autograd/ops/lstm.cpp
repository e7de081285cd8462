// LSTM: one step and a whole sequence, each fused op beside its plain formula.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops/sequence.h>
#include <fovea/autograd/parts.h>

namespace fovea {
namespace {

using namespace detail;
using Inputs = std::vector<Tensor>;
using InputSpan = std::span<const Tensor>;

LstmStep plain_step(const Tensor& gates, const Tensor& cell) {
  const auto part = chunk<4>(gates, -1);  // [B, H] each
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

std::array<Tensor, 2> cell_backward(const Tensor& activations, const Tensor& cell, const Tensor& tanh_cell,
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
  const Tensor tanh_cell = empty_like(cell);
  Tensor h = empty_like(cell), c = array::clone(before);
  dispatch_floating(cell.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_cell_rows(cell, [&](int64_t rows, int64_t at) {
      kernels::lstm_cell_forward<T>(rows, H, activations.data<T>() + 4 * at, c.data<T>() + at, tanh_cell.data<T>() + at,
                                    h.data<T>() + at);
    });
  });
  std::array<Tensor, 2> y{std::move(h), std::move(c)};
  record_many(
      "lstm_cell", {{gates, cell}}, y,
      [a = saved(gates), b = saved(cell), activations, tanh_cell](std::span<const Tensor> g, std::span<Tensor> found) {
        const auto give = [&](auto&& gradients) { std::move(gradients.begin(), gradients.end(), found.begin()); };
        if (!grad_enabled()) return give(cell_backward(activations, array::contiguous(b.get()), tanh_cell, g));
        const auto formula = [](InputSpan at) {
          const LstmStep step = plain_step(at[0], at[1]);
          return Inputs{step.hidden, step.cell};
        };
        give(plain_vjp(formula, Inputs{a.get(), b.get()}, g));
      });
  return {y[0], y[1]};
}

}  // namespace fovea
