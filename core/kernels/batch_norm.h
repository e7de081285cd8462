// Batch normalisation of x [N, C, L], contiguous, channel by channel over N and L. f32 and f64. The channels are
// independent of each other, and each is summed in one order, for any number of threads.
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

struct BatchNormSizes {
  int64_t examples, channels, length;  // N, C, L
};

// Mean and variance of each channel, over N L: moments [C, 2]. Channels whose squares do not fit the type are summed in
// double. N L > 0.
void batch_moments(DType dtype, const BatchNormSizes& n, const void* x, double* moments);
// y = (x - mean) scale weight + bias; statistics [C, 2] are mean and scale.
void batch_norm(DType dtype, const BatchNormSizes& n, const void* x, const void* weight, const void* bias,
                const double* statistics, void* y);
// With h = (x - mean) scale: dweight = sum g h, dbias = sum g, dx = scale weight g, and where the statistics are those
// of x, dx = scale weight (g - mean g - h mean(g h)).
void batch_norm_backward(DType dtype, const BatchNormSizes& n, bool of_batch, const void* g, const void* x,
                         const void* weight, const double* statistics, void* dx, void* dweight, void* dbias);

}  // namespace fovea::kernels
