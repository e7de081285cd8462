#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/distributions.h>
#include <fovea/autograd/ops.h>

#include <cmath>

namespace fovea {
namespace {

constexpr double kHalfLogTwoPi = 0.91893853320467274178;

}  // namespace

Tensor gumbel(const Shape& shape, Generator& generator, DType dtype) {
  const Tensor u = clamp(uniform(shape, 0, 1, generator, dtype), 1e-10, 1 - 1e-7);
  return -log(-log(u));
}

// ---- Categorical ----

Categorical::Categorical(const Tensor& logits, const Tensor& mask)
    : logits_(logits), mask_(mask), log_p_((check::floating("Categorical", logits), log_softmax(logits, -1, mask))) {
  if (!mask.defined()) return;
  const Tensor usable = where(mask, ones_like(logits), scalar(0, logits.dtype()));
  any_ = gt(max(usable, -1), scalar(0, logits.dtype()));
}

Tensor Categorical::sample(Generator& generator) const {
  const Tensor noisy = logits_.detach() + gumbel(logits_.shape(), generator, logits_.dtype());
  return argmax(mask_.defined() ? where(mask_, noisy, scalar(-INFINITY, noisy.dtype())) : noisy, -1);
}

Tensor Categorical::mode() const { return argmax(log_p_, -1); }

Tensor Categorical::log_prob(const Tensor& classes) const {
  const Tensor chosen = squeeze(gather(log_p_, -1, unsqueeze(classes, -1)), -1);
  return any_.defined() ? where(any_, chosen, scalar(0, chosen.dtype())) : chosen;
}

Tensor Categorical::entropy() const {
  const Tensor counted = masked_fill(log_p_, eq(log_p_.detach(), -INFINITY), 0);  // 0 ln 0 = 0
  return -sum(exp(log_p_) * counted, -1);
}

// ---- Bernoulli ----

Bernoulli::Bernoulli(const Tensor& logits) : logits_(logits) { check::floating("Bernoulli", logits); }

Tensor Bernoulli::sample(Generator& generator) const { return bernoulli(sigmoid(logits_.detach()), generator); }

Tensor Bernoulli::log_prob(const Tensor& x) const { return logsigmoid((x.detach() * 2.0 - 1.0) * logits_); }

// Of |l|, as it is even: no difference of large numbers, and 0 at infinity, which e^-1000 is already.
Tensor Bernoulli::entropy() const {
  const Tensor l = clamp(abs(logits_), 0, 1000);
  return softplus(-l) + l * sigmoid(-l);
}

// ---- Normal ----

Normal::Normal(const Tensor& mean, const Tensor& deviation) : mean_(mean), deviation_(deviation) {
  check::floating("Normal", mean);
  check::same_dtype("Normal", mean, deviation);
  if (!all(gt(deviation, 0)))
    throw ValueError(fmt::format("Normal: the deviation, {}, has elements that are not above 0", describe(deviation)));
}

Tensor Normal::rsample(Generator& generator) const {
  const Shape shape = broadcast_shapes("Normal", mean_.shape(), deviation_.shape());
  return mean_ + deviation_ * normal(shape, 0, 1, generator, mean_.dtype());
}

Tensor Normal::sample(Generator& generator) const { return rsample(generator).detach(); }

Tensor Normal::log_prob(const Tensor& x) const {
  return square((x - mean_) / deviation_) * -0.5 - log(deviation_) - kHalfLogTwoPi;
}

Tensor Normal::entropy() const {
  const Shape shape = broadcast_shapes("Normal", mean_.shape(), deviation_.shape());
  return expand(log(deviation_) + (0.5 + kHalfLogTwoPi), shape);
}

}  // namespace fovea
