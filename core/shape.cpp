#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/core/error.h>
#include <fovea/core/shape.h>

namespace fovea {

std::string Shape::str() const { return fmt::format("[{}]", fmt::join(begin(), end(), ", ")); }

void Shape::throw_rank(size_t rank) {
  throw ShapeError(
      fmt::format("shape: rank {} is above the limit of {}; merge dimensions with reshape", rank, kMaxRank));
}

namespace {
[[noreturn, gnu::noinline]] void throw_negative(std::string_view op, const Shape& shape) {
  throw ShapeError(fmt::format("{}: shape {} has a negative size; need sizes of 0 or more", op, shape.str()));
}
[[noreturn, gnu::noinline]] void throw_too_large(std::string_view op, const Shape& shape) {
  throw ShapeError(fmt::format("{}: shape {} has more elements than an address can count (2^56)", op, shape.str()));
}
}  // namespace

int64_t checked_numel(std::string_view op, const Shape& shape) {
  int64_t extent = 1;
  bool none = false;
  for (const int64_t size : shape) {
    if (size < 0) throw_negative(op, shape);
    none |= size == 0;
    if (__builtin_mul_overflow(extent, size == 0 ? 1 : size, &extent) || extent > (int64_t{1} << 56))
      throw_too_large(op, shape);
  }
  return none ? 0 : extent;
}

int normalize_dim(std::string_view op, int64_t dim, int rank) {
  const int limit = rank > 0 ? rank : 1;
  if (dim >= limit || dim < -limit)
    throw IndexError(
        fmt::format("{}: dimension {} is outside [{}, {}) of a tensor of rank {}", op, dim, -limit, limit, rank));
  return static_cast<int>(dim < 0 ? dim + limit : dim);
}

int existing_dim(std::string_view op, int64_t dim, int rank) {
  if (rank == 0) throw IndexError(fmt::format("{}: dimension {} of a tensor of rank 0, which has none", op, dim));
  return normalize_dim(op, dim, rank);
}

Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape out = Shape::filled(rank, 1);
  for (int i = 1; i <= rank; ++i) {
    const int64_t x = i <= a.rank() ? a[a.rank() - i] : 1;
    const int64_t y = i <= b.rank() ? b[b.rank() - i] : 1;
    if (x != y && x != 1 && y != 1)
      throw ShapeError(
          fmt::format("{}: shapes {} and {} do not broadcast: sizes {} and {} at dimension {}; need equal or 1", op,
                      a.str(), b.str(), x, y, -i));
    out[rank - i] = x == 1 ? y : x;
  }
  checked_numel(op, out);
  return out;
}

}  // namespace fovea
