// Images that obey a rule between parts that lie far from each other: a shape in the upper left corner, one in the
// lower right, of one kind and one colour; between them nothing. And what reads it out of the pixels again.
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

inline constexpr int64_t kSide = 16, kShapeSide = 5, kCornerSide = 7, kKinds = 3, kColours = 4;

struct PairImages {
  Tensor image, kind, colour;
};

PairImages draw_pairs(int64_t count, Generator& generator);

// One corner, read: what has ink there fits no shape, or no colour, by more than a little, or it does.
struct FoundShape {
  int64_t kind, colour;
};
// Of each corner, upper left and lower right; nothing where none is found. Ink is a pixel with a channel above the
// middle. A shape is found where ink and shape have at least 0.75 of their union in common, and the mean colour of the
// ink is at most 0.3 away from the pure one in each channel, of a range of 1.
using FoundPair = std::array<std::optional<FoundShape>, 2>;
FoundPair read_pair(const Tensor& image);  // [3, 16, 16]

// What many images are like, in % of all.
struct PairCounts {
  double found = 0;                        // a shape of the kind that was asked in both corners
  double obeyed = 0;                       // and of one colour: the rule
  std::array<double, kColours> colours{};  // of the upper left shape, of the images where both are found
};
PairCounts count_pairs(const Tensor& images, const Tensor& kind);

}  // namespace fovea::examples
