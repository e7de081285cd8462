#include "examples/pairs/images.h"

#include <fovea/autograd/ops.h>

#include <cmath>
#include <vector>

namespace fovea::examples {
namespace {

constexpr std::array<std::array<double, 3>, kColours> kPalette{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}}};

// Whether a shape has ink at a pixel of its corner, which is `row` and `column` away from the image's corner.
bool has_ink(int64_t kind, int64_t row, int64_t column) {
  const int64_t down = std::abs(row - kShapeSide / 2), across = std::abs(column - kShapeSide / 2);
  if (std::max(down, across) > kShapeSide / 2) return false;
  return kind == 0 || (kind == 1 && down + across <= kShapeSide / 2) || (kind == 2 && down == across);
}

// A row or column of the image, for one of a corner.
int64_t from_corner(size_t corner, int64_t at) { return corner == 0 ? at : kSide - 1 - at; }

// [kinds, 16 16]: 1 where the two shapes have ink.
Tensor shapes() {
  Tensor all = zeros({kKinds, kSide * kSide});
  for (int64_t kind = 0; kind < kKinds; ++kind)
    for (int64_t row = 0; row < kCornerSide; ++row)
      for (int64_t column = 0; column < kCornerSide; ++column)
        for (size_t corner = 0; corner < 2 && has_ink(kind, row, column); ++corner)
          all.set({kind, from_corner(corner, row) * kSide + from_corner(corner, column)}, 1);
  return all;
}

std::optional<FoundShape> read_corner(const Tensor& image, size_t corner) {
  std::array<double, kKinds> common{}, either{};
  std::array<double, 3> colour{};
  double ink = 0;
  for (int64_t row = 0; row < kCornerSide; ++row)
    for (int64_t column = 0; column < kCornerSide; ++column) {
      std::array<double, 3> pixel{};
      for (size_t c = 0; c < 3; ++c)
        pixel[c] =
            0.5 + 0.5 * image.at({static_cast<int64_t>(c), from_corner(corner, row), from_corner(corner, column)});
      const bool inked = std::max({pixel[0], pixel[1], pixel[2]}) > 0.5;
      for (size_t kind = 0; kind < common.size(); ++kind) {
        const bool shape = has_ink(static_cast<int64_t>(kind), row, column);
        common[kind] += shape && inked, either[kind] += shape || inked;
      }
      for (size_t c = 0; c < 3 && inked; ++c) colour[c] += pixel[c];
      ink += inked;
    }
  for (size_t kind = 0; kind < common.size(); ++kind) {
    if (common[kind] < 0.75 * either[kind]) continue;
    for (size_t k = 0; k < kPalette.size(); ++k) {
      double away = 0;
      for (size_t c = 0; c < 3; ++c) away = std::max(away, std::abs(colour[c] / ink - kPalette[k][c]));
      if (away <= 0.3) return FoundShape{static_cast<int64_t>(kind), static_cast<int64_t>(k)};
    }
  }
  return {};
}

}  // namespace

PairImages draw_pairs(int64_t count, Generator& generator) {
  static const Tensor of_kind = shapes();
  static const Tensor palette = [] {
    Tensor all = zeros({kColours, 3});
    for (size_t k = 0; k < kPalette.size(); ++k)
      for (size_t c = 0; c < 3; ++c) all.set({static_cast<int64_t>(k), static_cast<int64_t>(c)}, kPalette[k][c]);
    return all;
  }();
  const Tensor kind = randint({count}, 0, kKinds, generator), colour = randint({count}, 0, kColours, generator);
  const Tensor ink = unsqueeze(index_select(of_kind, 0, kind), 1),
               pure = unsqueeze(index_select(palette, 0, colour), 2);
  const Tensor image = pure * ink * 2 - 1;
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
