// The network that gives captions; how often it is right, and whether it looks at what it names.
//
//   exact     % of images whose whole caption, as a beam search finds it, is right
//   pointing  % of the nouns of the true captions for which the largest weight lies in the cell of their shape
//   mass      how much of the weights lies there, %
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/vision/caption.h>
#include <fovea/layers/vision/feature_grid.h>

#include <cmath>

#include "examples/caption/world.h"

namespace fovea::examples {

struct CaptionModel final : Module {
  // `o.features` are those that the grid gives.
  CaptionModel(const FeatureGridOptions& of_grid, CaptionerOptions o, Generator& generator)
      : grid(of_grid, generator), captioner((o.features = grid.features(), o), generator) {}
  void members(Members& m) override { m("grid", grid)("captioner", captioner); }

  SequenceOutput operator()(const Tensor& images, const Tensor& input_ids,
                            Generator& generator = default_generator()) const {
    return captioner(grid(images), input_ids, generator);
  }
  // Without marks, one caption an image; a beam of 1 is greedy.
  std::vector<std::vector<int64_t>> captions(const Tensor& images, int64_t beam) const {
    constexpr int64_t longest = 4 * kMostShapes + kMostShapes;
    const NoGrad quiet;
    const auto decoder = captioner.decoder(grid(images));
    const Decoded found = beam_search(*decoder, {.begin = kBegin, .end = kEnd, .max_length = longest},
                                      {.width = beam, .length_penalty = 0});
    std::vector<std::vector<int64_t>> captions;
    for (int64_t b = 0; b < images.size(0); ++b) {
      const int64_t* ids = found.ids.data<int64_t>() + b * found.ids.size(1);
      captions.emplace_back(ids, ids + found.lengths.at<int64_t>({b}));
    }
    return captions;
  }

  FeatureGrid grid;
  Captioner captioner;
};

// Of a square grid of so many places.
inline int64_t grid_side(int64_t places) {
  return static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(places))));
}

// The cell in which each place of a square grid lies, i64 [places].
inline Tensor cells_of_places(int64_t places) {
  const int64_t side = grid_side(places);
  std::vector<int64_t> cells;
  for (int64_t i = 0; i < side; ++i)
    for (int64_t j = 0; j < side; ++j) cells.push_back(i * kCells / side * kCells + j * kCells / side);
  return from(cells, {places});
}

// Of so many images each; pointing and mass are NaN where nothing is attended.
struct CaptionRightness {
  double exact_percent = 0, pointing_percent = 0, mass_percent = 0;
};

inline CaptionRightness evaluate(const CaptionModel& model, const std::vector<Scene>& scenes, int64_t beam) {
  const NoGrad quiet;
  const Tensor images = images_of(scenes);
  const auto given = model.captions(images, beam);
  CaptionRightness found;
  for (size_t b = 0; b < scenes.size(); ++b) found.exact_percent += given[b] == caption_of(scenes[b]) ? 1 : 0;
  found.exact_percent *= 100 / static_cast<double>(scenes.size());
  const Captions truth = captions_of(scenes);
  const Tensor weights = model(images, truth.input_ids).weights;  // [B, U, L]
  if (!weights.defined()) return {found.exact_percent, NAN, NAN};
  const Tensor cells = cells_of_places(weights.size(2)), cell = unsqueeze(truth.cells, 2);
  const Tensor looked = reshape(index_select(cells, 0, flatten(argmax(weights, 2))), truth.cells.shape());
  const Tensor inside = sum(where(eq(cells, cell), weights, scalar(0)), 2);  // [B, U]
  const auto percent = [&](const Tensor& x) { return 100 * mean(to(masked_select(x, truth.nouns), f64)).item(); };
  return {found.exact_percent, percent(eq(looked, truth.cells)), percent(inside)};
}

}  // namespace fovea::examples
