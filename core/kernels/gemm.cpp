#include <fovea/core/kernels/blas.h>
#include <fovea/core/kernels/gemm.h>
#include <fovea/core/kernels/tiled_gemm.h>
#include <fovea/core/parallel.h>

#include <algorithm>
#include <cstring>

namespace fovea::kernels {
namespace {

// Measured against one call of OpenBLAS: column panels of this width cost at most 5 %; narrower ones pack A too often.
constexpr int64_t kWide = 256, kNarrow = 128, kTall = 512;
constexpr int64_t kSmallWork = 64 * 64 * 64;     // below this a thread costs more than it saves
constexpr int64_t kLargeWork = 100 * 100 * 100;  // up to this OpenBLAS has kernels that pack nothing

// op(X) without its first `rows` rows, or without its first `columns` columns.
template <class T>
Matrix<T> below(const Matrix<T>& x, int64_t rows) {
  return {x.data + (x.transposed ? rows : rows * x.stride), x.stride, x.transposed};
}
template <class T>
Matrix<T> right_of(const Matrix<T>& x, int64_t columns) {
  return {x.data + (x.transposed ? columns * x.stride : columns), x.stride, x.transposed};
}

}  // namespace

template <class T>
void gemm_serial(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_stride, bool accumulate) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!accumulate)
      for (int64_t i = 0; i < m; ++i) std::memset(c + i * c_stride, 0, static_cast<size_t>(n) * sizeof(T));
    return;
  }
  if (kTiledGemm && m > 1 && m * n * k > kLargeWork) return tiled_gemm(m, n, k, a, b, c, c_stride, accumulate, false);
  if (m == 1)
    blas_gemv(n, k, a.data, a.transposed ? a.stride : 1, b, c, accumulate);
  else
    blas_gemm(m, n, k, a, b, c, c_stride, accumulate);
}

namespace {

// Column panels of op(b) and c, by the threads there are.
template <class T>
void gemm_in_panels(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_stride, bool accumulate,
                    int64_t width) {
  parallel_for(n, width, [&](int64_t begin, int64_t end) {
    gemm_serial(m, end - begin, k, a, right_of(b, begin), c + begin, c_stride, accumulate);
  });
}

int64_t panel_width(int64_t n) { return n < 2 * kWide ? kNarrow : kWide; }

}  // namespace

template <class T>
void gemm(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_stride, bool accumulate) {
  if (kTiledGemm && m > 1 && m * n * k > kLargeWork) return tiled_gemm(m, n, k, a, b, c, c_stride, accumulate, true);
  const int64_t width = panel_width(n);
  if (m * n * k <= kSmallWork || m == 1 || (n <= width && m <= kTall)) {
    gemm_serial(m, n, k, a, b, c, c_stride, accumulate);
    return;
  }
  if (n <= width) {
    parallel_for(m, kTall, [&](int64_t begin, int64_t end) {
      gemm_serial(end - begin, n, k, below(a, begin), b, c + begin * c_stride, c_stride, accumulate);
    });
    return;
  }
  gemm_in_panels(m, n, k, a, b, c, c_stride, accumulate, width);
}

template void gemm(int64_t, int64_t, int64_t, Matrix<float>, Matrix<float>, float*, int64_t, bool);
template void gemm(int64_t, int64_t, int64_t, Matrix<double>, Matrix<double>, double*, int64_t, bool);
template void gemm_serial(int64_t, int64_t, int64_t, Matrix<float>, Matrix<float>, float*, int64_t, bool);
template void gemm_serial(int64_t, int64_t, int64_t, Matrix<double>, Matrix<double>, double*, int64_t, bool);

}  // namespace fovea::kernels
