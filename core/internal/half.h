// Numbers of 16 bits, as files hold them. F16 is IEEE 754's binary16: 5 bits of exponent, 10 of mantissa, up to 65504.
// BF16 is the upper half of an f32. Either becomes an f32 exactly; narrowed, a number is rounded to the nearest, of two
// equally near to the even one. NaN stays NaN.
#pragma once

#include <fovea/core/kernels/bits.h>

#include <cmath>
#include <cstdint>

namespace fovea::detail {

inline float from_bf16(uint16_t half) { return kernels::bit_cast<float>(static_cast<uint32_t>(half) << 16); }

inline uint16_t to_bf16(float x) {
  const auto bits = kernels::bit_cast<uint32_t>(x);
  if (std::isnan(x)) return static_cast<uint16_t>(bits >> 16 | 0x40);  // whose set bits were all in the lower half
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float from_f16(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, exponent = half >> 10 & 0x1f,
                 mantissa = half & 0x3ff;
  if (exponent == 0x1f) return kernels::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);  // infinite, NaN
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                   : kernels::bit_cast<float>((exponent + 112) << 23 | mantissa << 13);
  return sign != 0 ? -size : size;
}

inline uint16_t to_f16(float x) {
  const auto bits = kernels::bit_cast<uint32_t>(x);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  if (std::isnan(x)) return sign | 0x7e00;
  const float size = std::fabs(x);
  if (size >= 65520) return sign | 0x7c00;  // halfway to what would be the next above 65504
  // In units of the last place: those of 2^-14 and below have one unit, 2^-24, which is rounded in f64, exactly.
  if (size < 0x1p-14F) return sign | static_cast<uint16_t>(std::nearbyint(static_cast<double>(size) * 0x1p24));
  const uint32_t rounded = kernels::bit_cast<uint32_t>(size) + 0xfff + (bits >> 13 & 1);
  return sign | static_cast<uint16_t>((rounded >> 13) - (112U << 10));
}

}  // namespace fovea::detail
