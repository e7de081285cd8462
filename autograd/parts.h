// split, chunk and unbind into as many parts as the type says, for code that runs at every step: nothing comes from the
// heap.
//   const auto [i, f, g, o] = chunk<4>(gates, -1);
// Errors: as in ops.h; ShapeError where there would be another number of parts.
#pragma once

#include <fovea/core/tensor.h>

#include <array>
#include <span>

namespace fovea {

namespace detail {
void split_into(const Tensor& x, std::span<const int64_t> sizes, int64_t dim, std::span<Tensor> parts);
void chunk_into(const Tensor& x, int64_t dim, std::span<Tensor> parts);
void unbind_into(const Tensor& x, int64_t dim, std::span<Tensor> parts);
}  // namespace detail

template <size_t N>
std::array<Tensor, N> split(const Tensor& x, const std::array<int64_t, N>& sizes, int64_t dim) {
  std::array<Tensor, N> parts;
  detail::split_into(x, sizes, dim, parts);
  return parts;
}

template <size_t N>
std::array<Tensor, N> chunk(const Tensor& x, int64_t dim) {
  std::array<Tensor, N> parts;
  detail::chunk_into(x, dim, parts);
  return parts;
}

template <size_t N>
std::array<Tensor, N> unbind(const Tensor& x, int64_t dim) {
  std::array<Tensor, N> parts;
  detail::unbind_into(x, dim, parts);
  return parts;
}

}  // namespace fovea
