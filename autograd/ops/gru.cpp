// GRU: one step and a whole sequence, each fused op beside its plain formula.
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

Tensor plain_step(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& hidden) {
  const std::vector<Tensor> x = chunk(input_gates, 3, -1), h = chunk(hidden_gates, 3, -1);  // [B, H] each
  const Tensor r = sigmoid(x[0] + h[0]), z = sigmoid(x[1] + h[1]), n = tanh(x[2] + r * h[2]);
  return (1 - z) * n + z * hidden;
}

// The form of Cho et al. 2014: the reset gate acts before the product.
Tensor plain_step_reset_before(const Tensor& input_gates, const Tensor& hidden, InputSpan inputs) {
  const int64_t H = hidden.size(1);
  const auto of_hidden = [&](const Tensor& h, int64_t first, int64_t last) {
    const Tensor& bias = inputs[5];
    return linear(h, slice(inputs[3], 0, first, last), bias.defined() ? slice(bias, 0, first, last) : bias);
  };
  const std::vector<Tensor> x = chunk(input_gates, 3, -1), h = chunk(of_hidden(hidden, 0, 2 * H), 2, -1);
  const Tensor r = sigmoid(x[0] + h[0]), z = sigmoid(x[1] + h[1]);
  const Tensor n = tanh(x[2] + of_hidden(r * hidden, 2 * H, 3 * H));
  return (1 - z) * n + z * hidden;
}

// inputs: x, hidden, weight_ih, weight_hh, bias_ih, bias_hh.
std::vector<Tensor> plain_gru(const detail::SequencePlan& plan, InputSpan inputs, bool reset_before) {
  std::array<Tensor, 1> state{inputs[1]};
  const Tensor projected = linear(inputs[0], inputs[2], inputs[4]);  // [B, T, 3H]
  const Tensor output = detail::plain_sequence(projected, plan, state, [&](const Tensor& x, const auto& before) {
    const Tensor& h = before[0];
    return std::array{reset_before ? plain_step_reset_before(x, h, inputs)
                                   : plain_step(x, linear(h, inputs[3], inputs[5]), h)};
  });
  return {output, state[0]};
}

// ---- the fused sequence ----

struct GruTape {
  Tensor gates, hidden_part, hidden_before;
  template <class T>
  kernels::GruTape<T> pointers() const {
    return {gates.data<T>(), hidden_part.data<T>(), hidden_before.data<T>()};
  }
};

std::vector<Tensor> fused_forward(const detail::SequencePlan& plan, const Inputs& inputs, GruTape& tape) {
  const Tensor output = empty({plan.batch, plan.time, plan.hidden}, plan.dtype);
  tape = {empty({plan.batch, plan.time, 3 * plan.hidden}, plan.dtype), empty_like(output), empty_like(output)};
  const Tensor x = array::contiguous(inputs[0]), hidden = array::clone(inputs[1]);
  const Tensor ih = array::contiguous(inputs[2]), hh = array::contiguous(inputs[3]);
  const Tensor bias_ih = detail::contiguous_or_none(inputs[4]), bias_hh = detail::contiguous_or_none(inputs[5]);
  dispatch_floating(plan.dtype, [&](auto zero) {
    using T = decltype(zero);
    kernels::gru_forward<T>(plan.shape(), {ih.data<T>(), hh.data<T>(), pointer<T>(bias_ih), pointer<T>(bias_hh)},
                            x.data<T>(), tape.pointers<T>(), output.data<T>(), hidden.data<T>());
  });
  return {output, hidden};
}

