#include <fovea/core/kernels/ntm.h>
#include <fovea/core/kernels/ntm_pieces.h>
#include <fovea/core/kernels/vector_math.h>

namespace fovea::kernels {
namespace {

constexpr double kNorm = 1e-12;   // |x| = sqrt(sum x^2 + kNorm): smooth at zero
constexpr double kCosine = 1e-8;  // cos = k.M / (|k| |M| + kCosine)
constexpr double kSharp = 1e-12;  // w^gamma = exp(gamma log(w + kSharp)), a negative w counting as 0

template <class T>
T sharp_log(T w) {
  return vm::log((w < 0 ? T(0) : w) + static_cast<T>(kSharp));
}

template <class T>
T softplus(T x) {
  return (x > 0 ? x : T(0)) + vm::log1p(vm::exp(-std::abs(x)));
}

// y = softmax(y), in place.
template <class T>
void softmax_row(int64_t n, T* y) {
  T top = y[0];
#pragma omp simd reduction(max : top)
  for (int64_t i = 0; i < n; ++i) top = y[i] > top ? y[i] : top;
  vm::map(n, y, y, [top](T v) { return vm::exp(v - top); });
  const T scale = T(1) / sum_over<T>(n, [y](int64_t i) { return y[i]; });
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] *= scale;
}

// What one head's parameters mean (mechanism's equations (1) to (5)).
template <class T>
struct Head {
  Head(const NtmSizes& n, const T* p) : raw(p) {
    const int64_t M = n.width;
    T squares = static_cast<T>(kNorm);
    vm::map(M < kMaxWidth ? M : kMaxWidth, p, key, [](T v) { return vm::tanh(v); });
    for (int64_t j = 0; j < M; ++j) squares += key[j] * key[j];
    key_norm = std::sqrt(squares);
    strength = softplus(p[M]);
    gate = vm::sigmoid(p[M + 1]);
    for (int64_t k = 0; k < n.shifts; ++k) shift[k] = p[M + 2 + k];
    softmax_row(n.shifts, shift);
    sharpening = T(1) + softplus(p[M + 2 + n.shifts]);
  }
  static constexpr int64_t kMaxWidth = 512, kMaxShifts = 64;
  const T* raw;
  T key[kMaxWidth], shift[kMaxShifts];
  T key_norm, strength, gate, sharpening;
};

// out(i) = sum_k s_k x((i - k + S) mod N), for k = 0 .. 2S; transposed: sum_k s_k x((i + k - S) mod N).
template <class T>
void circular(int64_t N, int64_t K, const T* s, const T* x, T* out, bool transposed) {
  const int64_t S = K / 2;
  for (int64_t i = 0; i < N; ++i) out[i] = 0;
  for (int64_t k = 0; k < K; ++k) {
    int64_t from = (transposed ? k - S : S - k) % N;  // x index that lands on i = 0
    if (from < 0) from += N;
    const T weight = s[k];
    const int64_t straight = N - from;
#pragma omp simd
    for (int64_t i = 0; i < straight; ++i) out[i] += weight * x[i + from];
#pragma omp simd
    for (int64_t i = straight; i < N; ++i) out[i] += weight * x[i - straight];
  }
}

template <class T>
void slot_norms(const NtmSizes& n, const T* memory, T* norms) {
  const int64_t N = n.slots;
  for (int64_t i = 0; i < N; ++i) norms[i] = static_cast<T>(kNorm);
  for (int64_t j = 0; j < n.width; ++j) {
    const T* row = memory + j * N;
#pragma omp simd
    for (int64_t i = 0; i < N; ++i) norms[i] += row[i] * row[i];
  }
#pragma omp simd
  for (int64_t i = 0; i < N; ++i) norms[i] = std::sqrt(norms[i]);
}

template <class T>
void address_head(const NtmSizes& n, const Head<T>& head, const T* memory, const T* norms, const T* previous, T* w,
                  T* work) {
  const int64_t N = n.slots;
  T *cosine = work, *content = work + N, *shifted = work + 2 * N;
  for (int64_t i = 0; i < N; ++i) cosine[i] = 0;
  for (int64_t j = 0; j < n.width; ++j) {
    const T* row = memory + j * N;
    const T k = head.key[j];
#pragma omp simd
    for (int64_t i = 0; i < N; ++i) cosine[i] += k * row[i];
  }
#pragma omp simd
  for (int64_t i = 0; i < N; ++i) {
    cosine[i] /= head.key_norm * norms[i] + static_cast<T>(kCosine);
    content[i] = head.strength * cosine[i];
  }
  softmax_row(N, content);
#pragma omp simd
  for (int64_t i = 0; i < N; ++i) w[i] = head.gate * content[i] + (T(1) - head.gate) * previous[i];
  circular(N, n.shifts, head.shift, w, shifted, false);
  vm::map(N, shifted, w, [g = head.sharpening](T v) { return g * sharp_log(v); });
  softmax_row(N, w);
}

// Gradient of one head. scratch: four rows of N.
template <class T>
struct AddressBackward {
  const NtmSizes& n;
  const T *gradient, *memory, *norms, *previous, *w, *work;
  T *scratch, *d_parameters, *d_memory, *d_previous;
  bool first;  // head of its sample: writes d_memory, the others add

