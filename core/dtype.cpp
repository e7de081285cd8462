#include <fmt/format.h>
#include <fovea/core/dtype.h>
#include <fovea/core/error.h>

#include <cmath>

namespace fovea {

void require_fits(std::string_view op, double value, DType dtype) {
  if (dtype != i64 || (value >= -0x1p63 && value < 0x1p63 && std::trunc(value) == value)) return;
  throw ValueError(
      fmt::format("{}: {} is no whole number that i64 holds; cast the tensor with to(x, f32) first", op, value));
}

}  // namespace fovea
