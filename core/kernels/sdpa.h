// Scaled dot-product attention in tiles of keys by queries: the scores are never held for more than one tile. f32 and
// f64, finite elements. The backward works the weights out again from the scores and each row's log-sum.
#pragma once

#include <cstdint>

namespace fovea::kernels {

struct SdpaSizes {
  int64_t batch, heads, queries, keys, width, value_width;  // B, H, Tq, Tk, d, dv
  bool causal;                                              // query i sees the keys up to position offset + i
  int64_t offset;
  double scale;  // of the products; 0: 1 / √d
};

// [B, H, T, features]: steps between the batches, the heads and the rows; the features of a row are adjacent.
template <class T>
struct HeadRows {
  T* data;
  int64_t batch, head, row;
  T* of(int64_t b, int64_t h) const { return data + b * batch + h * head; }
};

// True = may be attended; steps in [B, H, Tq, Tk]. Null data: everything may be.
struct SdpaMask {
  const bool* data = nullptr;
  int64_t batch = 0, head = 0, query = 0, key = 0;
};

// out = softmax(q kᵀ / √d) v; log_sums [B, H, Tq] = ln Σ_j e^(score), +inf for a row that is masked wholly.
template <class T>
void sdpa(const SdpaSizes& n, const HeadRows<const T>& q, const HeadRows<const T>& k, const HeadRows<const T>& v,
          const SdpaMask& mask, const HeadRows<T>& out, T* log_sums);

template <class T>
struct SdpaSaved {
  HeadRows<const T> q, k, v, out;
  const T* log_sums;
};
template <class T>
struct SdpaGradients {
  HeadRows<T> q, k, v;
};
// From the gradient of `out` to those of q, k and v.
template <class T>
void sdpa_backward(const SdpaSizes& n, const SdpaSaved<T>& saved, const SdpaMask& mask,
                   const HeadRows<const T>& gradient, const SdpaGradients<T>& d);

// Whether no element of x [B, H, rows, width] is NaN or inf.
template <class T>
bool all_finite(int64_t batch, int64_t heads, int64_t rows, int64_t width, const HeadRows<const T>& x);

}  // namespace fovea::kernels
