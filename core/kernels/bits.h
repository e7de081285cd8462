// A number's bits as another of its size: std::bit_cast, which LLVM's library has from version 14 on only.
#pragma once

namespace fovea::kernels {

template <class To, class From>
constexpr To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

}  // namespace fovea::kernels
