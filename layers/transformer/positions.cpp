#include <fmt/format.h>
#include <fovea/layers/check.h>
#include <fovea/layers/transformer/positions.h>

#include <cmath>

namespace fovea {

Tensor sinusoidal_positions(int64_t count, int64_t size, int64_t offset, DType dtype) {
  if (count < 0 || size < 1 || offset < 0)
    throw ValueError(
        fmt::format("sinusoidal_positions: count {}, size {}, offset {}; need 0, 1, 0 and above", count, size, offset));
  const auto begin = static_cast<double>(offset);
  const Tensor p = unsqueeze(arange(begin, begin + static_cast<double>(count), 1, f64), 1);  // [count, 1]
  const int64_t pairs = (size + 1) / 2;
  const Tensor exponent = arange(0, pairs, 1, f64) * (2 / static_cast<double>(size));
  const Tensor angle = p * exp(exponent * -std::log(10000.0));  // [count, D / 2]
  const Tensor both = reshape(stack({sin(angle), cos(angle)}, 2), {count, 2 * pairs});
  return to(slice(both, 1, 0, size), dtype);  // (1) [count, D]
}

PositionalEncoding::PositionalEncoding(Positions kind, int64_t size, int64_t max_length, Generator& generator)
    : kind_(kind), size_(size) {
  check_sizes("PositionalEncoding", {{"size", size}, {"max_length", max_length}});
  if (kind == Positions::learned)
    weight = Parameter(normal({max_length, size}, 0, 1 / std::sqrt(static_cast<double>(size)), generator));
}

Tensor PositionalEncoding::operator()(const Tensor& x, int64_t offset) const {
  check_features(*this, "PositionalEncoding", "x", x, 3, size_);
  const int64_t end = offset + x.size(1);
  if (kind_ == Positions::none) return x;
  if (kind_ == Positions::sinusoidal) return x + sinusoidal_positions(x.size(1), size_, offset, x.dtype());
  if (offset < 0 || end > weight->size(0))
    throw IndexError(fmt::format("PositionalEncoding: positions {} to {} of a table of {}; make it longer", offset, end,
                                 weight->size(0)));
  return x + slice(weight, 0, offset, end);  // (2) [B, T, D]
}

Parameter token_table(std::string_view model, int64_t vocabulary, int64_t size, Generator& generator) {
  check_sizes(model, {{"vocabulary", vocabulary}});
  return Parameter(normal({vocabulary, size}, 0, 1 / std::sqrt(static_cast<double>(size)), generator));
}

}  // namespace fovea
