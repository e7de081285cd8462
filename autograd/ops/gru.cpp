// GRU: one step and a whole sequence, each fused op beside its plain formula.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops/sequence.h>
#include <fovea/autograd/parts.h>

namespace fovea {
namespace {

using namespace detail;
using Inputs = std::vector<Tensor>;
using InputSpan = std::span<const Tensor>;

// ---- the plain formulas ----

Tensor plain_step(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& hidden) {
  const auto x = chunk<3>(input_gates, -1), h = chunk<3>(hidden_gates, -1);  // [B, H] each
  const Tensor r = sigmoid(x[0] + h[0]), z = sigmoid(x[1] + h[1]), n = tanh(x[2] + r * h[2]);
  return (1 - z) * n + z * hidden;
}

// The form of Cho et al. 2014: the reset gate acts before the product.
Tensor plain_step_reset_before(const Tensor& input_gates, const Tensor& hidden, InputSpan inputs) {
  const int64_t H = hidden.size(1);
  const auto of_hidden = [&](const Tensor& h, int64_t first, int64_t last) {
    const Tensor& bias = inputs[kBiasHh];
    return linear(h, slice(inputs[kHh], 0, first, last), bias.defined() ? slice(bias, 0, first, last) : bias);
  };
  const auto x = chunk<3>(input_gates, -1);
  const auto h = chunk<2>(of_hidden(hidden, 0, 2 * H), -1);
  const Tensor r = sigmoid(x[0] + h[0]), z = sigmoid(x[1] + h[1]);
  const Tensor n = tanh(x[2] + of_hidden(r * hidden, 2 * H, 3 * H));
  return (1 - z) * n + z * hidden;
}

// ---- the sequence ----

struct Gru {
  template <class T>
  using Tape = kernels::GruTape<T>;
  static constexpr std::array<int64_t, 3> kTape{3, 1, 1};
  bool reset_before = false;  // has no kernel

  Inputs plain(const SequencePlan& plan, InputSpan inputs) const {
    std::array<Tensor, 1> state{inputs[kHidden]};
    const Tensor projected = linear(inputs[kX], inputs[kIh], inputs[kBiasIh]);  // [B, T, 3H]
    const Tensor output = plain_sequence(projected, plan, state, [&](const Tensor& x, const auto& before) {
      const Tensor& h = before[0];
      return std::array{reset_before ? plain_step_reset_before(x, h, inputs)
                                     : plain_step(x, linear(h, inputs[kHh], inputs[kBiasHh]), h)};
    });
    return {output, state[0]};
  }
  template <class T>
  void forward(const kernels::SequenceRun<T>& run, const Tape<T>& tape) const {
    kernels::gru_forward(run, tape);
  }
  template <class T>
  void backward(const kernels::SequenceRun<T>& run, const Tape<T>& tape,
                const kernels::SequenceGradients<T>& gradients) const {
    kernels::gru_backward(run, tape, gradients);
  }
};

}  // namespace

HiddenSequence gru_sequence(const Tensor& x, const Tensor& hidden, const RecurrentWeights& weights,
                            const SequenceOptions& options, bool reset_before) {
  const SequencePlan plan = plan_sequence("gru_sequence", 3, x, weights, options);
  const Inputs inputs = plan.inputs(x, weights, hidden);
  const Inputs y = reset_before ? Gru{true}.plain(plan, inputs) : record_sequence(Gru(), plan, inputs);
  return {y[0], y[1]};
}

// ---- one step ----

namespace {

using Gradients = std::array<Tensor, 3>;

Gradients cell_backward(const Tensor& activations, const Tensor& hidden_gates, const Tensor& hidden, const Tensor& g) {
  const int64_t H = hidden.size(1);
  const Tensor gradient = array::contiguous(g);
  Gradients result{empty_like(activations), empty_like(activations), empty_like(hidden)};
  dispatch_floating(hidden.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_cell_rows(hidden, [&](int64_t rows, int64_t at) {
      kernels::gru_cell_backward<T>(rows, H, activations.data<T>() + 3 * at, hidden_gates.data<T>() + 3 * at,
                                    hidden.data<T>() + at, gradient.data<T>() + at, result[0].data<T>() + 3 * at,
                                    result[1].data<T>() + 3 * at, result[2].data<T>() + at);
    });
  });
  return result;
}

}  // namespace

Tensor gru_cell(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& hidden) {
  check::floating("gru_cell", hidden);
  check::same_dtype("gru_cell", hidden, input_gates);
  check::same_dtype("gru_cell", hidden, hidden_gates);
  const Shape wanted = hidden.dim() == 2 ? Shape{hidden.size(0), 3 * hidden.size(1)} : Shape();
  if (hidden.dim() != 2 || !(input_gates.shape() == wanted) || !(hidden_gates.shape() == wanted))
    check::shape_error("gru_cell", fmt::format("gates are {} and {}, hidden {}; need [B, 3H] twice and [B, H]",
                                               describe(input_gates), describe(hidden_gates), describe(hidden)));
  if (reference_mode()) return plain_step(input_gates, hidden_gates, hidden);
  const int64_t H = hidden.size(1);
  const Tensor activations = array::clone(input_gates.detach()), y = empty_like(hidden);
  const Tensor theirs = array::contiguous(hidden_gates.detach()), before = array::contiguous(hidden.detach());
  dispatch_floating(hidden.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_cell_rows(hidden, [&](int64_t rows, int64_t at) {
      kernels::gru_cell_forward<T>(rows, H, activations.data<T>() + 3 * at, theirs.data<T>() + 3 * at,
                                   before.data<T>() + at, y.data<T>() + at);
    });
  });
  auto vjp = [a = saved(input_gates), b = saved(hidden_gates), h = saved(hidden), activations](const Tensor& g) {
    if (grad_enabled()) return plain_vjp(plain_step, Gradients{a.get(), b.get(), h.get()}, g);
    return cell_backward(activations, array::contiguous(b.get()), array::contiguous(h.get()), g);
  };
  return record("gru_cell", {input_gates, hidden_gates, hidden}, y, std::move(vjp));
}

}  // namespace fovea
