// A tile is kept transposed, s[key][query]: the queries lie along the vectors, so that maxima and sums over the keys
// need no step across a vector, the keys are read where they lie, and only the values and the queries are packed.
#include <fovea/core/kernels/rows.h>
#include <fovea/core/kernels/sdpa.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/parallel.h>

#include <algorithm>
#include <cmath>

namespace fovea::kernels {
namespace {

constexpr int64_t kSide = 64, kLongSide = 128;  // of a tile, queries and keys; the larger from kLong queries on
constexpr int64_t kLong = 512;
constexpr int64_t kFew = 4;                       // up to so many queries go one by one
constexpr int64_t kPiece = 1 << 18;               // multiply-adds that are worth a thread
constexpr int64_t kChunkKeys = 256, kChunks = 8;  // of the backward of a single head

template <class T>
constexpr int kBlock = 2 * vm::kWidth<T>;  // queries that go through the vector code at once

int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
int64_t blocks_of(int64_t n, int64_t size) { return (n + size - 1) / size; }
int64_t grain_for(int64_t work) { return std::max<int64_t>(1, kPiece / std::max<int64_t>(1, work)); }

// Never depends on the number of keys, so that padding them changes no bit.
int64_t side_of(const SdpaSizes& n) { return n.queries < kLong ? kSide : kLongSide; }

template <class T>
T scale_of(const SdpaSizes& n) {
  return T(1) / std::sqrt(static_cast<T>(n.width));
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
  const float y = std::bit_cast<float>(std::bit_cast<uint32_t>(p) + (std::bit_cast<uint32_t>(shifted) << 23));
  return x < -126.0f ? 0.0f : y;
}
inline double falling(double x) { return exp_falling(x); }
template <class T>
constexpr T kToBase = std::is_same_v<T, float> ? T(1.44269504088896341) : T(1);

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
      : causal_(n.causal), first_(n.first), query_(mask.query), key_(mask.key) {
    if (mask.data) data_ = mask.data + head / n.heads * mask.batch + head % n.heads * mask.head;
  }
  // The keys that queries below `end` may see, of `keys`.
  int64_t keys_before(int64_t end, int64_t keys) const {
    return causal_ ? std::clamp<int64_t>(first_ + end, 0, keys) : keys;
  }
  bool sees(int64_t query, int64_t key) const {
    return (!causal_ || key <= first_ + query) && (!data_ || data_[query * query_ + key * key_]);
  }
  // Hides in s, whose corner is (key, query), what may not be attended.
  template <class T>
  void hide(int64_t query, int64_t queries, int64_t key, int64_t keys, int64_t side, T* s) const {
    for (int64_t j = 0; j < keys; ++j, s += side) {
      const int64_t later = causal_ ? std::clamp<int64_t>(key + j - first_ - query, 0, queries) : 0;
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
  int64_t first_, query_, key_;
  const bool* data_ = nullptr;
};

// ---- forward ----

// The running softmax of a block of queries: the largest score so far, the sum of the weights relative to it, and by
// how much the last tile changed what was summed before.
template <class T>
struct Running {
  T most[kLongSide], sum[kLongSide], factor[kLongSide];
  Running() {
    std::fill_n(most, kLongSide, kNothing<T>);
    std::fill_n(sum, kLongSide, T(0));
  }
  // Takes a tile of raw scores and leaves its weights in it.
  void take(int64_t lanes, int64_t keys, int64_t side, T natural_scale, T* s) {
    constexpr int W = kBlock<T>;
    const T scale = natural_scale * kToBase<T>;
    for (int64_t c = 0; c < lanes; c += W) {
      T high[W], base[W], total[W];
      for (int i = 0; i < W; ++i) high[i] = most[c + i];
      for (int64_t j = 0; j < keys; ++j) {
        const T* row = s + j * side + c;
#pragma omp simd
        for (int i = 0; i < W; ++i) high[i] = row[i] > high[i] ? row[i] : high[i];
      }
#pragma omp simd
      for (int i = 0; i < W; ++i) {
        base[i] = high[i] == kNothing<T> ? T(0) : high[i];
        factor[c + i] = falling((most[c + i] - base[i]) * scale);
        total[i] = sum[c + i] * factor[c + i];
        base[i] *= scale;
      }
      for (int64_t j = 0; j < keys; ++j) {
        T* row = s + j * side + c;
#pragma omp simd
        for (int i = 0; i < W; ++i) {
          const T weight = falling(row[i] * scale - base[i]);
          row[i] = weight;
          total[i] += weight;
        }
      }
      for (int i = 0; i < W; ++i) {
        most[c + i] = high[i];
        sum[c + i] = total[i];
      }
    }
  }
  T log_sum(int64_t i, T scale) const {
    return sum[i] > 0 ? most[i] * scale + std::log(sum[i]) : std::numeric_limits<T>::infinity();
  }
};

template <class T>
struct Attention {
  const SdpaSizes& n;
  Rows<const T> q, k, v;
  Sight sight;
  Rows<T> out;
  T* log_sums;
};

// Queries begin .. begin + count, one side of a tile at most.
template <class T>
void attend_block(const Attention<T>& a, int64_t begin, int64_t count) {
  const int64_t d = a.n.width, dv = a.n.value_width, lanes = round_up(count, kBlock<T>), side = side_of(a.n);
  const T scale = scale_of<T>(a.n);
  const Scratch<T> queries(packed_size<T>(d, count)), values(packed_size<T>(side, dv)), read(count * dv),
      tile(side * side);
  T *const s = tile.get(), *const sums = read.get();
  pack(true, d, count, a.q[begin], a.q.step, queries.get());
  if (count < lanes) std::fill_n(s, side * side, T(0));  // what fills up a vector must be numbers
  std::fill_n(sums, count * dv, T(0));
  Running<T> running;
  const int64_t seen = a.sight.keys_before(begin + count, a.n.keys);
  for (int64_t key = 0; key < seen; key += side) {
    const int64_t keys = std::min(side, seen - key);
    small_gemm(keys, count, d, a.k[key], a.k.step, 1, queries.get(), s, side, false);
    a.sight.hide(begin, count, key, keys, side, s);
    running.take(lanes, keys, side, scale, s);
    for (int64_t i = 0; i < count && key > 0; ++i)
      if (const T factor = running.factor[i]; factor != 1)
        for (int64_t c = 0; c < dv; ++c) sums[i * dv + c] *= factor;
    pack(false, keys, dv, a.v[key], a.v.step, values.get());
    small_gemm(count, dv, keys, s, 1, side, values.get(), sums, dv, true);
  }
  for (int64_t i = 0; i < count; ++i) {
    const T scaled = running.sum[i] > 0 ? 1 / running.sum[i] : T(0);
    T* to = a.out[begin + i];
    for (int64_t c = 0; c < dv; ++c) to[c] = sums[i * dv + c] * scaled;
    a.log_sums[begin + i] = running.log_sum(i, scale);
  }
}

// One query, as in decoding: the scores of one row are few.
template <class T>
void attend_row(const Attention<T>& a, int64_t query) {
  const int64_t d = a.n.width, dv = a.n.value_width, seen = a.sight.keys_before(query + 1, a.n.keys);
  const T scale = scale_of<T>(a.n), *const q = a.q[query];
  const Scratch<T> row(std::max<int64_t>(1, seen));
  T *const s = row.get(), *const to = a.out[query];
  T most = kNothing<T>;
  for (int64_t j = 0; j < seen; ++j) {
    const T* k = a.k[j];
    s[j] = a.sight.sees(query, j) ? scale * sum_of<T>(d, [=](int64_t p) { return q[p] * k[p]; }) : kNothing<T>;
    most = std::max(most, s[j]);
  }
  std::fill_n(to, dv, T(0));
  a.log_sums[query] = std::numeric_limits<T>::infinity();
  if (most == kNothing<T>) return;
  vm::map(seen, s, s, [most](T x) { return exp_falling(x - most); });
  const T sum = sum_of<T>(seen, [s](int64_t j) { return s[j]; });
  for (int64_t j = 0; j < seen; ++j) {
    const T weight = s[j] / sum, *v = a.v[j];
    for (int64_t c = 0; c < dv; ++c) to[c] += weight * v[c];
  }
  a.log_sums[query] = most + std::log(sum);
}

// ---- backward ----

// The queries and the gradients of one head, packed both ways block by block, with what each row needs besides.
template <class T>
class PackedQueries {
 public:
  PackedQueries(const SdpaSizes& n, const Rows<const T>& q, const Rows<const T>& g, const Rows<const T>& out,
                const T* log_sums)
      : side_(side_of(n)),
        wide_(packed_size<T>(n.width, side_)),
        tall_(packed_size<T>(side_, n.width)),
        wide_value_(packed_size<T>(n.value_width, side_)),
        tall_value_(packed_size<T>(side_, n.value_width)),
        each_(wide_ + tall_ + wide_value_ + tall_value_ + 2 * side_),
        data_(each_ * blocks_of(n.queries, side_)) {
    for (int64_t begin = 0; begin < n.queries; begin += side_) {
      const int64_t count = std::min(side_, n.queries - begin), dv = n.value_width;
      pack(true, n.width, count, q[begin], q.step, transposed(begin));
      pack(false, count, n.width, q[begin], q.step, plain(begin));
      pack(true, dv, count, g[begin], g.step, transposed_gradient(begin));
      pack(false, count, dv, g[begin], g.step, gradient(begin));
      for (int64_t i = 0; i < side_; ++i) {
        const T *from = i < count ? g[begin + i] : nullptr, *y = i < count ? out[begin + i] : nullptr;
        log_sum(begin)[i] = from ? log_sums[begin + i] * kToBase<T> : std::numeric_limits<T>::infinity();
        along(begin)[i] = from ? sum_of<T>(dv, [=](int64_t c) { return from[c] * y[c]; }) : T(0);
      }
    }
  }
  T* transposed(int64_t begin) const { return data_.get() + begin / side_ * each_; }
  T* plain(int64_t begin) const { return transposed(begin) + wide_; }
  T* transposed_gradient(int64_t begin) const { return plain(begin) + tall_; }
  T* gradient(int64_t begin) const { return transposed_gradient(begin) + wide_value_; }
  // Of each row, to the base of `falling`.
  T* log_sum(int64_t begin) const { return gradient(begin) + tall_value_; }
  T* along(int64_t begin) const { return log_sum(begin) + side_; }  // gradient · output of each row

 private:
  int64_t side_, wide_, tall_, wide_value_, tall_value_, each_;
  Scratch<T> data_;
};

// From raw scores s and the weights' gradients t: the weights in s, the gradients of the raw scores in t.
template <class T>
void weigh_back(int64_t lanes, int64_t keys, int64_t side, T scale, const T* log_sum, const T* along, T* s, T* t) {
  constexpr int W = kBlock<T>;
  const T power_scale = scale * kToBase<T>;
  for (int64_t j = 0; j < keys; ++j)
    for (int64_t c = 0; c < lanes; c += W) {
      T *weight = s + j * side + c, *slope = t + j * side + c;
      const T *less = log_sum + c, *mean = along + c;
#pragma omp simd
      for (int i = 0; i < W; ++i) {
        weight[i] = falling(weight[i] * power_scale - less[i]);
        slope[i] = weight[i] * (slope[i] - mean[i]) * scale;
      }
    }
}

template <class T>
struct HeadBackward {
  const SdpaSizes& n;
  Rows<const T> q, k, v;
  Sight sight;
  Rows<T> dq, dk, dv;
};

// Keys begin .. end: their dk and dv, and what they add to dq.
template <class T>
void backward_keys(const HeadBackward<T>& a, const PackedQueries<T>& packed, int64_t begin, int64_t end) {
  const int64_t d = a.n.width, dv = a.n.value_width, side = side_of(a.n);
  const Scratch<T> keys_packed(packed_size<T>(side, d)), tiles(2 * side * side);
  T *const s = tiles.get(), *const t = s + side * side;
  if (a.n.queries % kBlock<T> != 0) std::fill_n(s, 2 * side * side, T(0));  // what fills up a vector
  for (int64_t i = 0; i < a.n.queries; ++i) std::fill_n(a.dq[i], d, T(0));
  for (int64_t key = begin; key < end; key += side) {
    const int64_t keys = std::min(side, end - key);
    for (int64_t j = key; j < key + keys; ++j) {
      std::fill_n(a.dk[j], d, T(0));
      std::fill_n(a.dv[j], dv, T(0));
    }
    pack(false, keys, d, a.k[key], a.k.step, keys_packed.get());
    for (int64_t query = 0; query < a.n.queries; query += side) {
      const int64_t count = std::min(side, a.n.queries - query);
      if (a.sight.keys_before(query + count, a.n.keys) <= key) continue;
      small_gemm(keys, count, d, a.k[key], a.k.step, 1, packed.transposed(query), s, side, false);
      small_gemm(keys, count, dv, a.v[key], a.v.step, 1, packed.transposed_gradient(query), t, side, false);
      a.sight.hide(query, count, key, keys, side, s);
      weigh_back(round_up(count, kBlock<T>), keys, side, scale_of<T>(a.n), packed.log_sum(query), packed.along(query),
                 s, t);
      small_gemm(keys, dv, count, s, side, 1, packed.gradient(query), a.dv[key], a.dv.step, true);
      small_gemm(keys, d, count, t, side, 1, packed.plain(query), a.dk[key], a.dk.step, true);
      small_gemm(count, d, keys, t, 1, side, keys_packed.get(), a.dq[query], a.dq.step, true);
    }
  }
}

// How many parts the keys of a head are cut into, so that a few long heads occupy several threads; never depends on
// how many there are.
int64_t chunks_of(const SdpaSizes& n) {
  if (n.batch * n.heads >= kChunks) return 1;
  return std::clamp<int64_t>(n.keys / kChunkKeys, 1, kChunks);
}

}  // namespace

template <class T>
void sdpa(const SdpaSizes& n, const HeadRows<const T>& q, const HeadRows<const T>& k, const HeadRows<const T>& v,
          const SdpaMask& mask, const HeadRows<T>& out, T* log_sums) {
  const int64_t size = n.queries <= kFew ? 1 : side_of(n), blocks = blocks_of(n.queries, size);
  const int64_t work = size * n.keys * (n.width + n.value_width);
  parallel_for(n.batch * n.heads * blocks, grain_for(work), [&](int64_t from, int64_t to) {
    for (int64_t unit = from; unit < to; ++unit) {
      const int64_t head = unit / blocks, begin = unit % blocks * size;
      const Attention<T> a{n,
                           rows_of(n, q, head),
                           rows_of(n, k, head),
                           rows_of(n, v, head),
                           Sight(n, mask, head),
                           rows_of(n, out, head),
                           log_sums + head * n.queries};
      size == 1 ? attend_row(a, begin) : attend_block(a, begin, std::min(size, n.queries - begin));
    }
  });
}

template <class T>
void sdpa_backward(const SdpaSizes& n, const SdpaSaved<T>& saved, const SdpaMask& mask,
                   const HeadRows<const T>& gradient, const SdpaGradients<T>& d) {
  const int64_t heads = n.batch * n.heads, chunks = chunks_of(n), area = n.queries * n.width;
  const int64_t length = round_up(blocks_of(n.keys, chunks), kLongSide);
  const Scratch<T> parts(std::max<int64_t>(1, heads * (chunks - 1) * area));  // of dq, by all chunks but the first
  parallel_for(heads * chunks, grain_for(n.queries * n.keys * (n.width + n.value_width) / chunks),
               [&](int64_t from, int64_t to) {
                 for (int64_t unit = from; unit < to; ++unit) {
                   const int64_t head = unit / chunks, chunk = unit % chunks, begin = chunk * length;
                   HeadBackward<T> a{n,
                                     rows_of(n, saved.q, head),
                                     rows_of(n, saved.k, head),
                                     rows_of(n, saved.v, head),
                                     Sight(n, mask, head),
                                     rows_of(n, d.q, head),
                                     rows_of(n, d.k, head),
                                     rows_of(n, d.v, head)};
                   if (chunk > 0) a.dq = {parts.get() + (head * (chunks - 1) + chunk - 1) * area, n.width};
                   const PackedQueries<T> packed(n, a.q, rows_of(n, gradient, head), rows_of(n, saved.out, head),
                                                 saved.log_sums + head * n.queries);
                   backward_keys(a, packed, begin, std::min(begin + length, n.keys));
                 }
               });
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t chunk = 1; chunk < chunks; ++chunk) {
      const T* part = parts.get() + (head * (chunks - 1) + chunk - 1) * area;
      const Rows<T> dq = rows_of(n, d.q, head);
      for (int64_t i = 0; i < n.queries; ++i)
        for (int64_t c = 0; c < n.width; ++c) dq[i][c] += part[i * n.width + c];
    }
}

template <class T>
bool all_finite(int64_t batch, int64_t heads, int64_t rows, int64_t width, const HeadRows<const T>& x) {
  for (int64_t head = 0; head < batch * heads; ++head)
    for (int64_t i = 0; i < rows; ++i) {
      const T* row = x.of(head / heads, head % heads) + i * x.row;
      if (sum_of<T>(width, [row](int64_t c) { return row[c] * 0; }) != 0) return false;  // 0 * inf is NaN too
    }
  return true;
}

#define FOVEA_SDPA(T)                                                                                                \
  template void sdpa(const SdpaSizes&, const HeadRows<const T>&, const HeadRows<const T>&, const HeadRows<const T>&, \
                     const SdpaMask&, const HeadRows<T>&, T*);                                                       \
  template void sdpa_backward(const SdpaSizes&, const SdpaSaved<T>&, const SdpaMask&, const HeadRows<const T>&,      \
                              const SdpaGradients<T>&);                                                              \
  template bool all_finite(int64_t, int64_t, int64_t, int64_t, const HeadRows<const T>&);
FOVEA_SDPA(float)
FOVEA_SDPA(double)
#undef FOVEA_SDPA

}  // namespace fovea::kernels
