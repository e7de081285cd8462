#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops/sequence.h>

namespace fovea::detail {

namespace {

void require_shape(const char* op, const char* what, const Tensor& x, const Shape& wanted, DType dtype) {
  if (!(x.shape() == wanted)) check::shape_error(op, fmt::format("{} is {}, need {}", what, describe(x), wanted.str()));
  check::dtype(op, what, x, dtype);
}

}  // namespace

std::vector<Tensor> SequencePlan::inputs(const Tensor& x, const RecurrentWeights& weights,
                                         const Tensor& initial) const {
  const Tensor blanked = valid.defined() ? masked_fill(x, logical_not(valid), 0) : x;
  return {blanked, weights.ih, weights.hh, weights.bias_ih, weights.bias_hh, state("hidden", initial)};
}

Tensor SequencePlan::state(const char* what, const Tensor& state) const {
  const Shape wanted{batch, hidden};
  if (!state.defined()) return zeros(wanted, dtype);
  require_shape(op, what, state, wanted, dtype);
  return state;
}

SequencePlan plan_sequence(const char* op, int64_t gates, const Tensor& x, const RecurrentWeights& weights,
                           const SequenceOptions& options) {
  check::floating(op, x);
  check::defined(op, weights.ih);
  check::defined(op, weights.hh);
  if (x.dim() != 3) check::shape_error(op, fmt::format("x is {}, need [B, T, I]", describe(x)));
  const int64_t H = weights.hh.dim() == 2 ? weights.hh.size(1) : 0;
  require_shape(op, "weight_ih", weights.ih, {gates * H, x.size(2)}, x.dtype());
  require_shape(op, "weight_hh", weights.hh, {gates * H, H}, x.dtype());
  if (weights.bias_ih.defined()) require_shape(op, "bias_ih", weights.bias_ih, {gates * H}, x.dtype());
  if (weights.bias_hh.defined()) require_shape(op, "bias_hh", weights.bias_hh, {gates * H}, x.dtype());
  SequencePlan plan{op, x.size(0), x.size(1), x.size(2), H, x.dtype(), options.reverse, Tensor(), Tensor()};
  if (!options.lengths.defined()) return plan;
  check::dtype(op, "lengths", options.lengths, i64);
  if (!(options.lengths.shape() == Shape{plan.batch}))
    check::shape_error(
        op, fmt::format("lengths are {}, need [{}] for x {}", describe(options.lengths), plan.batch, describe(x)));
  check::ids_below(op, options.lengths, plan.time + 1);
  plan.lengths = array::clone(options.lengths);
  plan.valid = unsqueeze(lt(unsqueeze(arange(plan.time), 0), unsqueeze(plan.lengths, 1)), 2);
  return plan;
}

std::vector<Tensor> contiguous_all(std::span<const Tensor> inputs) {
  std::vector<Tensor> all(inputs.begin(), inputs.end());
  for (Tensor& x : all)
    if (x.defined()) x = array::contiguous(x);
  return all;
}

Tensor owned_gradient(const Tensor& gradient, const Tensor& like) {
  return gradient.defined() ? array::clone(gradient.detach()) : zeros_like(like);
}

OpSample sequence_sample(SampleMaker& make, int64_t gates, int states, const SequenceCall& call,
                         const SequenceSample& sample) {
  const int64_t B = sample.x[0], I = sample.x[2], H = sample.hidden, G = gates * H;
  std::vector<Tensor> inputs{make.uniform(sample.x, -1, 1), make.uniform({G, I}, -1, 1), make.uniform({G, H}, -1, 1)};
  for (int i = 0; i < 2 && sample.biased; ++i) inputs.push_back(make.uniform({G}, -1, 1));
  for (int i = 0; i < states; ++i) inputs.push_back(make.uniform({B, H}, -1, 1));
  const bool has_lengths = !sample.lengths.empty();
  if (has_lengths) inputs.push_back(from(sample.lengths, {B}));
  const auto joined = [=, biased = sample.biased, reverse = sample.reverse](std::vector<Tensor> at) {
    SequenceOptions options{.reverse = reverse, .lengths = has_lengths ? at.back() : Tensor()};
    if (has_lengths) at.pop_back();
    if (!biased) at.insert(at.begin() + kBiasIh, 2, Tensor());
    std::vector<Tensor> parts;
    for (const Tensor& y : call(at, options)) parts.push_back(flatten(y));
    return cat(parts, 0);
  };
  return {sample.label, inputs, joined};
}

std::vector<OpSample> sequence_samples(SampleMaker& make, int64_t gates, int states, const SequenceCall& call) {
  std::vector<OpSample> samples;
  for (const SequenceSample& sample :
       {SequenceSample{"forward", {2, 3, 2}, 2},
        SequenceSample{.label = "backward", .x = {2, 3, 2}, .hidden = 2, .reverse = true},
        SequenceSample{"no bias", {2, 2, 3}, 2, false}, SequenceSample{"lengths", {3, 3, 2}, 2, true, {3, 1, 2}},
        SequenceSample{"lengths backward", {3, 3, 2}, 2, true, {2, 0, 3}, true},
        SequenceSample{"only padding", {1, 2, 1}, 1, true, {0}}, SequenceSample{"size-1", {1, 1, 1}, 1},
        SequenceSample{"more than a block and a vector", {9, 2, 3}, 17}, SequenceSample{"no steps", {2, 0, 2}, 2},
        SequenceSample{"empty batch", {0, 2, 2}, 2}})
    samples.push_back(sequence_sample(make, gates, states, call, sample));
  return samples;
}

}  // namespace fovea::detail
