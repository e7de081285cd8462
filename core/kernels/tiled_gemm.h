// Matrix products in register tiles, with both operands packed. kTiledGemm tells whether they are as fast as
// OpenBLAS's: with AVX-512 they are, with AVX2 they take up to a tenth longer, and gemm.cpp leaves them to BLAS.
//
// An element of C is a sum over k in pieces of a length that depends on k and the type alone; each piece is one chain
// of multiply-adds in rising order. So the result is bitwise the same however the work is cut among threads, and a row
// has the same bits in any matrix.
#pragma once

#include <fovea/core/kernels/gemm.h>

namespace fovea::kernels {

#ifdef __AVX512F__
constexpr bool kTiledGemm = true;
#else
constexpr bool kTiledGemm = false;
#endif

// As gemm() for m, n, k >= 1; `parallel`: b is packed once, by all threads, and the rows of c are shared among them.
template <class T>
void tiled_gemm(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_stride, bool accumulate,
                bool parallel);

}  // namespace fovea::kernels
