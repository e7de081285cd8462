#include <fmt/format.h>
#include <fovea/autograd/distributions.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/decoding/scheduled_sampling.h>

#include <algorithm>
#include <cmath>

namespace fovea {
namespace {

void check_update(const char* name, int64_t update) {
  if (update < 0) throw ValueError(fmt::format("{}: update {}; need 0 and above", name, update));
}

}  // namespace

double linear_decay(int64_t update, double k, double c, double floor) {
  check_update("linear_decay", update);
  if (!(k <= 1 && c >= 0 && floor >= 0 && floor <= k))
    throw ValueError(fmt::format("linear_decay: k {}, c {}, floor {}; need 0 <= floor <= k <= 1, c >= 0", k, c, floor));
  return std::max(floor, k - c * static_cast<double>(update));  // (2)
}

double exponential_decay(int64_t update, double k) {
  check_update("exponential_decay", update);
  if (!(k >= 0 && k < 1)) throw ValueError(fmt::format("exponential_decay: k {}; need 0 <= k < 1", k));
  return std::pow(k, static_cast<double>(update));  // (3)
}

double inverse_sigmoid_decay(int64_t update, double k) {
  check_update("inverse_sigmoid_decay", update);
  if (!(k >= 1 && std::isfinite(k))) throw ValueError(fmt::format("inverse_sigmoid_decay: k {}; need k >= 1", k));
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
