// Element types of a tensor, and `dispatch`, the one place where a runtime type becomes a C++ type.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace fovea {

enum class DType : uint8_t { f32, f64, i64, boolean };

inline constexpr DType f32 = DType::f32;
inline constexpr DType f64 = DType::f64;
inline constexpr DType i64 = DType::i64;
inline constexpr DType boolean = DType::boolean;

constexpr int64_t item_size(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return 4;
    case DType::f64:
      return 8;
    case DType::i64:
      return 8;
    case DType::boolean:
      return 1;
  }
  return 0;
}

constexpr bool is_floating(DType dtype) { return dtype == DType::f32 || dtype == DType::f64; }

constexpr std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
    case DType::i64:
      return "i64";
    case DType::boolean:
      return "bool";
  }
  return "?";
}

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::i64;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};
template <class T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

// ValueError names `op` unless elements of this type can hold `value`: i64 holds whole numbers in its range, floating
// types round, bool keeps whether it is 0.
void require_fits(std::string_view op, double value, DType dtype);

// Calls body(T{}) with the C++ type of `dtype`: dispatch(x.dtype(), [&](auto zero) { using T = decltype(zero); ... });
template <class Body>
decltype(auto) dispatch(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return std::forward<Body>(body)(float{});
    case DType::f64:
      return std::forward<Body>(body)(double{});
    case DType::i64:
      return std::forward<Body>(body)(int64_t{});
    default:
      return std::forward<Body>(body)(bool{});
  }
}

// The same for f32 and f64 only; the caller has checked is_floating(dtype).
template <class Body>
decltype(auto) dispatch_floating(DType dtype, Body&& body) {
  if (dtype == DType::f64) return std::forward<Body>(body)(double{});
  return std::forward<Body>(body)(float{});
}

}  // namespace fovea
