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

}  // namespace fovea::detail
