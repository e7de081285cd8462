// Pictures of what the generators draw, and of where pixels look while the one with attention draws.
#pragma once

#include <fmt/format.h>

#include "examples/common/image_picture.h"
#include "examples/pairs/networks.h"

namespace fovea::examples {

inline Tensor in_unit_range(const Tensor& image) { return image * 0.5 + 0.5; }

// A row of images that each obey the rule or not.
inline void add_samples(ImagePicture& picture, const std::string& title, const Tensor& images, const Tensor& kind) {
  for (int64_t i = 0; i < images.size(0); ++i) {
    const bool obeys = count_pairs(slice(images, 0, i, i + 1), slice(kind, 0, i, i + 1)).obeyed > 0;
    picture.panels.push_back(
        {.image = in_unit_range(images[i]), .title = i == 0 ? title : "", .note = obeys ? "yes" : "no"});
  }
}

// How much a pixel of the map, boxed, looks at each other; beta [64, 64].
inline ImagePanel look_of(const Tensor& image, const Tensor& beta, int64_t row, int64_t column) {
  const double side = kSide / kMapSide, x = side * static_cast<double>(column), y = side * static_cast<double>(row);
  return {.image = in_unit_range(image),
          .weights = reshape(clone(beta[row * kMapSide + column]), {kMapSide, kMapSide}),
          .boxes = {{.box = {x, y, side, side}}}};
}

}  // namespace fovea::examples
