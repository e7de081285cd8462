// How many bytes a tensor read from a file would have; where a size_t has 32 bits that can be more than it counts.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/shape.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace fovea::detail {

template <class Size>
constexpr int64_t kMostBytes = std::min<uint64_t>(uint64_t{1} << 56, std::numeric_limits<Size>::max() / 2);

// Nothing if a size is negative or the strides of such a tensor could not be counted, sizes of zero standing for one.
template <class Size = size_t>
std::optional<int64_t> byte_count(const Shape& shape, DType dtype) {
  int64_t bytes = item_size(dtype);
  bool is_empty = false;
  for (const int64_t size : shape) {
    is_empty = is_empty || size == 0;
    if (size < 0 || __builtin_mul_overflow(bytes, size > 0 ? size : 1, &bytes) || bytes > kMostBytes<Size>) return {};
  }
  return is_empty ? 0 : bytes;
}

}  // namespace fovea::detail