  void run(const Head<T>& head) {
    const int64_t N = n.slots, M = n.width, K = n.shifts;
    const T *cosine = work, *content = work + N, *shifted = work + 2 * N;
    T *d_shifted = scratch, *d_mixed = scratch + N, *key_part = scratch + 2 * N, *row_part = scratch + 3 * N;
    sharpen(head, shifted, d_shifted, d_parameters[M + 2 + K]);
    // shift
    circular(N, K, head.shift, d_shifted, d_mixed, true);
    const auto mixed = [&](int64_t i) { return head.gate * content[i] + (T(1) - head.gate) * previous[i]; };
    T d_shift[Head<T>::kMaxShifts], dot = 0;
    for (int64_t i = 0; i < N; ++i) key_part[i] = mixed(i);
    for (int64_t k = 0; k < K; ++k) {
      int64_t from = (K / 2 - k) % N;
      if (from < 0) from += N;
      const int64_t straight = N - from;
      d_shift[k] = sum_over<T>(straight, [&](int64_t i) { return d_shifted[i] * key_part[i + from]; }) +
                   sum_over<T>(from, [&](int64_t i) { return d_shifted[i + straight] * key_part[i]; });
      dot += d_shift[k] * head.shift[k];
    }
    for (int64_t k = 0; k < K; ++k) d_parameters[M + 2 + k] = head.shift[k] * (d_shift[k] - dot);
    // interpolate
    const T d_gate = sum_over<T>(N, [&](int64_t i) { return d_mixed[i] * (content[i] - previous[i]); });
    d_parameters[M + 1] = d_gate * head.gate * (T(1) - head.gate);
    if (d_previous != nullptr)
      for (int64_t i = 0; i < N; ++i) d_previous[i] = (T(1) - head.gate) * d_mixed[i];
    // content
    const T mean = head.gate * sum_over<T>(N, [&](int64_t i) { return d_mixed[i] * content[i]; });
#pragma omp simd
    for (int64_t i = 0; i < N; ++i) d_mixed[i] = content[i] * (head.gate * d_mixed[i] - mean);
    const T d_strength = sum_over<T>(N, [&](int64_t i) { return d_mixed[i] * cosine[i]; });
    d_parameters[M] = d_strength * vm::sigmoid(head.raw[M]);
    similarity(head, cosine, d_mixed, key_part, row_part);
  }

 private:
  // w = softmax(gamma log(shifted + eps))
  void sharpen(const Head<T>& head, const T* shifted, T* d_shifted, T& d_raw) {
    const int64_t N = n.slots;
    const T mean = sum_over<T>(N, [&](int64_t i) { return gradient[i] * w[i]; });
    vm::map(N, shifted, d_shifted, [](T v) { return sharp_log(v); });
    const T d_gamma = sum_over<T>(N, [&](int64_t i) { return w[i] * (gradient[i] - mean) * d_shifted[i]; });
    d_raw = d_gamma * vm::sigmoid(head.raw[n.width + 2 + n.shifts]);
#pragma omp simd
    for (int64_t i = 0; i < N; ++i) {
      const T slope = head.sharpening * w[i] * (gradient[i] - mean) / (shifted[i] + static_cast<T>(kSharp));
      d_shifted[i] = shifted[i] < 0 ? T(0) : slope;
    }
  }

