// How many bytes a tensor read from a file would have.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/shape.h>

#include <optional>

namespace fovea::detail {

// Nothing if a size is negative or the strides of such a tensor could not be counted, sizes of zero standing for one.
inline std::optional<int64_t> byte_count(const Shape& shape, DType dtype) {
  int64_t bytes = item_size(dtype);
  bool is_empty = false;
  for (const int64_t size : shape) {
    is_empty = is_empty || size == 0;
    if (size < 0 || __builtin_mul_overflow(bytes, size > 0 ? size : 1, &bytes) || bytes > (int64_t{1} << 56)) return {};
  }
  return is_empty ? 0 : bytes;
}

}  // namespace fovea::detail