std::vector<Tensor> fused_backward(const kernels::SequenceShape& s, const Inputs& inputs, const GruTape& tape,
                                   std::span<const Tensor> gradients) {
  std::vector<Tensor> result(6);
  for (size_t i : {0, 2, 3, 4, 5}) result[i] = detail::wanted_gradient(i, inputs[i]);
  result[1] = detail::owned_gradient(gradients[1], inputs[1]);
  const Tensor x = array::contiguous(inputs[0]), output = detail::contiguous_or_none(gradients[0]);
  const Tensor ih = array::contiguous(inputs[2]), hh = array::contiguous(inputs[3]);
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::gru_backward<T>(s, {ih.data<T>(), hh.data<T>(), nullptr, nullptr}, x.data<T>(), tape.pointers<T>(),
                             pointer<T>(output), result[1].data<T>(),
                             {pointer<T>(result[0]), pointer<T>(result[2]), pointer<T>(result[3]),
                              pointer<T>(result[4]), pointer<T>(result[5])});
  });
  return result;
}

}  // namespace

HiddenSequence gru_sequence(const Tensor& x, const Tensor& hidden, const RecurrentWeights& weights,
                            const SequenceOptions& options, bool reset_before) {
  const detail::SequencePlan plan = detail::plan_sequence("gru_sequence", 3, x, weights, options);
  const Inputs inputs{plan.blanked(x), plan.state("hidden", hidden), weights.ih, weights.hh, weights.bias_ih,
                      weights.bias_hh};
  const auto named = [](const std::vector<Tensor>& y) { return HiddenSequence{y[0], y[1]}; };
  if (reset_before || reference_mode() || plan.time == 0) return named(plain_gru(plan, inputs, reset_before));
  GruTape tape;
  const std::vector<Tensor> outputs = fused_forward(plan, inputs, tape);
  const auto vjp = [plan, tape, kept = detail::saved_all(inputs)](std::span<const Tensor> g) {
    const Inputs inputs_read = detail::read_all(kept);
    if (grad_enabled()) return plain_vjp([&](InputSpan at) { return plain_gru(plan, at, false); }, inputs_read, g);
    return fused_backward(plan.shape(), inputs_read, tape, g);
  };
  return named(record_many("gru_sequence", inputs, outputs, vjp));
}

// ---- one step ----

