// What tells distorted digits apart: a convolutional network alone, and one behind a spatial transformer.
//
//   cnn(U) = classifier(U)                                                                            (1)
//   stn(U) = classifier(V),  V = spatial transformer of U, its θ found by the locator                 (2)
//
//   symbol   shape              meaning
//   U        [B, 1, n, n]       distorted digits, 1 is ink
//   V        [B, 1, 28, 28]     as the transformer sees them
//
// The networks of a pair have equally many weights: `hidden` of (1) makes up for what (2) has in its transformer.
#pragma once

#include <fovea/layers/vision/spatial_transformer.h>

#include <algorithm>
#include <optional>
#include <string>

#include "examples/common/digit_networks.h"

namespace fovea::examples {

constexpr int64_t kDigitSize = 28;  // of what the classifier gets

class TransformedClassifier final : public Module {
 public:
  TransformedClassifier(SpatialTransformer<Locator> to_transform, DigitClassifier to_classify)
      : transformer(std::move(to_transform)), classifier(std::move(to_classify)) {}
  void members(Members& m) override { m("transformer", transformer)("classifier", classifier); }

  struct Output {
    Tensor logits, grid, read;  // grid [B, 28, 28, 2], read: V
  };
  Output operator()(const Tensor& images) const {
    const Tensor grid = transformer.grid(images), read = transformer.sample(images, grid);
    return {classifier(read), grid, read};  // (2)
  }

  SpatialTransformer<Locator> transformer;
  DigitClassifier classifier;
};

struct DistortedPairOptions {
  int64_t size;             // of the images
  std::string transformer;  // affine, attention, tps; none: the convolutional network alone
  int64_t filters, hidden;  // of the classifier
  int64_t locator_filters, locator_features;
};

inline SpatialTransformer<Locator> make_transformer(const DistortedPairOptions& o, Generator& generator) {
  const GridOptions grid{.size = kDigitSize};
  Locator locator(o.size, o.locator_filters, o.locator_features, generator);
  const auto behind = [&](auto transformation) {
    return SpatialTransformer<Locator>(std::move(locator), o.locator_features, std::move(transformation), generator);
  };
  if (o.transformer == "attention") return behind(AttentionWindow(grid));
  if (o.transformer == "tps") return behind(ThinPlateSpline(grid));
  return behind(Affine(grid));
}

// The hidden units with which a classifier has about as many weights as `count`.
inline int64_t hidden_for(int64_t count, DigitClassifierOptions o) {
  Generator unused(0);
  const int64_t a_unit = DigitClassifier::features_of(o) + 11;
  o.hidden = 1;
  return 1 + std::max<int64_t>(0, (count - parameter_count(DigitClassifier(o, unused)) + a_unit / 2) / a_unit);
}

// Both networks, trained on the same batches; neither has to do with the other's gradient.
class DistortedPair final : public Module {
 public:
  DistortedPair(const DistortedPairOptions& o, Generator& generator) {
    if (o.transformer != "none")
      stn.emplace(make_transformer(o, generator), DigitClassifier({kDigitSize, o.filters, o.hidden}, generator));
    DigitClassifierOptions alone{o.size, o.filters, o.hidden};
    if (stn) alone.hidden = hidden_for(parameter_count(*stn), alone);  // (1)
    cnn.emplace(alone, generator);
  }
  void members(Members& m) override { m("stn", stn)("cnn", cnn); }

  std::optional<TransformedClassifier> stn{};
  std::optional<DigitClassifier> cnn{};
};

}  // namespace fovea::examples
