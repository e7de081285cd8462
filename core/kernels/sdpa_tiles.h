// What the forward and the backward of attention in tiles share: the size of a tile, one head's rows, what they may
// see, and the exponential.
#pragma once

#include <fovea/core/kernels/rows.h>
#include <fovea/core/kernels/sdpa.h>
#include <fovea/core/kernels/small_gemm.h>

#include <algorithm>
#include <cmath>

namespace fovea::kernels::tiles {

constexpr int64_t kPiece = 1 << 18;  // multiply-adds that are worth a thread
constexpr int64_t kLong = 512;       // queries from which on tiles are large
constexpr int64_t kLongSide = 128;

// Queries and keys of a tile. Small where causality leaves out whole tiles. Never depends on the number of keys, so
// that padding them changes no bit.
inline int64_t side_of(const SdpaSizes& n) { return n.queries >= kLong ? kLongSide : n.causal ? 32 : 64; }

template <class T>
constexpr int kBlock = 2 * vm::kWidth<T>;  // queries that go through the vector code at once

inline int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
inline int64_t blocks_of(int64_t n, int64_t size) { return (n + size - 1) / size; }
inline int64_t grain_for(int64_t work) { return std::max<int64_t>(1, kPiece / std::max<int64_t>(1, work)); }

template <class T>
T scale_of(const SdpaSizes& n) {
  return n.scale != 0 ? static_cast<T>(n.scale) : T(1) / std::sqrt(static_cast<T>(n.width));
}

// A power of a number x <= 0 (up to rounding), 0 below the normal numbers, and ln e to its base. In f32 the base is 2,
// which leaves less to do: x = k + r, a polynomial in r as in the Cephes library, k added to the exponent.
inline float falling(float x) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  const float at = x < -126.0f ? -126.0f : x;
  const float shifted = at + kRound, r = at - (shifted - kRound);
  float p = 1.535336188319500e-4f;
  p = p * r + 1.339887440266574e-3f;
  p = p * r + 9.618437357674640e-3f;
  p = p * r + 5.550332471162809e-2f;
  p = p * r + 2.402264791363012e-1f;
  p = p * r + 6.931472028550421e-1f;
  p = p * r + 1.0f;
  const float y = bit_cast<float>(bit_cast<uint32_t>(p) + (bit_cast<uint32_t>(shifted) << 23));
  return x < -126.0f ? 0.0f : y;
}
inline double falling(double x) { return exp_falling(x); }
template <class T>
constexpr T kToBase = std::is_same_v<T, float> ? T(1.44269504088896341) : T(1);

// a · b over one vector's lanes: heads are too narrow for the longer runs of sum_of.
template <class T>
T dot(int64_t n, const T* a, const T* b) {
  constexpr int W = vm::kWidth<T>;
  T lanes[W] = {};
  int64_t i = 0;
  for (; i + W <= n; i += W) {
#pragma omp simd
    for (int j = 0; j < W; ++j) lanes[j] += a[i + j] * b[i + j];
  }
  for (int j = 0; i + j < n; ++j) lanes[j] += a[i + j] * b[i + j];
  return sum_lanes<W>(lanes);
}

// One head's rows.
template <class T>
struct Rows {
  T* data;
  int64_t step;
  T* operator[](int64_t i) const { return data + i * step; }
};
template <class T>
Rows<T> rows_of(const SdpaSizes& n, const HeadRows<T>& x, int64_t head) {
  return {x.of(head / n.heads, head % n.heads), x.row};
}

// What one head may attend to.
class Sight {
 public:
  Sight(const SdpaSizes& n, const SdpaMask& mask, int64_t head)
      : causal_(n.causal), offset_(n.offset), query_(mask.query), key_(mask.key) {
    if (mask.data != nullptr) data_ = mask.data + head / n.heads * mask.batch + head % n.heads * mask.head;
  }
  // The keys that queries below `end` may see, of `keys`.
  int64_t keys_before(int64_t end, int64_t keys) const {
    return causal_ ? std::clamp<int64_t>(offset_ + end, 0, keys) : keys;
  }
  // Of those, what the mask allows.
  bool sees(int64_t query, int64_t key) const { return !data_ || data_[query * query_ + key * key_]; }
  // Hides in s, whose corner is (key, query), what may not be attended.
  template <class T>
  void hide(int64_t query, int64_t queries, int64_t key, int64_t keys, int64_t side, T* s) const {
    for (int64_t j = 0; j < keys; ++j, s += side) {
      const int64_t later = causal_ ? std::clamp<int64_t>(key + j - offset_ - query, 0, queries) : 0;
      std::fill_n(s, later, kNothing<T>);
      if (!data_) continue;
      const bool* allowed = data_ + query * query_ + (key + j) * key_;
      if (query_ == 0) {
        if (!*allowed) std::fill_n(s, queries, kNothing<T>);
        continue;
      }
      for (int64_t i = later; i < queries; ++i) s[i] = allowed[i * query_] ? s[i] : kNothing<T>;
    }
  }

 private:
  bool causal_;
  int64_t offset_, query_, key_;
  const bool* data_ = nullptr;
};

}  // namespace fovea::kernels::tiles
