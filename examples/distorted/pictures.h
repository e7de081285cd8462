// The picture of distorted digits: above where the transformer looks, below what the classifier gets of it.
#pragma once

#include "examples/common/image_picture.h"
#include "examples/common/record_window.h"
#include "examples/distorted/networks.h"

namespace fovea::examples {

// The places of a grid [h, w, 2] in an image of `size` pixels, every `step`-th in both directions.
inline std::vector<Point> dots_of(const Tensor& grid, int64_t size, int64_t step) {
  std::vector<Point> dots;
  const auto pixel = [&](int64_t i, int64_t j, int64_t which) {
    return (grid.at({i, j, which}) + 1) / 2 * static_cast<double>(size);
  };
  for (int64_t i = step / 2; i < grid.size(0); i += step)
    for (int64_t j = step / 2; j < grid.size(1); j += step) dots.push_back({pixel(i, j, 0), pixel(i, j, 1)});
  return dots;
}

// The places along the edge of a grid [h, w, 2], in pixels of an image of that size: [1, 2 (h + w) - 4, 2].
inline Tensor edge_of(const Tensor& grid, int64_t size) {
  const int64_t h = grid.size(0) - 1, w = grid.size(1) - 1;
  const Tensor round = cat({slice(grid[0], 0, 0, w), slice(select(grid, 1, w), 0, 0, h), flip(slice(grid[h], 0, 1), 0),
                            flip(slice(select(grid, 1, 0), 0, 1), 0)},
                           0);
  return unsqueeze((round + 1.0) * (static_cast<double>(size) / 2), 0);
}

inline ReadWindow read_by(const DistortedPair& pair, const Tensor& image) {
  if (!pair.stn) return {(*pair.cnn)(image)};
  const auto found = (*pair.stn)(image);
  return {found.logits,
          found.read,
          {.boxes = {{"read from here", edge_of(select(found.grid, 0, 0).detach(), image.size(3))}}}};
}

inline ImagePicture picture_of(const Tensor& images, const Tensor& labels, const TransformedClassifier::Output& found) {
  const int64_t n = images.size(0);
  const Tensor answers = argmax(found.logits, 1);
  ImagePicture shown{.columns = static_cast<int>(n)};
  for (int64_t i = 0; i < n; ++i)
    shown.panels.push_back({.image = select(images, 0, i),
                            .note = "a " + std::to_string(labels.at<int64_t>({i})),
                            .dots = dots_of(select(found.grid, 0, i), images.size(3), 4)});
  for (int64_t i = 0; i < n; ++i)
    shown.panels.push_back({.image = clamp(select(found.read, 0, i), 0, 1),
                            .note = "answered " + std::to_string(answers.at<int64_t>({i}))});
  return shown;
}

}  // namespace fovea::examples
