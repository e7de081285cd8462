// Element types of a tensor, and `dispatch`, the one place where a runtime type becomes a C++ type.
// f32, f64 and i64 compute, bool decides. u8 and i32 store what lies on disk so (images, ids): tensors of them are
// made, filled, viewed, moved about (cat, gather, where), compared by equal, asked for what is not 0, printed, loaded,
// saved and converted with to(); any arithmetic is a DTypeError, so that no kernel is compiled for them.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace fovea {

enum class DType : uint8_t { f32, f64, i64, boolean, u8, i32 };

inline constexpr DType f32 = DType::f32;
inline constexpr DType f64 = DType::f64;
inline constexpr DType i64 = DType::i64;
inline constexpr DType boolean = DType::boolean;
inline constexpr DType u8 = DType::u8;
inline constexpr DType i32 = DType::i32;

constexpr int64_t item_size(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return 4;
    case DType::f64:
      return 8;
    case DType::i64:
      return 8;
    case DType::boolean:
    case DType::u8:
      return 1;
    case DType::i32:
      return 4;
  }
  return 0;
}

constexpr bool is_floating(DType dtype) { return dtype == DType::f32 || dtype == DType::f64; }
// Of the types that only store.
constexpr bool is_storage(DType dtype) { return dtype == DType::u8 || dtype == DType::i32; }

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
    case DType::u8:
      return "u8";
    case DType::i32:
      return "i32";
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
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::u8;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::i32;
};
template <class T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

// [least, beyond): what a whole type holds.
struct WholeRange {
  double least, beyond;
};
constexpr WholeRange range_of(DType whole) {
  if (whole == DType::u8) return {0, 256};
  if (whole == DType::i32) return {-0x1p31, 0x1p31};
  return {-0x1p63, 0x1p63};
}
// ValueError names `op` unless elements of this type can hold `value`: whole types hold whole numbers in their range,
// floating types round, bool keeps whether it is 0.
void require_fits(std::string_view op, double value, DType dtype);
// DTypeError: u8 and i32 only store.
[[noreturn]] void throw_storage_only(DType dtype);

// Calls body(T{}) with the C++ type of `dtype`: dispatch(x.dtype(), [&](auto zero) { using T = decltype(zero); ... });
// DTypeError for types that only store.
template <class Body>
decltype(auto) dispatch(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return std::forward<Body>(body)(float{});
    case DType::f64:
      return std::forward<Body>(body)(double{});
    case DType::i64:
      return std::forward<Body>(body)(int64_t{});
    case DType::boolean:
      return std::forward<Body>(body)(bool{});
    case DType::u8:
    case DType::i32:
      break;
  }
  throw_storage_only(dtype);
}

// The same for every type: filling, converting, reading.
template <class Body>
decltype(auto) dispatch_stored(DType dtype, Body&& body) {
  if (dtype == DType::u8) return std::forward<Body>(body)(uint8_t{});
  if (dtype == DType::i32) return std::forward<Body>(body)(int32_t{});
  return dispatch(dtype, std::forward<Body>(body));
}

// The same for f32 and f64 only; the caller has checked is_floating(dtype).
template <class Body>
decltype(auto) dispatch_floating(DType dtype, Body&& body) {
  if (dtype == DType::f64) return std::forward<Body>(body)(double{});
  return std::forward<Body>(body)(float{});
}

}  // namespace fovea
