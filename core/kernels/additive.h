// Scores of additive attention for all pairs of queries and keys, without the sums in between: a row of the width is
// added, squashed and weighed at once. Contiguous arrays, f32 and f64.
#pragma once

#include <cstdint>

namespace fovea::kernels {

struct AdditiveSizes {
  int64_t batch, queries, keys, width;  // B, Tq, Tk, A
};

// query [B, Tq, A], keys [B, Tk, A], v [A] -> scores [B, Tq, Tk] = v . tanh(query + key).
template <class T>
void additive_score(const AdditiveSizes& n, const T* query, const T* keys, const T* v, T* scores);

// From the gradient of the scores to those of all three; tanh is worked out again. A pair whose gradient is 0 (a masked
// key) is not looked at. parts: [B, A], scratch.
template <class T>
void additive_score_backward(const AdditiveSizes& n, const T* gradient, const T* query, const T* keys, const T* v,
                             T* parts, T* d_query, T* d_keys, T* d_v);

}  // namespace fovea::kernels
