#include <fovea/core/kernels/additive.h>
#include <fovea/core/kernels/rows.h>
#include <fovea/core/parallel.h>

#include <algorithm>

namespace fovea::kernels {
namespace {

constexpr int64_t kPiece = 8192;  // elements of tanh that are worth a thread
template <class T>
constexpr int kBlock = 2 * vm::kWidth<T>;

// tanh x. f32: x P(x²) / Q(x²), a least-squares fit of relative error 2e-8 on [-9, 9], where tanh becomes 1; with
// rounding within 4e-7 of it everywhere, relatively. Inlined, unlike the library's.
inline float squash(float x) {
  const float below = 9.0f < x ? 9.0f : x;
  const float at = -9.0f > below ? -9.0f : below;
  const float z = at * at;
  float p = 1.3354760852735126e-8f;
  p = p * z + 2.060916267510038e-5f;
  p = p * z + 3.495593322440982e-3f;
  p = p * z + 0.13381029665470123f;
  p = p * z + 1.0f;
  float q = 7.776601478326484e-7f;
  q = q * z + 3.285642887931317e-4f;
  q = q * z + 0.025877002626657486f;
  q = q * z + 0.4671434462070465f;
  q = q * z + 1.0f;
  return at * p / q;
}
inline double squash(double x) { return vm::tanh(x); }

// Calls body(a, count, load) for blocks of the width; load(x, buffer) gives a whole block of row x, the last one
// padded with zeros, so that every element goes through the same vector code.
template <class T, class Body>
void for_width(int64_t A, Body&& body) {
  constexpr int W = kBlock<T>;
  int64_t a = 0;
  for (; a + W <= A; a += W) body(a, W, [a](const T* x, T*) { return x + a; });
  if (a == A) return;
  const int count = static_cast<int>(A - a);
  body(a, count, [a, count](const T* x, T* buffer) {
    for (int j = 0; j < W; ++j) buffer[j] = j < count ? x[a + j] : T(0);
    return static_cast<const T*>(buffer);
  });
}

template <class T>
T score(int64_t A, const T* query, const T* key, const T* v) {
  constexpr int W = kBlock<T>;
  T lanes[W] = {};
  for_width<T>(A, [&](int64_t, int, auto load) {
    T q_block[W], k_block[W], v_block[W];
    const T *q = load(query, q_block), *k = load(key, k_block), *w = load(v, v_block);
#pragma omp simd
    for (int j = 0; j < W; ++j) lanes[j] += w[j] * squash(q[j] + k[j]);
  });
  return sum_lanes<W>(lanes);
}

// Adds one pair's part to the three gradients.
template <class T>
void score_backward(int64_t A, T g, const T* query, const T* key, const T* v, T* d_query, T* d_key, T* d_v) {
  constexpr int W = kBlock<T>;
  for_width<T>(A, [&](int64_t a, int count, auto load) {
    T q_block[W], k_block[W], v_block[W];
    const T *q = load(query, q_block), *k = load(key, k_block), *w = load(v, v_block);
    const auto add = [&](T* dq, T* dk, T* dv) {
#pragma omp simd
      for (int j = 0; j < W; ++j) {
        const T y = squash(q[j] + k[j]);
        const T slope = g * w[j] * (T(1) - y * y);
        dq[j] += slope;
        dk[j] += slope;
        dv[j] += g * y;
      }
    };
    if (count == W) return add(d_query + a, d_key + a, d_v + a);
    T dq[W] = {}, dk[W] = {}, dv[W] = {};
    add(dq, dk, dv);
    for (int j = 0; j < count; ++j) {
      d_query[a + j] += dq[j];
      d_key[a + j] += dk[j];
      d_v[a + j] += dv[j];
    }
  });
}

}  // namespace

template <class T>
void additive_score(const AdditiveSizes& n, const T* query, const T* keys, const T* v, T* scores) {
  const int64_t A = n.width, grain = std::max<int64_t>(1, kPiece / std::max<int64_t>(1, n.keys * A));
  parallel_for(n.batch * n.queries, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* key = keys + row / n.queries * n.keys * A;
      for (int64_t j = 0; j < n.keys; ++j) scores[row * n.keys + j] = score(A, query + row * A, key + j * A, v);
    }
  });
}

template <class T>
void additive_score_backward(const AdditiveSizes& n, const T* gradient, const T* query, const T* keys, const T* v,
                             T* parts, T* d_query, T* d_keys, T* d_v) {
  const int64_t A = n.width, grain = std::max<int64_t>(1, kPiece / std::max<int64_t>(1, n.queries * n.keys * A));
  parallel_for(n.batch, grain, [&](int64_t begin, int64_t end) {
    std::fill(d_query + begin * n.queries * A, d_query + end * n.queries * A, T(0));
    if (n.queries == 0) std::fill(d_keys + begin * n.keys * A, d_keys + end * n.keys * A, T(0));
    std::fill(parts + begin * A, parts + end * A, T(0));
    for (int64_t row = begin * n.queries; row < end * n.queries; ++row) {
      const int64_t b = row / n.queries;
      for (int64_t j = 0; j < n.keys; ++j) {
        const T g = gradient[row * n.keys + j];
        const int64_t at = (b * n.keys + j) * A;
        if (row == b * n.queries) std::fill(d_keys + at, d_keys + at + A, T(0));
        if (g != 0) score_backward(A, g, query + row * A, keys + at, v, d_query + row * A, d_keys + at, parts + b * A);
      }
    }
  });
  std::fill(d_v, d_v + A, T(0));
  for (int64_t b = 0; b < n.batch; ++b)
    for (int64_t a = 0; a < A; ++a) d_v[a] += parts[b * A + a];
}

template void additive_score(const AdditiveSizes&, const float*, const float*, const float*, float*);
template void additive_score(const AdditiveSizes&, const double*, const double*, const double*, double*);
template void additive_score_backward(const AdditiveSizes&, const float*, const float*, const float*, const float*,
                                      float*, float*, float*, float*);
template void additive_score_backward(const AdditiveSizes&, const double*, const double*, const double*, const double*,
                                      double*, double*, double*, double*);

}  // namespace fovea::kernels
