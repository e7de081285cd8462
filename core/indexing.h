// What stands in x[{...}]: positions, Slices, Ellipsis and None, one after the other along the dimensions of x.
//   x[1]                              the second of the first dimension, which goes
//   x[{0, Slice(1, -1)}]              Python's x[0, 1:-1];  Slice(0, 9, 2) is 0:9:2, Slice() is :
//   x[{Ellipsis, None}]               with a new last dimension
// These are views: x[0] = y, x[{Slice(), 0}] = 1 and x[0] += y write into x. x[ids] and x[mask] are copies.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>

namespace fovea {

// Every step-th position from begin to before end; Slice() is all of them. Negative bounds count from the back and
// those beyond are cut, as in Python; the step is above 0, as in PyTorch.
struct Slice {
  explicit Slice(int64_t from = 0, int64_t to = std::numeric_limits<int64_t>::max(), int64_t every = 1)
      : begin(from), end(to), step(every) {}
  int64_t begin, end, step;
};
// As many whole dimensions as the others leave over.
inline constexpr struct EllipsisTag {
} Ellipsis;
// A new dimension of size 1.
inline constexpr struct NoneTag {
} None;

class Index {
 public:
  enum Kind { position, slice, ellipsis, none };

  template <std::integral I>
  Index(I at) : kind(position), range(static_cast<int64_t>(at)) {}
  Index(const Slice& positions) : kind(slice), range(positions) {}
  Index(EllipsisTag) : kind(ellipsis) {}
  Index(NoneTag) : kind(none) {}

  Kind kind;
  Slice range;  // its begin is the position
};

}  // namespace fovea
