// Making tensors. All are contiguous, on no tape. Random ones take a Generator& or the seeded default of random.h.
// Errors: ShapeError for negative sizes or a data length that differs from the shape; ValueError for bad ranges.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>

#include <span>
#include <type_traits>
#include <vector>

namespace fovea {

Tensor zeros(const Shape& shape, DType dtype = f32);
Tensor ones(const Shape& shape, DType dtype = f32);
Tensor full(const Shape& shape, double value, DType dtype = f32);
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);
Tensor full_like(const Tensor& x, double value);
Tensor scalar(double value, DType dtype = f32);  // rank 0
namespace detail {
Tensor ramp(double begin, double end, double step, DType dtype);
Tensor whole_ramp(int64_t begin, int64_t end, int64_t step);  // i64, exact above 2^53 too
void require_filled(const char* op, size_t count, const Shape& shape);
template <class... Numbers>
inline constexpr bool all_whole = (std::is_integral_v<Numbers> && ...);
}  // namespace detail
// begin, begin + step, ... below end: i64 if all three are whole types, else f32.
template <class Begin, class End, class Step = int>
Tensor arange(Begin begin, End end, Step step = 1, DType dtype = detail::all_whole<Begin, End, Step> ? i64 : f32) {
  if constexpr (detail::all_whole<Begin, End, Step>)
    if (dtype == i64)
      return detail::whole_ramp(static_cast<int64_t>(begin), static_cast<int64_t>(end), static_cast<int64_t>(step));
  return detail::ramp(static_cast<double>(begin), static_cast<double>(end), static_cast<double>(step), dtype);
}
inline Tensor arange(int64_t end) { return arange(0, end); }
Tensor linspace(double first, double last, int64_t count, DType dtype = f32);  // both ends included
Tensor eye(int64_t n, DType dtype = f32);

Tensor from_bytes(const void* data, const Shape& shape, DType dtype);
// The elements of `data` in row-major order.
template <class T>
Tensor from(std::span<const T> data, const Shape& shape) {
  detail::require_filled("from", data.size(), shape);
  return from_bytes(data.data(), shape, dtype_of<T>);
}
template <class T>
Tensor from(const std::vector<T>& data, const Shape& shape) {
  return from(std::span<const T>(data), shape);
}
// tensor({1.f, 2.f, 3.f}) has rank 1; tensor({1.f, 2.f, 3.f, 4.f}, {2, 2}) has the given shape.
// Plain ints become i64.
template <class T>
Tensor tensor(std::initializer_list<T> values, const Shape& shape) {
  detail::require_filled("tensor", values.size(), shape);
  if constexpr (std::is_same_v<T, int>)
    return from(std::vector<int64_t>(values.begin(), values.end()), shape);
  else
    return from(std::span<const T>(values.begin(), values.size()), shape);
}
template <class T>
Tensor tensor(std::initializer_list<T> values) {
  return tensor(values, Shape{static_cast<int64_t>(values.size())});
}

// ids i64 [...] -> [..., classes]; IndexError for an id outside [0, classes).
Tensor one_hot(const Tensor& ids, int64_t classes, DType dtype = f32);

Tensor uniform(const Shape& shape, double low, double high, Generator& generator = default_generator(),
               DType dtype = f32);
Tensor normal(const Shape& shape, double mean, double deviation, Generator& generator = default_generator(),
              DType dtype = f32);
Tensor bernoulli(const Shape& shape, double probability, Generator& generator = default_generator(), DType dtype = f32);
Tensor bernoulli(const Tensor& probabilities, Generator& generator = default_generator());  // elementwise, same type
Tensor randint(const Shape& shape, int64_t low, int64_t high,
               Generator& generator = default_generator());                 // i64 in [low, high)
Tensor permutation(int64_t n, Generator& generator = default_generator());  // i64 [n]
inline Tensor rand(const Shape& shape, DType dtype = f32) { return uniform(shape, 0, 1, default_generator(), dtype); }
inline Tensor randn(const Shape& shape, DType dtype = f32) { return normal(shape, 0, 1, default_generator(), dtype); }

}  // namespace fovea
