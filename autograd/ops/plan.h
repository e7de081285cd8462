// Which dimensions a reduction takes; internal to autograd/ops.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/ops.h>

#include <string_view>

namespace fovea::detail {

// Which dimensions go (a bit each), and the shape with 1 in their places.
struct Plan {
  Plan(std::string_view op, const Tensor& x, const Dims& dims) : kept(x.shape()) {
    const int rank = x.dim();
    if (dims.list.rank() == 0) reduced = (1u << rank) - 1;
    for (const int64_t dim : dims.list) {
      const unsigned bit = 1u << normalize_dim(op, dim, rank);
      if ((reduced & bit) != 0)
        throw ShapeError(
            fmt::format("{}: dimensions {} of {} name one twice; give each once", op, dims.list.str(), describe(x)));
      reduced |= bit;
    }
    for (int d = 0; d < rank; ++d)
      if (has(d)) {
        count *= kept[d];
        kept[d] = 1;
      }
  }
  bool has(int d) const { return ((reduced >> d) & 1u) != 0; }
  Shape result(bool keepdim) const {
    if (keepdim) return kept;
    Shape shape;
    for (int d = 0; d < kept.rank(); ++d)
      if (!has(d)) shape.append(kept[d]);
    return shape;
  }
  unsigned reduced = 0;
  Shape kept;
  int64_t count = 1;  // elements that go into one
};

}  // namespace fovea::detail
