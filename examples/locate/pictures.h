// The picture of a digit on a canvas: above the window that was chosen, below what was read there.
#pragma once

#include "examples/common/image_picture.h"
#include "examples/common/record_window.h"
#include "examples/locate/readers.h"

namespace fovea::examples {

// In pixels of an image of side n: x, y, width, height.
inline std::array<double, 4> window_box(const Tensor& theta, int64_t b, double n) {
  const double s = theta.at({b, 0}), x = theta.at({b, 1}), y = theta.at({b, 2});
  return {(x - s + 1) / 2 * n, (y - s + 1) / 2 * n, s * n, s * n};
}

inline ReadWindow read_by(const WindowReader& reader, const Tensor& image) {
  const WindowReader::Output found = reader(image);
  std::vector<float> box;
  for (const double side : window_box(found.theta.detach(), 0, static_cast<double>(image.size(3))))
    box.push_back(static_cast<float>(side));
  return {found.logits, found.read, {.boxes = {{"window", from(box, {1, 4})}}}};
}

inline ImagePicture windows_of(const Tensor& images, const Tensor& labels, const WindowReader::Output& found) {
  const int64_t B = images.size(0);
  const Tensor answers = argmax(found.logits, 1);
  const auto n = static_cast<double>(images.size(3));
  ImagePicture shown{.columns = static_cast<int>(B)};
  for (int64_t b = 0; b < B; ++b) {
    const auto [x, y, width, height] = window_box(found.theta, b, n);
    const Outline window{.box = {x, y, width, height}, .colour = {0.9, 0.2, 0.1}};
    shown.panels.push_back(
        {.image = select(images, 0, b), .note = "a " + std::to_string(labels.at<int64_t>({b})), .boxes = {window}});
  }
  for (int64_t b = 0; b < B; ++b)
    shown.panels.push_back({.image = clamp(select(found.read, 0, b), 0, 1),
                            .note = "answered " + std::to_string(answers.at<int64_t>({b}))});
  return shown;
}

}  // namespace fovea::examples
