#include <fmt/format.h>
#include <fovea/core/dtype.h>
#include <fovea/core/error.h>

#include <cmath>

namespace fovea {

void require_fits(std::string_view op, double value, DType dtype) {
  const auto [least, beyond] = range_of(dtype);
  if (is_floating(dtype) || dtype == boolean || (value >= least && value < beyond && std::trunc(value) == value))
    return;
  throw ValueError(fmt::format("{}: {} is no whole number that {} holds; cast the tensor with to(x, f32) first", op,
                               value, name_of(dtype)));
}

void throw_storage_only(DType dtype) {
  throw DTypeError(fmt::format("{} stores numbers and computes nothing; convert with to(x, f32), or to(x, i64) for ids",
                               name_of(dtype)));
}

}  // namespace fovea
