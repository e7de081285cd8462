#include <fmt/format.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops/sequence.h>

namespace fovea::detail {

namespace {

void require_shape(const char* op, const char* what, const Tensor& x, const Shape& wanted, DType dtype) {
  if (!(x.shape() == wanted)) check::shape_error(op, fmt::format("{} is {}, need {}", what, describe(x), wanted.str()));
  check::dtype(op, what, x, dtype);
}

}  // namespace

Tensor SequencePlan::blanked(const Tensor& x) const {
  return valid.defined() ? masked_fill(x, logical_not(valid), 0) : x;
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

std::vector<Tensor> plain_gradients(const PlainFormula& plain, std::span<const Saved> inputs,
                                    std::span<const Tensor> gradients) {
  // Each input goes through an op of its own, where the inner pass stops before it reaches the graph outside.
  std::vector<Tensor> through(inputs.size()), sources;
  std::vector<size_t> positions;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) continue;
    through[i] = inputs[i].get();
    if (!needs_grad(static_cast<int>(i))) continue;
    through[i] = mul(through[i], 1.0);
    sources.push_back(through[i]);
    positions.push_back(i);
  }
  GradOptions options{.create_graph = true, .allow_unused = true};
  std::vector<Tensor> outputs;
  const std::vector<Tensor> all = plain(through);
  for (size_t k = 0; k < all.size(); ++k)
    if (gradients[k].defined() && all[k].requires_grad()) {
      outputs.push_back(all[k]);
      options.grad_outputs.push_back(gradients[k]);
    }
  std::vector<Tensor> result(inputs.size());
  if (outputs.empty() || sources.empty()) return result;
  std::vector<Tensor> found = grad(outputs, sources, options);
  for (size_t i = 0; i < found.size(); ++i) result[positions[i]] = found[i];
  return result;
}

Tensor owned_gradient(const Tensor& gradient, const Tensor& like) {
  return gradient.defined() ? array::clone(gradient.detach()) : zeros_like(like);
}

}  // namespace fovea::detail
