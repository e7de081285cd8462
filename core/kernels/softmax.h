// Softmax and its relatives over rows, f32 and f64. A row is read from memory once and then worked on in cache; rows
// whose elements stand apart are brought together there, some at a time, so a row's result does not depend on its step.
// Masked entries are never looked at: they may hold anything.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/kernels/loops.h>

namespace fovea::kernels {

// Rows of n elements. The loop runs over the rows' dimensions, operands y, x, mask (strides in elements), each with its
// step along the row; a null mask keeps everything. Masked entries give 0 (logarithm: -inf), as does a row that is
// masked wholly.
struct SoftmaxRows {
  Loop<3> rows;
  int64_t n;
  int64_t y_step, x_step, mask_step;
  const bool* mask;
};
void softmax(DType dtype, bool logarithm, const SoftmaxRows& loop, const void* x, void* y);

// dx = y (g - sum g y); logarithm: dx = g - e^y sum g, where y is -inf: 0, and g does not count. All contiguous
// [outer, n, inner], rows along n.
void softmax_backward(DType dtype, bool logarithm, int64_t outer, int64_t n, int64_t inner, const void* g,
                      const void* y, void* dx);

// y = ln sum e^x of each contiguous row; -inf for a row of nothing or of -inf.
void log_sum_exp(DType dtype, int64_t rows, int64_t n, const void* x, void* y);

}  // namespace fovea::kernels
