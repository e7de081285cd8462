// Products of a build without BLAS. Those of several rows are packed and run in register tiles (small_gemm.h); one with
// a single row reads its matrix once, so packing it would double the work.
#include <fovea/core/kernels/blas.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/parallel.h>

#include <algorithm>

namespace fovea::kernels {
namespace {

// Partial sums of a dot product, side by side so that they make a vector; added up in one order.
constexpr int64_t kSums = 16;

template <class T>
T dot(int64_t k, const T* x, int64_t x_step, const T* row) {
  T sums[kSums] = {};
  int64_t p = 0;
  if (x_step == 1) {
    for (; p + kSums <= k; p += kSums)
      for (int64_t j = 0; j < kSums; ++j) sums[j] += x[p + j] * row[p + j];
  }
  for (; p < k; ++p) sums[p % kSums] += x[p * x_step] * row[p];
  for (int64_t half = kSums / 2; half > 0; half /= 2)
    for (int64_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  return sums[0];
}

}  // namespace

template <class T>
void blas_gemm(int64_t m, int64_t n, int64_t k, const Matrix<T>& a, const Matrix<T>& b, T* c, int64_t c_stride,
               bool accumulate) {
  const Scratch<T> packed(packed_size<T>(k, n));
  pack(b.transposed, k, n, b.data, b.stride, packed.get());
  small_gemm(m, n, k, a.data, a.transposed ? 1 : a.stride, a.transposed ? a.stride : 1, packed.get(), c, c_stride,
             accumulate);
}

template <class T>
void blas_gemv(int64_t n, int64_t k, const T* x, int64_t x_step, const Matrix<T>& b, T* y, bool accumulate) {
  if (!accumulate) std::fill_n(y, n, T(0));
  if (b.transposed) {
    for (int64_t j = 0; j < n; ++j) y[j] += dot(k, x, x_step, b.data + j * b.stride);
    return;
  }
  for (int64_t p = 0; p < k; ++p) {
    const T factor = x[p * x_step];
    const T* row = b.data + p * b.stride;
    for (int64_t j = 0; j < n; ++j) y[j] += factor * row[j];
  }
}

template void blas_gemm(int64_t, int64_t, int64_t, const Matrix<float>&, const Matrix<float>&, float*, int64_t, bool);
template void blas_gemm(int64_t, int64_t, int64_t, const Matrix<double>&, const Matrix<double>&, double*, int64_t,
                        bool);
template void blas_gemv(int64_t, int64_t, const float*, int64_t, const Matrix<float>&, float*, bool);
template void blas_gemv(int64_t, int64_t, const double*, int64_t, const Matrix<double>&, double*, bool);

}  // namespace fovea::kernels

namespace fovea {

std::string blas_core_name() { return "none"; }

}  // namespace fovea
