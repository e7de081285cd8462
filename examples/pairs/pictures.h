// Pictures of what the generators draw, of where pixels look while the one with attention draws, and of how much of
// what they read is used.
#pragma once

#include <fovea/optim/training/metrics.h>

#include "examples/common/image_picture.h"
#include "examples/common/picture.h"
#include "examples/pairs/networks.h"

namespace fovea::examples {

inline Tensor in_unit_range(const Tensor& image) { return image * 0.5 + 0.5; }

// A row of data, and rows of the same kinds by each generator.
inline ImagePicture samples_of(const PairImages& real, const Tensor& with, const Tensor& without) {
  const int64_t shown = real.image.size(0);
  ImagePicture picture{.columns = static_cast<int>(shown), .image_size = 96};
  const auto add = [&](const std::string& title, const Tensor& images) {
    for (int64_t i = 0; i < shown; ++i) {
      const bool obeys = shares_of(slice(images, 0, i, i + 1), slice(real.kind, 0, i, i + 1)).obeyed > 0;
      picture.panels.push_back(
          {.image = in_unit_range(images[i]), .title = i == 0 ? title : "", .note = obeys ? "obeys" : "does not"});
    }
  };
  add("data", real.image), add("attention", with), add("without", without);
  return picture;
}

// One image of each kind; boxed is a pixel of the map, over the image what it looks at: one in the middle of each
// shape, and one of the ground. z [kinds, Z, 2, 2].
inline ImagePicture looks_of(const PairGenerator& network, const Tensor& z) {
  const WeightCollector collected;
  const Tensor image = network(z, arange(kKinds)), beta = collected.weights().front().second.front();  // [kinds, N, N]
  constexpr int64_t side = kSide / kMapSide, first = 1, last = kMapSide - 2;
  ImagePicture picture{.columns = 3, .image_size = 128};
  for (int64_t kind = 0; kind < kKinds; ++kind)
    for (const auto& [row, column] : {std::pair{first, first}, {last, last}, {first, last}})
      picture.panels.push_back(
          {.image = in_unit_range(image[kind]),
           .weights = reshape(clone(beta[{kind, row * kMapSide + column}]), {kMapSide, kMapSide}),
           .boxes = {{.box = {static_cast<double>(side * column), static_cast<double>(side * row), side, side}}}});
  return picture;
}

inline LineChart gamma_of(const MetricsTable& metrics) {
  const std::vector<double>& steps = metrics.column("step");
  return {.title = "how much of what it reads an attention adds",
          .x_title = "step",
          .y_title = "γ",
          .series = {{"generator", steps, metrics.column("generator gamma")},
                     {"discriminator", steps, metrics.column("discriminator gamma")}}};
}

}  // namespace fovea::examples
