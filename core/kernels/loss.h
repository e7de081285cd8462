// Losses over contiguous rows, f32 and f64. Of a row's softmax only its largest element and the rest of its logarithm
// are kept: [rows, 2], so that ln sum e^x = statistics[0] + statistics[1] without rounding the small part away.
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

// One of the two is null: class ids [rows], of which `ignore` counts for nothing, or probabilities [rows, n] in the
// logits' type. q = (1 - smoothing) target + smoothing / n.
struct CrossEntropyTarget {
  const int64_t* ids = nullptr;
  const void* probabilities = nullptr;
  int64_t ignore = -100;
  double smoothing = 0;
};

// losses [rows] = -sum_c q_c (x_c - ln sum e^x); 0 where ignored. An entry with q_c = 0 counts 0 even if x_c is -inf.
void cross_entropy(DType dtype, int64_t rows, int64_t n, const void* x, const CrossEntropyTarget& target, void* losses,
                   void* statistics);
// dx = factor g (softmax(x) sum q - q), one pass; g steps by g_step (0: one for all rows); 0 where ignored.
void cross_entropy_backward(DType dtype, int64_t rows, int64_t n, const void* x, const CrossEntropyTarget& target,
                            const void* statistics, const void* g, int64_t g_step, double factor, void* dx);

// y = max(x, 0) - x t + ln(1 + e^-|x|), n elements.
void binary_cross_entropy(DType dtype, int64_t n, const void* x, const void* target, void* y);

}  // namespace fovea::kernels
