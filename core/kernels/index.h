// Kernels that move elements by position: runs of bytes, gather and its inverse, rows of a table. Positions are i64 and
// were checked by the caller. Whatever adds does so in a fixed order, so results do not depend on the threads.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/kernels/loops.h>

namespace fovea::kernels {

int64_t read_i64(const void* data, int64_t offset);
// The row-major number of the first id outside [0, n), or -1.
int64_t first_outside(const Loop<1>& loop, const void* ids, int64_t n);

// Runs of `bytes`, one every `step` bytes, the first `offset` bytes into `data`.
struct Runs {
  void* data;
  int64_t offset;
  int64_t step;
};
struct ConstRuns {
  const void* data;
  int64_t step;
};
void copy_runs(int64_t count, int64_t bytes, const Runs& target, const ConstRuns& source);
void zero_runs(int64_t count, int64_t bytes, const Runs& target);
// The same copy, and zeros in whatever else lies in each of the target's steps.
void copy_runs_into_zeros(int64_t count, int64_t bytes, const Runs& target, const ConstRuns& source);

// Along one dimension the position comes from `index`; in the loop, x (or y) has stride 0 there, and `stride` apart.
// y(i) = x(i, index(i)): operands y, index, x. Any type.
void gather(DType dtype, const Loop<3>& loop, void* y, const void* index, const void* x, int64_t stride);
// y(i, index(i)) = source(i), serial, so that the last of equal positions stays: operands source, index, y. Any type.
void scatter(DType dtype, const Loop<3>& loop, const void* source, const void* index, void* y, int64_t stride);
// y(i, index(i)) += source(i), likewise. f32, f64, i64.
void scatter_add(DType dtype, const Loop<3>& loop, const void* source, const void* index, void* y, int64_t stride);

// Dense arrays: x [outer, size, inner], y [outer, n, inner], ids [n].
struct Rows {
  int64_t outer, size, inner, n;
};
// y[o, i] = x[o, ids[i]], any type.
void take_rows(DType dtype, const Rows& rows, const void* x, const int64_t* ids, void* y);
// x = 0, then x[o, ids[i]] += y[o, i] in the order of the ids; an id equal to `skip` is left out. f32, f64, i64.
void add_rows(DType dtype, const Rows& rows, const void* y, const int64_t* ids, void* x, int64_t skip = -1);

}  // namespace fovea::kernels
