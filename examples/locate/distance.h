// How much a window at a distance feels of ink.
#pragma once

#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>

#include <cmath>

#include "examples/locate/readers.h"

namespace fovea::examples {

// |∂ ink read / ∂ column of the window|, in ink a pixel: a window of N places, one pixel apart, at the left edge, as
// high as an upright bar of ink that is 1 and begins `distance` pixels behind its last place. σ: of Gaussian filters, 0
// for bilinear sampling. f64.
inline double felt_at(int64_t distance, double sigma, int64_t n, int64_t places) {
  const EnableGrad recorded;
  Tensor image = zeros({1, 1, n, n}, f64);
  const int64_t begin = places - 1 + distance;
  slice(slice(image, 2, 0, places), 3, begin, std::min(begin + 3, n)).fill_(1);
  const double s = static_cast<double>(places) / static_cast<double>(n), at = s - 1;
  const Tensor x = scalar(at, f64).requires_grad_(), size = scalar(s, f64), y = scalar(at, f64);
  const Tensor wide = scalar(std::log(2 * std::max(sigma - 0.1, 1e-9)), f64);
  const Tensor read = sigma > 0 ? read_gaussian(image, unsqueeze(stack({size, x, y, wide}, 0), 0), places)
                                : read_bilinear(image, unsqueeze(stack({size, x, y}, 0), 0), places);
  return std::abs(grad({sum(read)}, {x})[0].item()) * 2 / static_cast<double>(n);
}

}  // namespace fovea::examples
