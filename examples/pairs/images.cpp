#include "examples/pairs/images.h"

#include <fovea/autograd/ops.h>

#include <algorithm>
#include <cmath>

namespace fovea::examples {
namespace {

constexpr int64_t kCornerSide = kShapeSide + 2, kMostStray = 5;
using Pixel = std::array<double, 3>;
constexpr std::array<Pixel, kColours> kPalette{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}}};

// Whether a shape has ink at a pixel, counted from its corner of the image.
bool has_ink(size_t kind, int64_t row, int64_t column) {
  const int64_t middle = kShapeSide / 2, down = std::abs(row - middle), across = std::abs(column - middle);
  if (std::max(down, across) > middle) return false;
  return kind == 0 || (kind == 1 && down + across <= middle) || (kind == 2 && down == across);
}

// A row or column of the image, counted from a corner.
int64_t from_corner(size_t corner, int64_t at) { return corner == 0 ? at : kSide - 1 - at; }

// [kinds, 16 16]: 1 where the two shapes have ink.
Tensor both_shapes() {
  Tensor all = zeros({kKinds, kSide * kSide});
  for (int64_t kind = 0; kind < kKinds; ++kind)
    for (int64_t row = 0; row < kShapeSide; ++row)
      for (int64_t column = 0; column < kShapeSide; ++column)
        for (size_t corner = 0; corner < 2 && has_ink(static_cast<size_t>(kind), row, column); ++corner)
          all.set({kind, from_corner(corner, row) * kSide + from_corner(corner, column)}, 1);
  return all;
}

Tensor palette() {
  Tensor all = empty({kColours, 3});
  for (int64_t k = 0; k < kColours; ++k)
    for (int64_t c = 0; c < 3; ++c) all.set({k, c}, kPalette[static_cast<size_t>(k)][static_cast<size_t>(c)]);
  return all;
}

Pixel pixel_of(const Tensor& image, int64_t row, int64_t column) {
  Pixel pixel{};
  for (int64_t c = 0; c < 3; ++c) pixel[static_cast<size_t>(c)] = 0.5 + 0.5 * image.at({c, row, column});
  return pixel;
}
bool inked(const Pixel& pixel) { return *std::max_element(pixel.begin(), pixel.end()) > 0.5; }

std::optional<int64_t> nearest_colour(const Pixel& mean) {
  for (size_t k = 0; k < kPalette.size(); ++k) {
    double away = 0;
    for (size_t c = 0; c < 3; ++c) away = std::max(away, std::abs(mean[c] - kPalette[k][c]));
    if (away <= 0.3) return static_cast<int64_t>(k);  // at most one
  }
  return {};
}

std::optional<FoundShape> read_corner(const Tensor& image, size_t corner) {
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

}  // namespace

PairImages draw_pairs(int64_t count, Generator& generator) {
  static const Tensor shapes = both_shapes(), colours = palette();
  const Tensor kind = randint({count}, 0, kKinds, generator), colour = randint({count}, 0, kColours, generator);
  const Tensor ink = unsqueeze(index_select(shapes, 0, kind), 1), pure = unsqueeze(index_select(colours, 0, colour), 2);
  return {reshape(pure * ink * 2 - 1, {count, 3, kSide, kSide}), kind, colour};
}

ReadPair read_pair(const Tensor& image) {
  ReadPair read{.corners = {read_corner(image, 0), read_corner(image, 1)}};
  const int64_t last = kSide - kCornerSide;
  for (int64_t row = 0; row < kSide; ++row)
    for (int64_t column = 0; column < kSide; ++column) {
      const bool first = row < kCornerSide && column < kCornerSide, second = row >= last && column >= last;
      read.stray += !first && !second && inked(pixel_of(image, row, column)) ? 1 : 0;
    }
  return read;
}

PairShares shares_of(const Tensor& images, const Tensor& kind) {
  PairShares shares;
  for (int64_t i = 0; i < images.size(0); ++i) {
    const ReadPair read = read_pair(images[i]);
    const auto& [first, second] = read.corners;
    const auto asked = kind.at<int64_t>({i});
    if (!first || !second || first->kind != asked || second->kind != asked || read.stray > kMostStray) continue;
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
