#include "examples/pairs/images.h"

#include <fovea/autograd/ops.h>

#include <cmath>
#include <vector>

namespace fovea::examples {
namespace {

constexpr int64_t kPlaces = 4;  // of a shape in its corner: 1 or 2 pixels below and right of the corner's edge
constexpr std::array<std::array<double, 3>, kColours> kPalette{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}}};

bool inside(int64_t kind, int64_t row, int64_t column) {
  if (row < 0 || column < 0 || row >= kShapeSide || column >= kShapeSide) return false;
  const int64_t down = std::abs(row - kShapeSide / 2), across = std::abs(column - kShapeSide / 2);
  return kind == 0 || (kind == 1 && down + across <= kShapeSide / 2) || (kind == 2 && down == across);
}

// Whether a shape at `place` has ink at a pixel of its corner.
bool has_ink(int64_t kind, int64_t place, int64_t row, int64_t column) {
  return inside(kind, row - 1 - place / 2, column - 1 - place % 2);
}

// Row and column of the first pixel of a corner.
int64_t first_of(size_t corner) { return corner == 0 ? 0 : kSide - kCornerSide; }

// [kinds places, 28 28]: 1 where the shape of a corner has ink.
Tensor shapes_of(size_t corner) {
  Tensor all = zeros({kKinds * kPlaces, kSide * kSide});
  for (int64_t i = 0; i < kKinds * kPlaces; ++i)
    for (int64_t row = 0; row < kCornerSide; ++row)
      for (int64_t column = 0; column < kCornerSide; ++column)
        if (has_ink(i / kPlaces, i % kPlaces, row, column))
          all.set({i, (first_of(corner) + row) * kSide + first_of(corner) + column}, 1);
  return all;
}

std::optional<FoundShape> read_corner(const Tensor& image, size_t corner) {
  std::array<double, kKinds * kPlaces> common{}, either{};
  std::array<double, 3> colour{};
  double ink = 0;
  for (int64_t row = 0; row < kCornerSide; ++row)
    for (int64_t column = 0; column < kCornerSide; ++column) {
      std::array<double, 3> pixel{};
      for (int64_t c = 0; c < 3; ++c)
        pixel[static_cast<size_t>(c)] = image.at({c, first_of(corner) + row, first_of(corner) + column}) / 2 + 0.5;
      const bool inked = std::max({pixel[0], pixel[1], pixel[2]}) > 0.5;
      for (size_t i = 0; i < common.size(); ++i) {
        const bool shape = has_ink(static_cast<int64_t>(i) / kPlaces, static_cast<int64_t>(i) % kPlaces, row, column);
        common[i] += shape && inked, either[i] += shape || inked;
      }
      for (size_t c = 0; c < 3 && inked; ++c) colour[c] += pixel[c];
      ink += inked;
    }
  for (size_t i = 0; i < common.size(); ++i) {
    if (ink == 0 || common[i] < 0.75 * either[i]) continue;
    for (size_t k = 0; k < kPalette.size(); ++k) {
      double away = 0;
      for (size_t c = 0; c < 3; ++c) away = std::max(away, std::abs(colour[c] / ink - kPalette[k][c]));
      if (away <= 0.3) return FoundShape{static_cast<int64_t>(i) / kPlaces, static_cast<int64_t>(k)};
    }
  }
  return {};
}

}  // namespace

PairImages draw_pairs(int64_t count, Generator& generator) {
  static const std::array<Tensor, 2> shapes{shapes_of(0), shapes_of(1)};
  static const Tensor palette = [] {
    Tensor all = zeros({kColours, 3});
    for (size_t k = 0; k < kPalette.size(); ++k)
      for (size_t c = 0; c < 3; ++c) all.set({static_cast<int64_t>(k), static_cast<int64_t>(c)}, kPalette[k][c]);
    return all;
  }();
  const Tensor kind = randint({count}, 0, kKinds, generator), colour = randint({count}, 0, kColours, generator);
  Tensor ink = zeros({count, kSide * kSide});
  for (const Tensor& of_corner : shapes)
    ink = ink + index_select(of_corner, 0, kind * kPlaces + randint({count}, 0, kPlaces, generator));
  const Tensor image = unsqueeze(index_select(palette, 0, colour), 2) * unsqueeze(ink, 1) * 2 - 1;
  return {reshape(image, {count, 3, kSide, kSide}), kind, colour};
}

FoundPair read_pair(const Tensor& image) { return {read_corner(image, 0), read_corner(image, 1)}; }

PairCounts count_pairs(const Tensor& images, const Tensor& kind) {
  PairCounts counts;
  double found = 0;
  for (int64_t i = 0; i < images.size(0); ++i) {
    const auto [first, second] = read_pair(images[i]);
    const auto asked = kind.at<int64_t>({i});
    if (!first || !second || first->kind != asked || second->kind != asked) continue;
    ++found;
    counts.obeyed += first->colour == second->colour;
    ++counts.colours[static_cast<size_t>(first->colour)];
  }
  const double all = 100 / static_cast<double>(images.size(0));
  counts.found = found * all, counts.obeyed *= all;
  for (double& share : counts.colours) share *= found > 0 ? 100 / found : 0;
  return counts;
}

}  // namespace fovea::examples
