// The block of a product that stays in registers: kRows rows by a panel of kVectors vectors of columns, as large as the
// CPU's vector registers allow.
#pragma once

#include <cstdint>

namespace fovea::kernels::tile {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64, kVectors = 2, kRows = 8;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32, kVectors = 2, kRows = 6;
#else
constexpr int kVectorBytes = 16, kVectors = 2, kRows = 4;
#endif

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
  typedef float Vector __attribute__((vector_size(kVectorBytes)));
};
template <>
struct Lanes<double> {
  typedef double Vector __attribute__((vector_size(kVectorBytes)));
};

template <class T>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));
template <class T>
constexpr int64_t kPanel = kVectors* kLanes<T>;

}  // namespace fovea::kernels::tile
