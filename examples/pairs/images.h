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

#include <fovea/autograd/ops.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace fovea::examples {

inline constexpr int64_t kSide = 16, kShapeSide = 5, kKinds = 3, kColours = 4;

struct PairImages {
  Tensor image, kind, colour;
};

namespace pair_detail {

inline constexpr int64_t kCornerSide = kShapeSide + 2, kMostStray = 5;
using Pixel = std::array<double, 3>;
inline constexpr std::array<Pixel, kColours> kPalette{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}}};

// Whether a shape has ink at a pixel, counted from its corner of the image.
inline bool has_ink(size_t kind, int64_t row, int64_t column) {
  const int64_t middle = kShapeSide / 2, down = std::abs(row - middle), across = std::abs(column - middle);
  if (std::max(down, across) > middle) return false;
  return kind == 0 || (kind == 1 && down + across <= middle) || (kind == 2 && down == across);
}

// A row or column of the image, counted from a corner.
inline int64_t from_corner(size_t corner, int64_t at) { return corner == 0 ? at : kSide - 1 - at; }

// [kinds, 16 16]: 1 where the two shapes have ink.
inline Tensor both_shapes() {
  Tensor all = zeros({kKinds, kSide * kSide});
  for (int64_t kind = 0; kind < kKinds; ++kind)
    for (int64_t row = 0; row < kShapeSide; ++row)
      for (int64_t column = 0; column < kShapeSide; ++column)
        for (size_t corner = 0; corner < 2 && has_ink(static_cast<size_t>(kind), row, column); ++corner)
          all.set({kind, from_corner(corner, row) * kSide + from_corner(corner, column)}, 1);
  return all;
}

inline Tensor palette() {
  Tensor all = empty({kColours, 3});
  for (int64_t k = 0; k < kColours; ++k)
    for (int64_t c = 0; c < 3; ++c) all.set({k, c}, kPalette[static_cast<size_t>(k)][static_cast<size_t>(c)]);
  return all;
}

}  // namespace pair_detail

inline PairImages draw_pairs(int64_t count, Generator& generator) {
  static const Tensor shapes = pair_detail::both_shapes(), colours = pair_detail::palette();
  const Tensor kind = randint({count}, 0, kKinds, generator), colour = randint({count}, 0, kColours, generator);
  const Tensor ink = unsqueeze(index_select(shapes, 0, kind), 1), pure = unsqueeze(index_select(colours, 0, colour), 2);
  return {reshape(pure * ink * 2 - 1, {count, 3, kSide, kSide}), kind, colour};
}

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

namespace pair_detail {

inline Pixel pixel_of(const Tensor& image, int64_t row, int64_t column) {
  Pixel pixel{};
  for (int64_t c = 0; c < 3; ++c) pixel[static_cast<size_t>(c)] = 0.5 + 0.5 * image.at({c, row, column});
  return pixel;
}
inline bool inked(const Pixel& pixel) { return *std::max_element(pixel.begin(), pixel.end()) > 0.5; }

inline std::optional<int64_t> nearest_colour(const Pixel& mean) {
  for (size_t k = 0; k < kPalette.size(); ++k) {
    double away = 0;
    for (size_t c = 0; c < 3; ++c) away = std::max(away, std::abs(mean[c] - kPalette[k][c]));
    if (away <= 0.3) return static_cast<int64_t>(k);  // at most one
  }
  return {};
}

inline std::optional<FoundShape> read_corner(const Tensor& image, size_t corner) {
  std::array<double, kKinds> common{}, either{};
  Pixel sum{};
  double ink = 0;
  for (int64_t row = 0; row < kCornerSide; ++row)
    for (int64_t column = 0; column < kCornerSide; ++column) {
      const Pixel pixel = pixel_of(image, from_corner(corner, row), from_corner(corner, column));
      const bool here = inked(pixel);
      for (size_t kind = 0; kind < kKinds; ++kind) {
        const bool shape = has_ink(kind, row, column);
        common[kind] += shape && here ? 1 : 0, either[kind] += shape || here ? 1 : 0;
      }
      for (size_t c = 0; c < 3 && here; ++c) sum[c] += pixel[c];
      ink += here ? 1 : 0;
    }
  for (size_t kind = 0; kind < kKinds; ++kind) {
    if (common[kind] < 0.75 * either[kind]) continue;
    const auto colour = nearest_colour({sum[0] / ink, sum[1] / ink, sum[2] / ink});
    if (colour) return FoundShape{static_cast<int64_t>(kind), *colour};
  }
  return {};
}

}  // namespace pair_detail

// image [3, 16, 16].
inline ReadPair read_pair(const Tensor& image) {
  ReadPair read{.corners = {pair_detail::read_corner(image, 0), pair_detail::read_corner(image, 1)}};
  const int64_t last = kSide - pair_detail::kCornerSide;
  for (int64_t row = 0; row < kSide; ++row)
    for (int64_t column = 0; column < kSide; ++column) {
      const bool first = row < pair_detail::kCornerSide && column < pair_detail::kCornerSide,
                 second = row >= last && column >= last;
      read.stray += !first && !second && pair_detail::inked(pair_detail::pixel_of(image, row, column)) ? 1 : 0;
    }
  return read;
}

// Of many images, each asked to be of one kind, in %.
struct PairShares {
  double drawn = 0;                        // a shape of that kind in both corners, and at most 5 stray pixels
  double obeyed = 0;                       // and of one colour: the rule
  std::array<double, kColours> colours{};  // of the upper left shapes of those that are drawn
  double commonest() const { return *std::max_element(colours.begin(), colours.end()); }
};
inline PairShares shares_of(const Tensor& images, const Tensor& kind) {
  PairShares shares;
  for (int64_t i = 0; i < images.size(0); ++i) {
    const ReadPair read = read_pair(images[i]);
    const auto& [first, second] = read.corners;
    const auto asked = kind.at<int64_t>({i});
    if (!first || !second || first->kind != asked || second->kind != asked || read.stray > pair_detail::kMostStray)
      continue;
    ++shares.drawn;
    shares.obeyed += first->colour == second->colour ? 1 : 0;
    ++shares.colours[static_cast<size_t>(first->colour)];
  }
  for (double& share : shares.colours) share *= 100 / std::max(1.0, shares.drawn);
  const double all = 100 / static_cast<double>(images.size(0));
  shares.drawn *= all, shares.obeyed *= all;
  return shares;
}

}  // namespace fovea::examples
