#include <fmt/format.h>
#include <fovea/layers/layer_norm.h>

namespace fovea {

LayerNorm::LayerNorm(int64_t size, double eps) : eps_(eps) {
  if (size < 1 || !(eps > 0))
    throw ValueError(fmt::format("LayerNorm: size {}, eps {}; need 1 and above, above 0", size, eps));
  weight = Parameter(ones({size}));
  bias = Parameter(zeros({size}));
}

}  // namespace fovea
