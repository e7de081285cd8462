// Checks of gradients against central differences in f64, with random cotangents: L = sum_k <c_k, f_k(x)>.
// Up to `full_limit` input elements the whole gradient is compared, beyond that `directions` random directions.
// |analytic - numeric| <= atol * scale + rtol * |numeric|, scale = max(1, largest |numeric|). Returns instead of
// throwing. Errors: ValueError for an empty function.
#pragma once

#include <fovea/core/tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace fovea {

using TensorFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)>;

struct GradcheckOptions {
  double rtol = 1e-5;
  double atol = 1e-7;
  double step = 1e-5;  // times max(1, |x|)
  int64_t full_limit = 200;
  int directions = 5;
  uint64_t seed = 7;
};

struct GradcheckResult {
  bool ok = true;
  std::string message;  // which input and element, both numbers; empty when ok
  explicit operator bool() const { return ok; }
};

// f64 inputs that require gradients are checked, all others are constants. f may be called many times; it must be
// deterministic (fix the generator inside).
GradcheckResult gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options = {});
// The same for the gradient of f: second derivatives, through create_graph.
GradcheckResult gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs,
                              GradcheckOptions options = {.rtol = 1e-4, .atol = 1e-6});

}  // namespace fovea
