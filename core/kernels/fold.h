// Reductions over any dimensions of a strided array: one value of y from all elements of x that share its kept
// coordinates. Rows that lie contiguous in memory, columns that do, and everything else (gathered into short rows
// first).
//
// Accuracy: at most 64 sums in a row in the element type, everything beyond in double, so the error of a sum of K terms
// stays below 4 sqrt(K) eps sum|x|. Pieces have fixed sizes and are joined in order: same bits for any number of
// threads.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/kernels/loops.h>

namespace fovea::kernels {

enum class Fold {
  sum,
  mean,
  norm,  // Euclidean, squares in double, or in other units where they do not fit: no overflow, no underflow
  max,   // NaN if one element is
  min,
};

// Kept dimensions in y's order, reduced ones by falling stride; each list merged where it can be.
struct FoldLoop {
  // Bit d of `reduced`: dimension d is reduced. y is contiguous over the kept dimensions.
  FoldLoop(const Shape& shape, const Shape& strides, unsigned reduced);

  Loop<2> kept;     // operands y, x
  Loop<1> reduced;  // operand x
};

// sum, max, min: f32, f64, i64; mean, norm: f32, f64. Nothing to fold: 0 for sum and norm, NaN for mean; max and min
// need an element, which the caller has checked.
void fold(Fold op, DType dtype, const FoldLoop& loop, const void* x, void* y);

// y_i = x_0 + ... + x_i along the middle of [outer, n, inner], contiguous, f32 (in double), f64, i64.
void cumulative_sum(DType dtype, int64_t outer, int64_t n, int64_t inner, const void* x, void* y);

// Position of the first largest (or smallest) of each of `rows` contiguous rows, NaN being the largest and the
// smallest; f32, f64, i64. n > 0.
void arg_fold(DType dtype, bool largest, int64_t rows, int64_t n, const void* x, int64_t* y);

}  // namespace fovea::kernels
