// A tile is kept transposed, s[key][query]: the queries lie along the vectors, so that maxima and sums over the keys
// need no step across a vector, the keys are read where they lie, and only the values and the queries are packed.
#include <fovea/core/kernels/sdpa_tiles.h>
#include <fovea/core/parallel.h>

namespace fovea::kernels {
namespace {

using namespace tiles;

constexpr int64_t kFew = 4;  // up to so many queries go one by one

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
    s[j] = a.sight.sees(query, j) ? scale * dot(d, q, a.k[j]) : kNothing<T>;
    if (!(s[j] <= most)) most = s[j];  // NaN too, which is seen then
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
bool all_finite(int64_t batch, int64_t heads, int64_t rows, int64_t width, const HeadRows<const T>& x) {
  // The elements lie in runs as long as the layout allows; 0 * inf is NaN too.
  const bool by_row = x.row != width, joined = by_row && x.head == width;
  const int64_t inner = joined ? rows : heads, most = by_row && !joined ? rows : 1;
  const int64_t step = joined ? x.row : x.head, length = width * (joined ? heads : by_row ? 1 : rows);
  for (int64_t run = 0; run < batch * inner * most; ++run) {
    const T* from = x.data + run / (inner * most) * x.batch + run / most % inner * step + run % most * x.row;
    if (sum_of<T>(length, [from](int64_t c) { return from[c] * 0; }) != 0) return false;
  }
  return true;
}

template void sdpa(const SdpaSizes&, const HeadRows<const float>&, const HeadRows<const float>&,
                   const HeadRows<const float>&, const SdpaMask&, const HeadRows<float>&, float*);
template void sdpa(const SdpaSizes&, const HeadRows<const double>&, const HeadRows<const double>&,
                   const HeadRows<const double>&, const SdpaMask&, const HeadRows<double>&, double*);
template bool all_finite(int64_t, int64_t, int64_t, int64_t, const HeadRows<const float>&);
template bool all_finite(int64_t, int64_t, int64_t, int64_t, const HeadRows<const double>&);

}  // namespace fovea::kernels
