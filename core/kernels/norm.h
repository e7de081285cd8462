// Layer and root mean square normalisation over contiguous rows, and dropout. f32 and f64.
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

// y = (x - mean) / sqrt(var + eps) * weight + bias for each of `rows` rows of n elements. statistics [rows, 2] takes
// mean and 1 / sqrt(var + eps) in double: deviations are taken from a rounded mean and corrected by what that lost.
// Rows whose squares do not fit the type are summed in double.
void layer_norm(DType dtype, int64_t rows, int64_t n, const void* x, const void* weight, const void* bias, double eps,
                void* y, double* statistics);
// With h = (x - mean) / sqrt(var + eps) and u = g weight: dx = (u - mean u - h mean(u h)) / sqrt(var + eps),
// dweight = sum over rows of g h, dbias of g.
void layer_norm_backward(DType dtype, int64_t rows, int64_t n, const void* g, const void* x, const void* weight,
                         const double* statistics, void* dx, void* dweight, void* dbias);

// y = x / sqrt(mean x^2 + eps) * weight; statistics [rows, 2] as above with a mean of 0.
void rms_norm(DType dtype, int64_t rows, int64_t n, const void* x, const void* weight, double eps, void* y,
              double* statistics);
// With h = x / sqrt(mean x^2 + eps): dx = (u - h mean(u h)) / sqrt(mean x^2 + eps), dweight = sum over rows of g h.
void rms_norm_backward(DType dtype, int64_t rows, int64_t n, const void* g, const void* x, const void* weight,
                       const double* statistics, void* dx, void* dweight);

// y = keep ? scale x : 0.
void keep_scaled(DType dtype, int64_t n, const void* x, const bool* keep, double scale, void* y);

}  // namespace fovea::kernels
