// Images that obey a rule between parts far from each other: a shape in the upper left corner, one in the lower right,
// of one kind and one colour; elsewhere nothing. And what reads it out of the pixels again.
//
//   symbol   shape              meaning
//   image    [B, 3, 16, 16]     red, green, blue in [-1, 1]; the ground is black
//   kind     i64 [B]            square, diamond or cross: the class that the networks are told
//   colour   i64 [B]            red, green, blue or yellow: nobody is told
//
// A shape is 5x5 pixels and stands in its very corner.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>

#include <array>
#include <optional>

namespace fovea::examples {

inline constexpr int64_t kSide = 16, kShapeSide = 5, kKinds = 3, kColours = 4;

struct PairImages {
  Tensor image, kind, colour;
};
PairImages draw_pairs(int64_t count, Generator& generator);

// Ink is a pixel with a channel above the middle. A shape is found where the ink of a corner, 7x7 pixels, and the shape
// have at least 3/4 of their union in common, and the ink's mean colour is at most 0.3 away from the pure one in each
// channel, of a range of 1.
struct FoundShape {
  int64_t kind, colour;
};
struct ReadPair {
  std::array<std::optional<FoundShape>, 2> corners{};  // upper left, lower right
  int64_t stray = 0;                                   // pixels with ink outside of both
};
ReadPair read_pair(const Tensor& image);  // [3, 16, 16]

// Of many images, each asked to be of one kind, in %.
struct PairShares {
  double drawn = 0;                        // a shape of that kind in both corners, and at most 5 stray pixels
  double obeyed = 0;                       // and of one colour: the rule
  std::array<double, kColours> colours{};  // of the upper left shapes of those that are drawn
};
PairShares shares_of(const Tensor& images, const Tensor& kind);

}  // namespace fovea::examples
