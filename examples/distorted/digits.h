// Distorted digits: MNIST's, drawn anew for each batch of the training, once for validation and test.
//   R     turned by up to 90 degrees          RTS  turned by up to 45, scaled by 0.7 to 1.2, anywhere on 42 x 42
//   P     corners up to 6 pixels away         E    bent
#pragma once

#include <string>

#include "examples/common/distort.h"
#include "examples/common/mnist.h"

namespace fovea::examples {

// Of the images, in pixels.
inline int64_t size_of(const std::string& distortion) { return distortion == "RTS" ? PlaceOptions().size : 28; }

// [n, 1, 28, 28] -> [n, 1, size, size].
inline Tensor distorted(const std::string& distortion, const Tensor& images, Generator& generator) {
  if (distortion == "RTS") return rotated_scaled_translated(images, {}, generator);
  if (distortion == "P") return projected(images, 6, generator);
  if (distortion == "E") return elastic(images, {}, generator);
  return rotated(images, 90, generator);
}

// Those of `rows`, i64 [n].
inline LabelledImages distorted_at(const Digits& digits, const Tensor& rows, const std::string& distortion,
                                   Generator& generator) {
  return {distorted(distortion, images_at(digits, rows), generator), labels_at(digits, rows)};
}

}  // namespace fovea::examples
