// Distorted digits: MNIST's, drawn anew for each batch of the training, once for validation and test.
#pragma once

#include <string>

#include "examples/common/distort.h"
#include "examples/common/mnist.h"

namespace fovea::examples {

// Of the images, in pixels.
inline int64_t size_of(const std::string& distortion) { return distortion == "RTS" ? 42 : 28; }

// [n, 1, 28, 28] -> [n, 1, size, size].
inline Tensor distorted(const std::string& distortion, const Tensor& images, Generator& generator) {
  if (distortion == "RTS") return rotated_scaled_translated(images, generator);
  if (distortion == "P") return projected(images, generator);
  if (distortion == "E") return elastic(images, generator);
  return rotated(images, generator);
}

struct LabelledImages {
  Tensor images, labels;
};

// Those of `rows`, i64 [n].
inline LabelledImages distorted_at(const Digits& digits, const Tensor& rows, const std::string& distortion,
                                   Generator& generator) {
  return {distorted(distortion, images_at(digits, rows), generator), labels_at(digits, rows)};
}

}  // namespace fovea::examples