namespace {

constexpr int64_t kGrain = 4096;  // hidden units a thread takes

using Gradients = std::array<Tensor, 3>;

Gradients cell_backward(const Tensor& activations, const Tensor& hidden_gates, const Tensor& hidden, const Tensor& g) {
  const int64_t rows = hidden.size(0), H = hidden.size(1);
  const Tensor gradient = array::contiguous(g);
  Gradients result{empty_like(activations), empty_like(activations), empty_like(hidden)};
  dispatch_floating(hidden.dtype(), [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, 1 + kGrain / std::max<int64_t>(1, H), [&](int64_t begin, int64_t end) {
      const int64_t at = begin * H;
      kernels::gru_cell_backward<T>(end - begin, H, activations.data<T>() + 3 * at, hidden_gates.data<T>() + 3 * at,
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
  const int64_t rows = hidden.size(0), H = hidden.size(1);
  const Tensor activations = array::clone(input_gates.detach()), y = empty_like(hidden);
  const Tensor theirs = array::contiguous(hidden_gates.detach()), before = array::contiguous(hidden.detach());
  dispatch_floating(hidden.dtype(), [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, 1 + kGrain / std::max<int64_t>(1, H), [&](int64_t begin, int64_t end) {
      const int64_t at = begin * H;
      kernels::gru_cell_forward<T>(end - begin, H, activations.data<T>() + 3 * at, theirs.data<T>() + 3 * at,
                                   before.data<T>() + at, y.data<T>() + at);
    });
  });
  auto vjp = [a = saved(input_gates), b = saved(hidden_gates), h = saved(hidden), activations](const Tensor& g) {
    if (grad_enabled()) return plain_vjp(plain_step, Gradients{a.get(), b.get(), h.get()}, g);
    return cell_backward(activations, array::contiguous(b.get()), array::contiguous(h.get()), g);
  };
  return record("gru_cell", {input_gates, hidden_gates, hidden}, y, std::move(vjp));
}

namespace {

// Inputs: x, hidden, weight_ih, weight_hh, then the biases and the lengths that there are.
Tensor sample_call(const Inputs& x, bool reverse, bool reset_before) {
  const bool has_lengths = x.back().dtype() == i64, biased = x.size() > 5;
  const Tensor none;
  const HiddenSequence y = gru_sequence(x[0], x[1], {x[2], x[3], biased ? x[4] : none, biased ? x[5] : none},
                                        {.reverse = reverse, .lengths = has_lengths ? x.back() : none}, reset_before);
  return cat({flatten(y.output), flatten(y.hidden)}, 0);
}

std::vector<OpSample> sequence_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](const char* label, Shape x, int64_t H, bool biased, std::vector<int64_t> lengths, bool reverse,
                       bool before = false) {
    const int64_t B = x[0], I = x[2];
    Inputs inputs{make.uniform(x, -1, 1), make.uniform({B, H}, -1, 1), make.uniform({3 * H, I}, -1, 1),
                  make.uniform({3 * H, H}, -1, 1)};
    for (int i = 0; i < 2 && biased; ++i) inputs.push_back(make.uniform({3 * H}, -1, 1));
    if (!lengths.empty()) inputs.push_back(from(lengths, {B}));
    samples.push_back({label, inputs, [=](const Inputs& at) { return sample_call(at, reverse, before); }});
  };
  add("forward", {2, 3, 2}, 2, true, {}, false);
  add("backward", {2, 3, 2}, 2, true, {}, true);
  add("reset before", {2, 3, 2}, 2, true, {}, false, true);
  add("reset before, lengths", {2, 3, 2}, 2, false, {1, 3}, false, true);
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

const OpSpec gru_sequence_spec = OpSpec::add({
    .name = "gru_sequence",
    .formula = "h = GRU(x_t, h) for t in 1..T",
    .samples = sequence_samples,
    .invalid =
        {{"x of rank 2",
          [] {
            gru_sequence(ones({2, 3}), {}, {ones({6, 3}), ones({6, 2}), {}, {}});
          }},
         {"weights of an LSTM",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({8, 3}), ones({8, 2}), {}, {}});
          }},
         {"bias",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({6, 3}), ones({6, 2}), ones({2}), {}});
          }},
         {"lengths of another batch",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({6, 3}), ones({6, 2}), {}, {}}, {.lengths = tensor<int64_t>({3})});
          }},
         {"negative length",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({6, 3}), ones({6, 2}), {}, {}},
                         {.lengths = tensor<int64_t>({3, -1})});
          }}},
});

const OpSpec gru_cell_spec = OpSpec::add({
    .name = "gru_cell",
    .formula = "h' = (1 - z) n + z h",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          for (const Shape& shape : {Shape{3, 2}, Shape{1, 1}, Shape{2, 17}, Shape{0, 3}}) {
            const Shape gates{shape[0], 3 * shape[1]};
            samples.push_back({shape.str(),
                               {make.uniform(gates, -2, 2), make.uniform(gates, -2, 2), make.uniform(shape, -2, 2)},
                               [](const Inputs& x) { return gru_cell(x[0], x[1], x[2]); }});
          }
          return samples;
        },
    .invalid = {{"gates of 4H",
                 [] {
                   gru_cell(ones({2, 8}), ones({2, 6}), ones({2, 2}));
                 }},
                {"hidden gates of 2H",
                 [] {
                   gru_cell(ones({2, 6}), ones({2, 4}), ones({2, 2}));
                 }},
                {"hidden of rank 3",
                 [] {
                   gru_cell(ones({2, 6}), ones({2, 6}), ones({1, 2, 2}));
                 }},
                {"two types",
                 [] {
                   gru_cell(ones({2, 6}), ones({2, 6}, f64), ones({2, 2}));
                 }}},
});

}  // namespace
}  // namespace fovea
