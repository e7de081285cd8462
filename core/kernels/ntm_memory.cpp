// Writes to the memory and reads from it; ntm.cpp has the addressing.
#include <fovea/core/kernels/ntm_pieces.h>

namespace fovea::kernels {

template <class T>
void ntm_write(const NtmSizes& n, const T* memory, const T* weights, const T* erase, const T* add, T* written) {
  const int64_t N = n.slots, M = n.width, H = n.heads;
  for_samples(n, [&](int64_t b) {
    for (int64_t j = 0; j < M; ++j) {
      const T* row = memory + (b * M + j) * N;
      T* out = written + (b * M + j) * N;
      if (H == 1) {
        const T* w = weights + b * N;
        const T e = erase[b * M + j], a = add[b * M + j];
#pragma omp simd
        for (int64_t i = 0; i < N; ++i) out[i] = row[i] * (T(1) - w[i] * e) + w[i] * a;
        continue;
      }
      const auto slots = [&]<int L>(int64_t first) {
        T sum[L];
#pragma omp simd
        for (int i = 0; i < L; ++i) sum[i] = row[first + i];
        for (int64_t h = 0; h < H; ++h) {
          const T* w = weights + (b * H + h) * N + first;
          const T e = erase[(b * H + h) * M + j];
#pragma omp simd
          for (int i = 0; i < L; ++i) sum[i] *= T(1) - w[i] * e;
        }
        for (int64_t h = 0; h < H; ++h) {
          const T* w = weights + (b * H + h) * N + first;
          const T a = add[(b * H + h) * M + j];
#pragma omp simd
          for (int i = 0; i < L; ++i) sum[i] += w[i] * a;
        }
#pragma omp simd
        for (int i = 0; i < L; ++i) out[first + i] = sum[i];
      };
      int64_t i = 0;
      for (; i + 16 <= N; i += 16) slots.template operator()<16>(i);
      for (; i < N; ++i) slots.template operator()<1>(i);
    }
  });
}

template <class T>
void ntm_write_backward(const NtmSizes& n, const T* gradient, const T* memory, const T* weights, const T* erase,
                        const T* add, T* d_memory, T* d_weights, T* d_erase, T* d_add) {
  const int64_t N = n.slots, M = n.width, H = n.heads;
  for_samples(n, [&](int64_t b) {
    for (int64_t i = 0; i < H * N; ++i) d_weights[b * H * N + i] = 0;
    for (int64_t j = 0; j < M; ++j) {
      const T *g = gradient + (b * M + j) * N, *row = memory + (b * M + j) * N;
      T* d_row = d_memory + (b * M + j) * N;
      for (int64_t h = 0; h < H; ++h) {
        const T* w = weights + (b * H + h) * N;
        T* d_w = d_weights + (b * H + h) * N;
        const T e = erase[(b * H + h) * M + j], a = add[(b * H + h) * M + j];
        const auto slots = [&]<int L>(int64_t first, T* erased, T* added) {
          T kept[L];  // product of the other heads' (1 - w e)
#pragma omp simd
          for (int i = 0; i < L; ++i) kept[i] = T(1);
          for (int64_t other = 0; other < H; ++other) {
            if (other == h) continue;
            const T* v = weights + (b * H + other) * N + first;
            const T f = erase[(b * H + other) * M + j];
#pragma omp simd
            for (int i = 0; i < L; ++i) kept[i] *= T(1) - v[i] * f;
          }
          if (h == 0) {
#pragma omp simd
            for (int i = 0; i < L; ++i) d_row[first + i] = g[first + i] * kept[i] * (T(1) - w[first + i] * e);
          }
#pragma omp simd
          for (int i = 0; i < L; ++i) {
            const T lost = -g[first + i] * row[first + i] * kept[i];  // gradient of w e
            d_w[first + i] += lost * e + g[first + i] * a;
            erased[i] += lost * w[first + i];
            added[i] += g[first + i] * w[first + i];
          }
        };
        constexpr int L = 16;
        T erased[L] = {}, added[L] = {};
        int64_t i = 0;
        for (; i + L <= N; i += L) slots.template operator()<L>(i, erased, added);
        for (; i < N; ++i) slots.template operator()<1>(i, erased + i % L, added + i % L);
        d_erase[(b * H + h) * M + j] = sum_lanes<L>(erased);
        d_add[(b * H + h) * M + j] = sum_lanes<L>(added);
      }
    }
  });
}

template <class T>
void ntm_read(const NtmSizes& n, const T* memory, const T* weights, T* read) {
  const int64_t N = n.slots, M = n.width, H = n.heads;
  for_samples(n, [&](int64_t b) {
    for (int64_t h = 0; h < H; ++h)
      for (int64_t j = 0; j < M; ++j) {
        const T *w = weights + (b * H + h) * N, *row = memory + (b * M + j) * N;
        read[(b * H + h) * M + j] = sum_over<T>(N, [&](int64_t i) { return w[i] * row[i]; });
      }
  });
}

template <class T>
void ntm_read_backward(const NtmSizes& n, const T* gradient, const T* memory, const T* weights, T* d_memory,
                       T* d_weights) {
  const int64_t N = n.slots, M = n.width, H = n.heads;
  for_samples(n, [&](int64_t b) {
    for (int64_t h = 0; h < H; ++h) {
      const T *g = gradient + (b * H + h) * M, *w = weights + (b * H + h) * N;
      T* d_w = d_weights + (b * H + h) * N;
      for (int64_t i = 0; i < N; ++i) d_w[i] = 0;
      for (int64_t j = 0; j < M; ++j) {
        const T* row = memory + (b * M + j) * N;
        T* d_row = d_memory + (b * M + j) * N;
        const T gj = g[j];
        if (h == 0) {
#pragma omp simd
          for (int64_t i = 0; i < N; ++i) d_row[i] = gj * w[i];
        } else {
#pragma omp simd
          for (int64_t i = 0; i < N; ++i) d_row[i] += gj * w[i];
        }
#pragma omp simd
        for (int64_t i = 0; i < N; ++i) d_w[i] += gj * row[i];
      }
    }
  });
}

template void ntm_write(const NtmSizes&, const float*, const float*, const float*, const float*, float*);
template void ntm_write_backward(const NtmSizes&, const float*, const float*, const float*, const float*, const float*,
                                 float*, float*, float*, float*);
template void ntm_read(const NtmSizes&, const float*, const float*, float*);
template void ntm_read_backward(const NtmSizes&, const float*, const float*, const float*, float*, float*);
template void ntm_write(const NtmSizes&, const double*, const double*, const double*, const double*, double*);
template void ntm_write_backward(const NtmSizes&, const double*, const double*, const double*, const double*,
                                 const double*, double*, double*, double*, double*);
template void ntm_read(const NtmSizes&, const double*, const double*, double*);
template void ntm_read_backward(const NtmSizes&, const double*, const double*, const double*, double*, double*);

}  // namespace fovea::kernels
