// Elementwise kernels: one entry for unary and one for binary functions, flat (contiguous) and strided (broadcast:
// stride 0). f32 and f64 unless said; the caller has checked types and shapes. Results may be written over an input
// with equal strides.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/kernels/loops.h>

namespace fovea::kernels {

enum class Unary {
  neg,
  exp,
  log,
  sqrt,
  tanh,
  sigmoid,
  relu,
  gelu,
  softplus,
  abs,
  sin,
  cos,
  erf,
  square,
  sign,
  reciprocal,
  rsqrt,
  log1p,
  expm1,
  log2,
  floor,
  ceil,
  round,  // half to even
  silu,
  logsigmoid,
  leaky_relu,  // p: slope
  elu,         // p: alpha
  clamp,       // p, q: bounds
  add,
  mul,
  div,    // p: the scalar
  pow,    // p: exponent
  count,  // stays last: the tables are as long as this says
};

enum class Binary {
  add,
  sub,
  mul,
  div,
  pow,
  minimum,
  maximum,
  // (gradient, saved) -> gradient of the input
  exp_backward,
  tanh_backward,
  sigmoid_backward,
  relu_backward,
  gelu_backward,
  softplus_backward,
  silu_backward,
  count,  // stays last
};

constexpr bool for_integers(Unary op) {
  return op == Unary::neg || op == Unary::abs || op == Unary::clamp || op == Unary::sign || op == Unary::floor ||
         op == Unary::ceil || op == Unary::round;
}
// y = op(x), n contiguous elements. i64 where for_integers(op).
void unary(Unary op, DType dtype, int64_t n, const void* x, void* y, double p = 0, double q = 0);
// y contiguous or not: operands y, x.
void unary(Unary op, DType dtype, const Loop<2>& loop, const void* x, void* y, double p = 0, double q = 0);
// y = op(a, b), n contiguous elements each. add, sub, mul, minimum, maximum also for i64.
void binary(Binary op, DType dtype, int64_t n, const void* a, const void* b, void* y);
// Operands y, a, b.
void binary(Binary op, DType dtype, const Loop<3>& loop, const void* a, const void* b, void* y);

// In place, any type. add_scaled: y += factor * x; operands y, x.
void fill(DType dtype, const Loop<1>& loop, void* y, double value);
void scale(DType dtype, const Loop<1>& loop, void* y, double factor);
void add_scaled(DType dtype, const Loop<2>& loop, void* y, const void* x, double factor);
// y += x, n contiguous f32 or f64 elements: how the engine accumulates.
void accumulate(DType dtype, int64_t n, void* y, const void* x);

// Whether all of x, cut to whole numbers, is in the range of the whole type `to`.
bool fits(DType to, DType from, const Loop<1>& loop, const void* x);
// Converting copy; operands y, x.
void copy(DType to, DType from, const Loop<2>& loop, void* y, const void* x);

}  // namespace fovea::kernels
