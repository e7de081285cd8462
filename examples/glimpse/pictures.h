// The picture of where a network looked: a row for each image, with the path of the glimpses and the frame of the first
// and finest scale of each, and behind it what the sensor saw there, scales side by side.
#pragma once

#include <fmt/format.h>
#include <fovea/layers/vision/glimpse.h>

#include "examples/common/image_picture.h"
#include "examples/common/record.h"

namespace fovea::examples {

// The frame and the place of each glimpse at an image [1, 1, H, W], in pixels; locations [1, T, 2].
inline RecordedMarks glimpse_marks(const Tensor& image, const Tensor& locations, int64_t size) {
  const auto side = static_cast<double>(size);
  const Tensor l = select(locations, 0, 0).detach();
  const Tensor x = (slice(l, 1, 0, 1) + 1.0) * (static_cast<double>(image.size(3)) / 2),
               y = (slice(l, 1, 1, 2) + 1.0) * (static_cast<double>(image.size(2)) / 2);
  const Tensor sides = full({l.size(0), 2}, side);
  return {.boxes = {{"glimpse", cat({x - side / 2, y - side / 2, sides}, 1)}}, .path = cat({x, y}, 1)};
}

// images [n, 1, H, W], locations [n, T, 2], a title for each image.
inline ImagePicture glimpses_of(const Tensor& images, const Tensor& locations, int64_t size, int64_t scales,
                                const std::vector<std::string>& titles) {
  const int64_t T = locations.size(1);
  const double columns = static_cast<double>(T + 1),
               beside = static_cast<double>(size) / static_cast<double>(images.size(3));  // frames may stand out so far
  ImagePicture shown{.columns = static_cast<int>(T + 1),
                     .image_size = std::clamp((740 / columns - 20) / (1 + beside), 20.0, 84.0)};
  for (int64_t i = 0; i < images.size(0); ++i) {
    const Tensor image = select(images, 0, i), one = slice(images, 0, i, i + 1);
    ImagePanel looked{.image = image, .title = titles[static_cast<size_t>(i)]};
    std::vector<ImagePanel> seen;
    for (int64_t t = 0; t < T; ++t) {
      const Tensor l = select(slice(locations, 0, i, i + 1), 1, t);
      const auto pixels = [&](int64_t which, int dim) {
        return (l.at({0, which}) + 1) / 2 * static_cast<double>(image.size(dim));
      };
      const Point at{pixels(0, 2), pixels(1, 1)};
      const auto side = static_cast<double>(size);
      looked.path.push_back(at);
      looked.boxes.push_back({{std::floor(at.x - side / 2 + 0.5), std::floor(at.y - side / 2 + 0.5), side, side},
                              oklch(0.7, 0.15, 360.0 * static_cast<double>(t) / static_cast<double>(T))});
      seen.push_back(
          {.image = cat(unbind(select(glimpse(one, l, size, scales), 0, 0), 0), 2), .title = fmt::format("{}", t + 1)});
    }
    shown.panels.push_back(std::move(looked));
    for (ImagePanel& panel : seen) shown.panels.push_back(std::move(panel));
  }
  return shown;
}

}  // namespace fovea::examples
