// Digits of 0 and 1 for DRAW: each pixel is 1 with its grey value as the probability. Gregor et al. 2015, section 4.2.
//
//   digits_at          f32 [n, 28, 28] of the rows given, drawn anew at every call
//   logits_of_mean     [28, 28]: log p / (1 - p) of a pixel's mean p over the first `count` digits; p is between 0.002
//                      and 0.998, so that a pixel that is never ink can still become some
#pragma once

#include <algorithm>

#include "examples/common/distort.h"
#include "examples/common/mnist.h"

namespace fovea::examples {

inline Tensor digits_at(const Digits& digits, const Tensor& rows, Generator& generator) {
  return squeeze(binarised(images_at(digits, rows), generator), 1);
}

inline Tensor logits_of_mean(const Digits& digits, int64_t count) {
  Tensor total = zeros({28, 28});
  for (int64_t first = 0; first < count; first += 1000)
    total = total + sum(images_at(digits, arange(first, std::min(first + 1000, count))), {0, 1});
  const Tensor p = clamp(total / static_cast<double>(count), 0.002, 0.998);
  return log(p / (1.0 - p));
}

}  // namespace fovea::examples
