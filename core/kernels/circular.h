// Circular convolution of rows, f32 and f64; used by the NTM's shift of attention (Graves et al. 2014, equation 8).
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

// y(i) = sum_k s(k) w((i - k + K / 2) mod n): w, y [rows, n], s [rows, K], K odd.
void circular_convolution(DType dtype, int64_t rows, int64_t n, int64_t K, const void* w, const void* s, void* y);
// y(k) = sum_i g(i) w((i - k + K / 2) mod n): g, w [rows, n], y [rows, K].
void circular_correlation(DType dtype, int64_t rows, int64_t n, int64_t K, const void* g, const void* w, void* y);

}  // namespace fovea::kernels
