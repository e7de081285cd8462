// Kernels that move elements by position: runs of bytes, padding, gather and its inverse, rows of a table. Positions are
// i64 and were checked by the caller. Everything that adds does so in a fixed order, so results do not depend on threads.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/kernels/loops.h>

namespace fovea::kernels {

int64_t read_i64(const void* data, int64_t offset);
// The row-major number of the first id outside [0, n), or -1.
int64_t first_outside(const Loop<1>& loop, const void* ids, int64_t n);

// `runs` runs of `bytes`: from source + i * source_step to target + i * target_step (steps in bytes).
void copy_runs(int64_t runs, int64_t bytes, void* target, int64_t target_step, const void* source, int64_t source_step);
void zero_runs(int64_t runs, int64_t bytes, void* target, int64_t target_step);

// Arrays [outer, size, inner] with a step along the middle; index, and the result of gather, are strided over
// `index_shape`. x_strides and y_strides have the entry of `dim` at stride_dim and 0 in its place, so that
// address(i) = sum_d i[d] * strides[d] + index(i) * stride_dim.
// y(i) = x(i with index(i) at dim): operands y, index, x.
void gather(DType dtype, const Loop<3>& loop, void* y, const void* index, const void* x, int64_t x_stride_dim);
// y(i with index(i) at dim) += source(i), serial: operands source, index, y.
void scatter_add(DType dtype, const Loop<3>& loop, const void* source, const void* index, void* y, int64_t y_stride_dim);

// y[i] = table[ids[i]] for n ids; rows of `width` elements, `row_step` elements apart in the table, dense in y.
void take_rows(DType dtype, int64_t n, int64_t width, const void* table, int64_t row_step, const int64_t* ids, void* y);
// table[ids[i]] += g[i], dense rows; ids equal to `skip` are left out. Each row is summed in the order of the ids.
void add_rows(DType dtype, int64_t n, int64_t width, void* table, int64_t rows, const int64_t* ids, const void* g, int64_t skip);

}  // namespace fovea::kernels
