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

double linear_truth(int64_t update, double k, double c, double floor) {
  check_update("linear_truth", update);
  if (!(k <= 1 && c >= 0 && floor >= 0 && floor <= k))
    throw ValueError(fmt::format("linear_truth: k {}, c {}, floor {}; need 0 <= floor <= k <= 1, c >= 0", k, c, floor));
  return std::max(floor, k - c * static_cast<double>(update));  // (2)
}

double exponential_truth(int64_t update, double k) {
  check_update("exponential_truth", update);
  if (!(k >= 0 && k < 1)) throw ValueError(fmt::format("exponential_truth: k {}; need 0 <= k < 1", k));
  return std::pow(k, static_cast<double>(update));  // (3)
}

double inverse_sigmoid_truth(int64_t update, double k) {
  check_update("inverse_sigmoid_truth", update);
  if (!(k >= 1 && std::isfinite(k))) throw ValueError(fmt::format("inverse_sigmoid_truth: k {}; need k >= 1", k));
  return k / (k + std::exp(static_cast<double>(update) / k));  // (4)
}

Tensor heard(const Tensor& truth, const Tensor& logits, double epsilon, Generator& generator) {
  if (!truth.defined() || truth.dim() != 1 || truth.dtype() != i64)
    throw ShapeError(fmt::format("heard: the truth is {}; need i64 [B]", describe(truth)));
  if (!(epsilon >= 0 && epsilon <= 1)) throw ValueError(fmt::format("heard: epsilon {}; need 0 to 1", epsilon));
  if (epsilon == 1) return truth;
  if (!logits.defined() || logits.dim() != 2 || logits.size(0) != truth.size(0))
    throw ShapeError(
        fmt::format("heard: the truth is {}, the logits {}; need [B] and [B, V]", describe(truth), describe(logits)));
  const NoGrad quiet;
  const Tensor told = lt(uniform(truth.shape(), 0, 1, generator), scalar(epsilon));
  return where(told, truth, Categorical(logits).sample(generator));  // (1) [B]
}

}  // namespace fovea
