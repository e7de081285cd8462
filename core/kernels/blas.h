// What fovea asks of BLAS: serial products for the panels of gemm.cpp. A build with FOVEA_BLAS=OFF has blas_none.cpp in
// place of blas.cpp, whose products are the library's own. All sizes are at least 1.
#pragma once

#include <fovea/core/kernels/gemm.h>

namespace fovea::kernels {

// C[m, n] = A[m, k] B[k, n], or +=.
template <class T>
void blas_gemm(int64_t m, int64_t n, int64_t k, const Matrix<T>& a, const Matrix<T>& b, T* c, int64_t c_stride,
               bool accumulate);

// y[n] = x[k] B[k, n], or +=: a product with one row. x steps by `x_step`, y is contiguous.
template <class T>
void blas_gemv(int64_t n, int64_t k, const T* x, int64_t x_step, const Matrix<T>& b, T* y, bool accumulate);

}  // namespace fovea::kernels
