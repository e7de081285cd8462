#include <fmt/format.h>
#include <fovea/layers/group_norm.h>

namespace fovea {

GroupNorm::GroupNorm(int64_t num_groups, int64_t num_channels, double eps) : num_groups_(num_groups), eps_(eps) {
  if (num_groups < 1 || num_channels < 1 || num_channels % num_groups != 0 || !(eps > 0))
    throw ValueError(fmt::format("GroupNorm: {} groups of {} channels, eps {}; need a divisor of 1 or more, above 0",
                                 num_groups, num_channels, eps));
  weight = Parameter(ones({num_channels}));
  bias = Parameter(zeros({num_channels}));
}

}  // namespace fovea