  // c_i = k.M_i / (|k| |M_i| + eps): d_content holds the gradient of beta c_i.
  void similarity(const Head<T>& head, const T* cosine, const T* d_content, T* key_part, T* row_part) {
    const int64_t N = n.slots;
#pragma omp simd
    for (int64_t i = 0; i < N; ++i) {
      key_part[i] = head.strength * d_content[i] / (head.key_norm * norms[i] + static_cast<T>(kCosine));
      row_part[i] = key_part[i] * cosine[i] * head.key_norm / norms[i];
    }
    const T pull = sum_over<T>(N, [&](int64_t i) { return key_part[i] * cosine[i] * norms[i]; }) / head.key_norm;
    for (int64_t j = 0; j < n.width; ++j) {
      const T* row = memory + j * N;
      const T k = head.key[j];
      const T d_key = sum_over<T>(N, [&](int64_t i) { return row[i] * key_part[i]; }) - k * pull;
      d_parameters[j] = d_key * (T(1) - k * k);
      if (d_memory == nullptr) continue;
      T* d_row = d_memory + j * N;
      if (first) {
#pragma omp simd
        for (int64_t i = 0; i < N; ++i) d_row[i] = k * key_part[i] - row[i] * row_part[i];
      } else {
#pragma omp simd
        for (int64_t i = 0; i < N; ++i) d_row[i] += k * key_part[i] - row[i] * row_part[i];
      }
    }
  }
};

}  // namespace

template <class T>
void ntm_address(const NtmSizes& n, const T* parameters, const T* memory, const T* previous, T* weights, T* work) {
  const int64_t N = n.slots, P = n.parameters();
  for_samples(n, [&](int64_t b) {
    const T* at = memory + b * n.width * N;
    T* norms = work + b * ntm_work_rows(n) * N;
    slot_norms(n, at, norms);
    for (int64_t h = 0; h < n.heads; ++h) {
      const int64_t row = b * n.heads + h;
      const Head<T> head(n, parameters + row * P);
      address_head(n, head, at, norms, previous + row * N, weights + row * N, norms + (1 + 3 * h) * N);
    }
  });
}

template <class T>
void ntm_address_backward(const NtmSizes& n, const T* gradient, const T* parameters, const T* memory, const T* previous,
                          const T* weights, const T* work, T* scratch, T* d_parameters, T* d_memory, T* d_previous) {
  const int64_t N = n.slots, P = n.parameters();
  for_samples(n, [&](int64_t b) {
    const T* norms = work + b * ntm_work_rows(n) * N;
    for (int64_t h = 0; h < n.heads; ++h) {
      const int64_t row = b * n.heads + h;
      const Head<T> head(n, parameters + row * P);
      AddressBackward<T>{n,
                         gradient + row * N,
                         memory + b * n.width * N,
                         norms,
                         previous + row * N,
                         weights + row * N,
                         norms + (1 + 3 * h) * N,
                         scratch + b * 4 * N,
                         d_parameters + row * P,
                         d_memory == nullptr ? nullptr : d_memory + b * n.width * N,
                         d_previous == nullptr ? nullptr : d_previous + row * N,
                         h == 0}
          .run(head);
    }
  });
}

template void ntm_address(const NtmSizes&, const float*, const float*, const float*, float*, float*);
template void ntm_address_backward(const NtmSizes&, const float*, const float*, const float*, const float*,
                                   const float*, const float*, float*, float*, float*, float*);
template void ntm_address(const NtmSizes&, const double*, const double*, const double*, double*, double*);
template void ntm_address_backward(const NtmSizes&, const double*, const double*, const double*, const double*,
                                   const double*, const double*, double*, double*, double*, double*);

}  // namespace fovea::kernels
