#include <fmt/format.h>
#include <fovea/layers/transformer/positions.h>

#include <cmath>

namespace fovea {

Tensor sinusoidal_positions(int64_t count, int64_t size, int64_t first, DType dtype) {
  if (count < 0 || size < 1 || first < 0)
    throw ValueError(
        fmt::format("sinusoidal_positions: count {}, size {}, first {}; need 0, 1, 0 and above", count, size, first));
  const auto begin = static_cast<double>(first);
  const Tensor p = unsqueeze(arange(begin, begin + static_cast<double>(count), 1, f64), 1);  // [count, 1]
  const int64_t pairs = (size + 1) / 2;
  const Tensor exponent = arange(0, pairs, 1, f64) * (2 / static_cast<double>(size));
  const Tensor angle = p * exp(exponent * -std::log(10000.0));  // [count, D / 2]
  const Tensor both = reshape(stack({sin(angle), cos(angle)}, 2), {count, 2 * pairs});
  return to(slice(both, 1, 0, size), dtype);  // (1) [count, D]
}

PositionalEncoding::PositionalEncoding(Positions kind, int64_t size, int64_t longest, Generator& generator)
    : kind_(kind), size_(size) {
  if (size < 1 || longest < 1)
    throw ValueError(fmt::format("PositionalEncoding: size {}, longest {}; need at least 1", size, longest));
  if (kind == Positions::learned)
    weight = Parameter(normal({longest, size}, 0, 1 / std::sqrt(static_cast<double>(size)), generator));
}

Tensor PositionalEncoding::operator()(const Tensor& x, int64_t first) const {
  if (!x.defined() || x.dim() != 3 || x.size(2) != size_)
    throw ShapeError(fmt::format("PositionalEncoding: x is {}; need [B, T, {}]", describe(x), size_));
  const int64_t end = first + x.size(1);
  if (kind_ == Positions::none) return x;
  if (kind_ == Positions::sinusoidal) return x + sinusoidal_positions(x.size(1), size_, first, x.dtype());
  if (first < 0 || end > weight->size(0))
    throw IndexError(fmt::format("PositionalEncoding: positions {} to {} of a table of {}; make it longer", first, end,
                                 weight->size(0)));
  return x + slice(weight, 0, first, end);  // (2) [B, T, D]
}

}  // namespace fovea
