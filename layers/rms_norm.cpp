#include <fmt/format.h>
#include <fovea/layers/rms_norm.h>

namespace fovea {

RMSNorm::RMSNorm(int64_t size, std::optional<double> eps) : eps_(eps) {
  if (size < 1 || !(eps.value_or(1) > 0))
    throw ValueError(fmt::format("RMSNorm: size {}, eps {}; need 1 and above, above 0", size, eps.value_or(0)));
  weight = Parameter(ones({size}));
}

}  // namespace fovea
