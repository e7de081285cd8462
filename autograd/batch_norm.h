// Batch normalisation. Ioffe, Szegedy 2015, arXiv 1502.03167, algorithm 1; as in PyTorch.
//   y = (x - mean) / sqrt(var + eps) * weight + bias
// channel by channel. In training mean and var are those of the batch, over all dimensions but the channels', and move
// the running ones, in place:  running = (1 - momentum) running + momentum batch's; into running_var goes the unbiased
// variance n / (n - 1) var. Else they are the running ones, and no gradient reaches them.
// Shapes: x, y [N, C, ...]; weight, bias, running_mean, running_var [C]; weight and bias undefined: 1 and 0; in
// training the running ones may be undefined. Errors: ShapeError, also for one value a channel in training; DTypeError;
// ValueError for a momentum outside [0, 1], a negative eps, and without running statistics where there is no training.
// Cost: three passes over x, two for the gradient.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

struct BatchNormOptions {
  bool training = false;
  double momentum = 0.1;
  double eps = 1e-5;
};

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight = Tensor(), const Tensor& bias = Tensor(), const BatchNormOptions& options = {});

}  // namespace fovea
