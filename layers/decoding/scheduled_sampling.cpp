#include <fmt/format.h>
#include <fovea/autograd/distributions.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/decoding/scheduled_sampling.h>

#include <algorithm>
#include <cmath>

namespace fovea {
namespace {

void check(const char* name, int64_t update, bool fits, double k, const char* rule) {
  if (update < 0 || !fits)
    throw ValueError(fmt::format("{}: update {}, k {}; need 0 and above, {}", name, update, k, rule));
}

}  // namespace

double linear_decay(int64_t update, double k, double c, double floor) {
  check("linear_decay", update, k <= 1 && c >= 0 && floor >= 0 && floor <= k, k, "0 <= floor <= k <= 1, c >= 0");
  return std::max(floor, k - c * static_cast<double>(update));  // (2)
}

double exponential_decay(int64_t update, double k) {
  check("exponential_decay", update, k >= 0 && k < 1, k, "0 <= k < 1");
  return std::pow(k, static_cast<double>(update));  // (3)
}

double inverse_sigmoid_decay(int64_t update, double k) {
  check("inverse_sigmoid_decay", update, k >= 1 && std::isfinite(k), k, "k >= 1");
  return k / (k + std::exp(static_cast<double>(update) / k));  // (4)
}

Tensor scheduled_input(const Tensor& ids, const Tensor& logits, double epsilon, Generator& generator) {
  if (!ids.defined() || ids.dim() != 1 || ids.dtype() != i64)
    throw ShapeError(fmt::format("scheduled_input: the ids are {}; need i64 [B]", describe(ids)));
  if (!(epsilon >= 0 && epsilon <= 1))
    throw ValueError(fmt::format("scheduled_input: epsilon {}; need 0 to 1", epsilon));
  if (epsilon == 1) return ids;
  if (!logits.defined() || logits.dim() != 2 || logits.size(0) != ids.size(0))
    throw ShapeError(fmt::format("scheduled_input: the ids are {}, the logits {}; need [B] and [B, V]", describe(ids),
                                 describe(logits)));
  const NoGrad quiet;
  const Tensor forced = lt(uniform(ids.shape(), 0, 1, generator), scalar(epsilon));
  return where(forced, ids, Categorical(logits).sample(generator));  // (1) [B]
}

}  // namespace fovea
