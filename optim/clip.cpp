#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/optimizer.h>
#include <fovea/optim/clip.h>

#include <cmath>
#include <vector>

namespace fovea {
namespace {

struct Gradient {
  Tensor values;
  size_t number;  // of its parameter
};

// The gradients there are, contiguous and the leaves' own.
std::vector<Gradient> gradients_of(std::span<const Tensor> parameters) {
  std::vector<Gradient> found;
  found.reserve(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    Tensor gradient = parameters[i].grad();
    if (!gradient.defined()) continue;
    if (!gradient.is_contiguous()) {
      gradient = array::clone(gradient);
      Tensor(parameters[i]).set_grad(gradient);
    }
    found.push_back({gradient, i});
  }
  return found;
}

double squares(const Tensor& x, double factor = 1) {
  return kernels::sum_of_squares(x.dtype(), x.numel(), x.raw(), factor);
}

double largest(const Tensor& x) { return kernels::largest_magnitude(x.dtype(), x.numel(), x.raw()); }

void require_finite(std::string_view op, const std::vector<Gradient>& gradients) {
  for (const Gradient& g : gradients) {
    if (std::isfinite(squares(g.values)) || std::isfinite(largest(g.values))) continue;
    throw AutogradError(
        fmt::format("{}: the gradient of parameter {}, {}, holds {}; nothing was changed: leave out this step, and let "
                    "AnomalyMode name the op it comes from",
                    op, g.number, describe(g.values), std::isnan(largest(g.values)) ? "NaN" : "inf"));
  }
}

// The norm of all gradients together; where squares overflow, by way of the largest element.
double total_norm(std::string_view op, const std::vector<Gradient>& gradients) {
  double total = 0;
  for (const Gradient& g : gradients) total += squares(g.values);
  if (std::isfinite(total)) return std::sqrt(total);
  require_finite(op, gradients);
  double top = 0;
  for (const Gradient& g : gradients) top = std::max(top, largest(g.values));
  total = 0;
  for (const Gradient& g : gradients) total += squares(g.values, 1 / top);
  return top * std::sqrt(total);
}

void require_positive(std::string_view op, std::string_view name, double bound) {
  if (!(bound > 0)) throw ValueError(fmt::format("{}: {} is {}; need a number above 0", op, name, bound));
}

}  // namespace

double clip_grad_norm_(std::span<const Tensor> parameters, double max_norm) {
  require_positive("clip_grad_norm_", "max_norm", max_norm);
  std::vector<Gradient> gradients = gradients_of(parameters);
  const double total = total_norm("clip_grad_norm_", gradients);
  const double factor = max_norm / (total + 1e-6);
  if (!(factor < 1)) return total;
  const NoGrad guard;
  for (Gradient& g : gradients) g.values.mul_(factor);
  return total;
}

void clip_grad_value_(std::span<const Tensor> parameters, double limit) {
  require_positive("clip_grad_value_", "limit", limit);
  const std::vector<Gradient> gradients = gradients_of(parameters);
  require_finite("clip_grad_value_", gradients);
  for (Gradient g : gradients) {
    kernels::clamp_magnitude(g.values.dtype(), g.values.numel(), g.values.raw(), limit);
    g.values.bump_version("clip_grad_value_");
  }
}

}  // namespace fovea
