// The weights of a tile are worked out again from its scores and each row's log-sum (tiles as in sdpa.cpp).
#include <fovea/core/kernels/sdpa_tiles.h>
#include <fovea/core/parallel.h>

namespace fovea::kernels {
namespace {

using namespace tiles;

constexpr int64_t kChunkKeys = 256, kChunks = 8;  // of the keys of a single head

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
        along(begin)[i] = from ? dot(dv, from, y) : T(0);
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

template void sdpa_backward(const SdpaSizes&, const SdpaSaved<float>&, const SdpaMask&, const HeadRows<const float>&,
                            const SdpaGradients<float>&);
template void sdpa_backward(const SdpaSizes&, const SdpaSaved<double>&, const SdpaMask&, const HeadRows<const double>&,
                            const SdpaGradients<double>&);

}  // namespace fovea::kernels
