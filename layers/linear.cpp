#include <fmt/format.h>
#include <fovea/layers/init.h>
#include <fovea/layers/linear.h>

namespace fovea {

Linear::Linear(int64_t in, int64_t out, bool biased, Generator& generator) {
  if (in < 1 || out < 1) throw ValueError(fmt::format("Linear: in {}, out {}; need at least 1", in, out));
  weight = Parameter(init::uniform_fan({out, in}, in, generator));
  if (biased) bias = Parameter(init::uniform_fan({out}, in, generator));
}

}  // namespace fovea
