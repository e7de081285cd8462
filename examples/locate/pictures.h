// The picture of a digit on a canvas: above the window that was chosen, below what was read there.
#pragma once

#include "examples/common/image_picture.h"
#include "examples/locate/readers.h"

namespace fovea::examples {

inline ImagePicture windows_of(const Tensor& images, const Tensor& labels, const WindowReader::Output& found) {
  const int64_t B = images.size(0);
  const Tensor answers = argmax(found.logits, 1);
  const auto n = static_cast<double>(images.size(3));
  ImagePicture shown{.columns = static_cast<int>(B)};
  for (int64_t b = 0; b < B; ++b) {
    const double s = found.theta.at({b, 0}), x = found.theta.at({b, 1}), y = found.theta.at({b, 2});
    const Outline window{.box = {(x - s + 1) / 2 * n, (y - s + 1) / 2 * n, s * n, s * n}, .colour = {0.9, 0.2, 0.1}};
    shown.panels.push_back(
        {.image = select(images, 0, b), .note = "a " + std::to_string(labels.at<int64_t>({b})), .boxes = {window}});
  }
  for (int64_t b = 0; b < B; ++b)
    shown.panels.push_back({.image = clamp(select(found.read, 0, b), 0, 1),
                            .note = "answered " + std::to_string(answers.at<int64_t>({b}))});
  return shown;
}

}  // namespace fovea::examples
