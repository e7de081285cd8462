#include <fmt/format.h>
#include <fovea/layers/dropout.h>

namespace fovea {

Dropout::Dropout(double probability) : probability_(probability) {
  if (!(probability >= 0 && probability <= 1))
    throw ValueError(fmt::format("Dropout: probability {} is outside [0, 1]", probability));
}

}  // namespace fovea
