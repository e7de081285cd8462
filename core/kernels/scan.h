// Running products along the middle of [outer, n, inner], contiguous, and the positions of what is true.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/shape.h>

namespace fovea::kernels {

// y_i = x_0 x_1 .. x_i; f32 (in double), f64, i64.
void cumulative_product(DType dtype, int64_t outer, int64_t n, int64_t inner, const void* x, void* y);
// Its gradient without a division, so that zeros do no harm: dx_i = y_{i-1} r_i with r_i = g_i + x_{i+1} r_{i+1}.
void cumulative_product_backward(DType dtype, int64_t outer, int64_t n, int64_t inner, const void* g, const void* x,
                                 const void* y, void* dx);

int64_t count_true(int64_t n, const bool* x);
// The coordinates of each true element of x, contiguous of `shape`, in order: positions [count, rank].
void true_positions(const Shape& shape, const bool* x, int64_t* positions);

}  // namespace fovea::kernels
