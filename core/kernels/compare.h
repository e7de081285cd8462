// Kernels with bool operands or results, and whole-number division. Strided; sizes and types were checked by the
// caller.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/kernels/loops.h>

namespace fovea::kernels {

enum class Compare { eq, ne, lt, le, gt, ge };
enum class Logical { conjunction, disjunction };
enum class Division { quotient, remainder };

// Operands y (bool), a, b; a and b of any one type.
void compare(Compare op, DType dtype, const Loop<3>& loop, void* y, const void* a, const void* b);
// Operands y, a, b, all bool.
void logical(Logical op, const Loop<3>& loop, void* y, const void* a, const void* b);
// Operands y (bool), x.
void logical_not(const Loop<2>& loop, void* y, const void* x);
void isfinite(DType dtype, const Loop<2>& loop, void* y, const void* x);

// Towards minus infinity, the remainder with b's sign: a = b quotient + remainder. f32, f64, i64; operands y, a, b.
// An i64 b must not hold 0 (see any_zero).
void divide(Division op, DType dtype, const Loop<3>& loop, void* y, const void* a, const void* b);
bool any_zero(const Loop<1>& loop, const void* i64_values);

bool all(const Loop<1>& loop, const void* bools);
bool any(const Loop<1>& loop, const void* bools);
// |a - b| <= atol + rtol |b| everywhere; equal infinities are close. f32, f64, i64, bool.
bool allclose(DType dtype, const Loop<2>& loop, const void* a, const void* b, double rtol, double atol);
// The same bits.
bool identical(DType dtype, const Loop<2>& loop, const void* a, const void* b);

// y = condition ? a : b, any type: operands y, condition (bool), a, b.
void where(DType dtype, const Loop<4>& loop, void* y, const void* condition, const void* a, const void* b);
// y = mask ? value : x, any type: operands y, mask (bool), x.
void masked_fill(DType dtype, const Loop<3>& loop, void* y, const void* mask, const void* x, double value);

}  // namespace fovea::kernels
