// Update rules of optimisers, one pass over one parameter each: every array is read once and written once. The symbols
// and equations are those of optim/{sgd,adam,rmsprop}.h; t-dependent terms are worked out by the caller. f32 and f64,
// contiguous. State below the smallest normal number becomes 0: a decaying average of zero gradients would otherwise
// stay denormal for ever, and slow.
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

struct SgdStep {
  double lr, momentum, dampening, weight_decay;
  bool nesterov;
  bool first;  // b starts as g, without dampening
};
// b is null when momentum is 0.
void sgd_step(DType dtype, int64_t n, void* theta, const void* g, void* b, const SgdStep& step);

struct AdamStep {
  double rate;        // lr / (1 - beta1^t)
  double correction;  // 1 / sqrt(1 - beta2^t)
  double beta1, beta2, eps;
  double weight_decay;  // added to g
  double shrink;        // multiplies theta first
};
void adam_step(DType dtype, int64_t n, void* theta, const void* g, void* m, void* v, const AdamStep& step);

struct RmspropStep {
  double lr, alpha, eps, momentum, weight_decay;
};
// mean is null unless centred, b is null when momentum is 0.
void rmsprop_step(DType dtype, int64_t n, void* theta, const void* g, void* v, void* mean, void* b,
                  const RmspropStep& step);

struct GravesStep {
  double lr, decay, momentum, eps;
};
void graves_step(DType dtype, int64_t n, void* theta, const void* g, void* square, void* mean, void* delta,
                 const GravesStep& step);

// Sum of x_i^2, accumulated in f64 in fixed chunks combined in order; each x_i is multiplied by `factor` first.
double sum_of_squares(DType dtype, int64_t n, const void* x, double factor = 1);
// The largest |x_i|, 0 for n = 0; NaN if any x_i is NaN.
double largest_magnitude(DType dtype, int64_t n, const void* x);
// x_i = min(max(x_i, -limit), limit).
void clamp_magnitude(DType dtype, int64_t n, void* x, double limit);

}  // namespace fovea::kernels
