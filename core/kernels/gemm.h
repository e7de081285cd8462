// Matrix products, bitwise the same for any number of threads. Large ones run in register tiles where the build has
// AVX-512 (tiled_gemm.h), the others over single-threaded BLAS, whose own threads would change the result: there C is
// cut into panels whose size depends on the shape alone.
// All matrices are row-major. Overwrites C (accumulate false) or adds to it.
#pragma once

#include <cstdint>

namespace fovea::kernels {

// One operand: element (i, j) of op(X) is x[i * stride + j], or x[j * stride + i] when transposed. stride >= the row
// length.
template <class T>
struct Matrix {
  const T* data;
  int64_t stride;
  bool transposed = false;
};

// C[m, n] (rows `c_stride` apart) = A[m, k] B[k, n], or += .
template <class T>
void gemm(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_stride, bool accumulate = false);

// The same without parallel panels, for callers that are inside a parallel loop or have small matrices.
template <class T>
void gemm_serial(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_stride,
                 bool accumulate = false);

}  // namespace fovea::kernels
