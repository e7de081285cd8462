// One row of one recurrent step, forward and backward: the arithmetic that recurrent.cpp runs over batches and
// sequences. Contiguous rows of H, or of gates side by side; activations overwrite the sums they come from.
#pragma once

#include <fovea/core/kernels/vector_math.h>

namespace fovea::kernels {

template <class T>
void accumulate(int64_t n, const T* x, T* sum) {
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) sum[j] += x[j];
}

// y = f(x + bias); bias may be null.
template <class T, class F>
void activate(int64_t n, const T* bias, T* x, F f) {
  if (bias == nullptr)
    vm::map(n, x, x, f);
  else
    vm::map2(n, x, bias, x, [f](T a, T b) { return f(a + b); });
}

template <class T>
void lstm_row(int64_t H, const T* bias, T* gates, T* cell, T* tanh_cell, T* output) {
  const auto sigmoid = [](T x) { return vm::sigmoid(x); };
  const auto tanh = [](T x) { return vm::tanh(x); };
  activate(2 * H, bias, gates, sigmoid);
  activate(H, bias == nullptr ? bias : bias + 2 * H, gates + 2 * H, tanh);
  activate(H, bias == nullptr ? bias : bias + 3 * H, gates + 3 * H, sigmoid);
  const T *i = gates, *f = gates + H, *g = gates + 2 * H, *o = gates + 3 * H;
#pragma omp simd
  for (int64_t j = 0; j < H; ++j) cell[j] = f[j] * cell[j] + i[j] * g[j];
  vm::map(H, cell, tanh_cell, tanh);
#pragma omp simd
  for (int64_t j = 0; j < H; ++j) output[j] = o[j] * tanh_cell[j];
}

// grad_hidden, and grad_output unless null, arrive at h'; grad_cell goes from c' to c.
template <class T>
void lstm_row_backward(int64_t H, const T* gates, const T* cell_before, const T* tanh_cell, const T* grad_output,
                       const T* grad_hidden, T* grad_cell, T* grad_gates) {
  const T *i = gates, *f = gates + H, *g = gates + 2 * H, *o = gates + 3 * H;
  T *di = grad_gates, *df = grad_gates + H, *dg = grad_gates + 2 * H, *d_o = grad_gates + 3 * H;
#pragma omp simd
  for (int64_t j = 0; j < H; ++j) {
    const T dh = grad_output != nullptr ? grad_hidden[j] + grad_output[j] : grad_hidden[j];
    const T dc = grad_cell[j] + dh * o[j] * (1 - tanh_cell[j] * tanh_cell[j]);
    d_o[j] = dh * tanh_cell[j] * o[j] * (1 - o[j]);
    di[j] = dc * g[j] * i[j] * (1 - i[j]);
    df[j] = dc * cell_before[j] * f[j] * (1 - f[j]);
    dg[j] = dc * i[j] * (1 - g[j] * g[j]);
    grad_cell[j] = dc * f[j];
  }
}

// gates: sums of r and z, x's part of n; part: h's part of n.
template <class T>
void gru_row(int64_t H, const T* bias, T* gates, const T* part, const T* before, T* output) {
  activate(2 * H, bias, gates, [](T x) { return vm::sigmoid(x); });
  T *r = gates, *z = gates + H, *n = gates + 2 * H;
#pragma omp simd
  for (int64_t j = 0; j < H; ++j) n[j] += r[j] * part[j];
  activate(H, bias == nullptr ? bias : bias + 2 * H, n, [](T x) { return vm::tanh(x); });
#pragma omp simd
  for (int64_t j = 0; j < H; ++j) output[j] = (1 - z[j]) * n[j] + z[j] * before[j];
}

// grad_hidden: of h' in (grad_output added unless null), the direct part of h's out.
template <class T>
void gru_row_backward(int64_t H, const T* gates, const T* part, const T* before, const T* grad_output, T* grad_hidden,
                      T* grad_gates, T* grad_part) {
  const T *r = gates, *z = gates + H, *n = gates + 2 * H;
  T *dr = grad_gates, *dz = grad_gates + H, *dn = grad_gates + 2 * H;
#pragma omp simd
  for (int64_t j = 0; j < H; ++j) {
    const T dh = grad_output != nullptr ? grad_hidden[j] + grad_output[j] : grad_hidden[j];
    const T sum = dh * (1 - z[j]) * (1 - n[j] * n[j]);
    dn[j] = sum;
    dz[j] = dh * (before[j] - n[j]) * z[j] * (1 - z[j]);
    dr[j] = sum * part[j] * r[j] * (1 - r[j]);
    grad_part[j] = sum * r[j];
    grad_hidden[j] = dh * z[j];
  }
}

}  // namespace fovea::kernels
