// The plain recurrent network over a sequence: the fused op beside its plain formula.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops/sequence.h>

namespace fovea {
namespace {

using detail::pointer;
using Inputs = std::vector<Tensor>;
using InputSpan = std::span<const Tensor>;

// inputs: x, hidden, weight_ih, weight_hh, bias_ih, bias_hh.
std::vector<Tensor> plain_rnn(const detail::SequencePlan& plan, InputSpan inputs, bool relu_form) {
  std::array<Tensor, 1> state{inputs[1]};
  const Tensor projected = linear(inputs[0], inputs[2], inputs[4]);  // [B, T, H]
  const Tensor output = detail::plain_sequence(projected, plan, state, [&](const Tensor& x, const auto& before) {
    const Tensor sum = x + linear(before[0], inputs[3], inputs[5]);
    return std::array{relu_form ? relu(sum) : tanh(sum)};
  });
  return {output, state[0]};
}

struct RnnTape {
  Tensor states, hidden_before;
  template <class T>
  kernels::RnnTape<T> pointers() const {
    return {states.data<T>(), hidden_before.data<T>()};
  }
};

std::vector<Tensor> fused_forward(const detail::SequencePlan& plan, const Inputs& inputs, bool relu_form,
                                  RnnTape& tape) {
  const Tensor output = empty({plan.batch, plan.time, plan.hidden}, plan.dtype);
  tape = {empty_like(output), empty_like(output)};
  const Tensor x = array::contiguous(inputs[0]), hidden = array::clone(inputs[1]);
  const Tensor ih = array::contiguous(inputs[2]), hh = array::contiguous(inputs[3]);
  const Tensor bias_ih = detail::contiguous_or_none(inputs[4]), bias_hh = detail::contiguous_or_none(inputs[5]);
  dispatch_floating(plan.dtype, [&](auto zero) {
    using T = decltype(zero);
    kernels::rnn_forward<T>(plan.shape(), {ih.data<T>(), hh.data<T>(), pointer<T>(bias_ih), pointer<T>(bias_hh)},
                            x.data<T>(), tape.pointers<T>(), relu_form, output.data<T>(), hidden.data<T>());
  });
  return {output, hidden};
}

std::vector<Tensor> fused_backward(const kernels::SequenceShape& s, const Inputs& inputs, const RnnTape& tape,
                                   bool relu_form, std::span<const Tensor> gradients) {
  std::vector<Tensor> result(6);
  for (size_t i : {0, 2, 3, 4, 5}) result[i] = detail::wanted_gradient(i, inputs[i]);
  result[1] = detail::owned_gradient(gradients[1], inputs[1]);
  const Tensor x = array::contiguous(inputs[0]), output = detail::contiguous_or_none(gradients[0]);
  const Tensor ih = array::contiguous(inputs[2]), hh = array::contiguous(inputs[3]);
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::rnn_backward<T>(s, {ih.data<T>(), hh.data<T>(), nullptr, nullptr}, x.data<T>(), tape.pointers<T>(),
                             relu_form, pointer<T>(output), result[1].data<T>(),
                             {pointer<T>(result[0]), pointer<T>(result[2]), pointer<T>(result[3]),
                              pointer<T>(result[4]), pointer<T>(result[5])});
  });
  return result;
}

}  // namespace

HiddenSequence rnn_sequence(const Tensor& x, const Tensor& hidden, const RecurrentWeights& weights,
                            const SequenceOptions& options, bool relu) {
  const detail::SequencePlan plan = detail::plan_sequence("rnn_sequence", 1, x, weights, options);
  const Inputs inputs{plan.blanked(x), plan.state("hidden", hidden), weights.ih, weights.hh, weights.bias_ih,
                      weights.bias_hh};
  const auto named = [](const std::vector<Tensor>& y) { return HiddenSequence{y[0], y[1]}; };
  if (reference_mode() || plan.time == 0) return named(plain_rnn(plan, inputs, relu));
  RnnTape tape;
  const std::vector<Tensor> outputs = fused_forward(plan, inputs, relu, tape);
  const auto vjp = [plan, tape, relu, kept = detail::saved_all(inputs)](std::span<const Tensor> g) {
    const Inputs inputs_read = detail::read_all(kept);
    if (grad_enabled()) return plain_vjp([&](InputSpan at) { return plain_rnn(plan, at, relu); }, inputs_read, g);
    return fused_backward(plan.shape(), inputs_read, tape, relu, g);
  };
  return named(record_many("rnn_sequence", inputs, outputs, vjp));
}

namespace {

// Inputs: x, hidden, weight_ih, weight_hh, then the biases and the lengths that there are.
Tensor sample_call(const Inputs& x, bool reverse, bool relu_form) {
  const bool has_lengths = x.back().dtype() == i64, biased = x.size() > 5;
  const Tensor none;
  const HiddenSequence y = rnn_sequence(x[0], x[1], {x[2], x[3], biased ? x[4] : none, biased ? x[5] : none},
                                        {.reverse = reverse, .lengths = has_lengths ? x.back() : none}, relu_form);
  return cat({flatten(y.output), flatten(y.hidden)}, 0);
}

std::vector<OpSample> sequence_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](const char* label, Shape x, int64_t H, bool biased, std::vector<int64_t> lengths, bool reverse,
                       bool relu_form = false) {
    const int64_t B = x[0], I = x[2];
    Inputs inputs{make.uniform(x, -1, 1), make.uniform({B, H}, -1, 1), make.uniform({H, I}, -1, 1),
                  make.uniform({H, H}, -1, 1)};
    for (int i = 0; i < 2 && biased; ++i) inputs.push_back(make.uniform({H}, -1, 1));
    if (!lengths.empty()) inputs.push_back(from(lengths, {B}));
    samples.push_back({label, inputs, [=](const Inputs& at) { return sample_call(at, reverse, relu_form); }});
  };
  add("forward", {2, 3, 2}, 2, true, {}, false);
  add("backward", {2, 3, 2}, 2, true, {}, true);
  add("relu", {2, 2, 2}, 3, true, {}, false, true);
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

const OpSpec rnn_sequence_spec = OpSpec::add({
    .name = "rnn_sequence",
    .formula = "h = tanh(x_t W_ihT + b_ih + h W_hhT + b_hh) for t in 1..T",
    .samples = sequence_samples,
    .invalid = {{"x of rank 2",
                 [] {
                   rnn_sequence(ones({2, 3}), {}, {ones({2, 3}), ones({2, 2}), {}, {}});
                 }},
                {"weight_hh not square",
                 [] {
                   rnn_sequence(ones({2, 3, 3}), {}, {ones({2, 3}), ones({3, 2}), {}, {}});
                 }},
                {"integers",
                 [] {
                   rnn_sequence(zeros({2, 3, 3}, i64), {}, {ones({2, 3}), ones({2, 2}), {}, {}});
                 }}},
});

}  // namespace
}  // namespace fovea
