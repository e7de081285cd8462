// A world of shapes: images with one to three shapes, and the one caption that each has.
//
//   image     [3, 32, 32], 4 x 4 cells of 8 x 8 pixels; a shape lies in one cell, and a cell holds at most one
//   shape     a circle, square or triangle; red, green, blue or yellow; its size and its place in the cell vary
//   caption   thing {relation thing},   thing = "a" colour kind,   "a red circle above a blue square"
//   order     by colour, then kind, then cell, row by row; each in the order of the lists below
//   relation  of a thing to the one named after it: above or below it, or, in one row, left of or right of it
//
// So the caption is a function of the image. Errors: ValueError for a number of shapes outside 1 .. 3.
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/core/random.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace fovea::examples {

inline constexpr int64_t kImageSide = 32, kCells = 4, kCellSide = kImageSide / kCells, kMostShapes = 3;
inline constexpr int64_t kColours = 4, kKinds = 3;
inline constexpr int64_t kBegin = 0, kEnd = 1, kArticle = 2, kFirstColour = 3, kFirstKind = kFirstColour + kColours;
inline constexpr int64_t kAbove = kFirstKind + kKinds, kBelow = kAbove + 1, kLeft = kAbove + 2, kRight = kAbove + 3,
                         kOf = kAbove + 4, kVocabulary = kAbove + 5;
// By id.
inline const std::array<std::string, kVocabulary> kWords = {"<begin>", "<end>",  "a",      "red",    "green",
                                                            "blue",    "yellow", "circle", "square", "triangle",
                                                            "above",   "below",  "left",   "right",  "of"};

struct Thing {
  int64_t colour, kind, row, column;
  double x, y, radius;  // pixels: the middle, and how far it reaches
};
using Scene = std::vector<Thing>;  // in the order in which they are named

inline Scene in_order(Scene scene) {
  const auto place = [](const Thing& a) { return std::tuple(a.colour, a.kind, a.row, a.column); };
  std::sort(scene.begin(), scene.end(), [&](const Thing& a, const Thing& b) { return place(a) < place(b); });
  return scene;
}

inline Scene draw_scene(int64_t shapes, Generator& generator) {
  if (shapes < 1 || shapes > kMostShapes)
    throw ValueError("draw_scene: " + std::to_string(shapes) + " shapes; need 1 to " + std::to_string(kMostShapes));
  Scene scene;
  while (static_cast<int64_t>(scene.size()) < shapes) {
    const int64_t row = generator.randint(0, kCells), column = generator.randint(0, kCells);
    if (std::any_of(scene.begin(), scene.end(), [&](const Thing& a) { return a.row == row && a.column == column; }))
      continue;
    Thing thing{generator.randint(0, kColours), generator.randint(0, kKinds), row, column, 0, 0, 0};
    const auto middle = [&](int64_t cell) {
      return static_cast<double>(cell) * kCellSide + 3.7 + 0.6 * generator.uniform();
    };
    thing.x = middle(column), thing.y = middle(row), thing.radius = 2.6 + 0.6 * generator.uniform();
    scene.push_back(thing);
  }
  return in_order(std::move(scene));
}

// Scenes of `least` to `most` shapes, as often each.
inline std::vector<Scene> draw_scenes(int64_t count, int64_t least, int64_t most, Generator& generator) {
  std::vector<Scene> scenes;
  for (int64_t i = 0; i < count; ++i) scenes.push_back(draw_scene(generator.randint(least, most + 1), generator));
  return scenes;
}

// Without marks.
inline std::vector<int64_t> caption_of(const Scene& scene) {
  std::vector<int64_t> ids;
  for (size_t i = 0; i < scene.size(); ++i) {
    if (i > 0) {
      const Thing &a = scene[i - 1], &b = scene[i];
      if (a.row != b.row)
        ids.push_back(a.row < b.row ? kAbove : kBelow);
      else
        ids.push_back(a.column < b.column ? kLeft : kRight), ids.push_back(kOf);
    }
    ids.push_back(kArticle), ids.push_back(kFirstColour + scene[i].colour), ids.push_back(kFirstKind + scene[i].kind);
  }
  return ids;
}

inline std::string text_of(const std::vector<int64_t>& ids) {
  std::string text;
  for (const int64_t id : ids) text += (text.empty() ? "" : " ") + kWords.at(static_cast<size_t>(id));
  return text;
}

// How much of a pixel a shape covers whose middle lies so far to the right of its own, and below: from 0 to 1 where the
// edge passes.
inline double covered(const Thing& thing, double right, double down) {
  const double r = thing.radius, across = std::abs(right);
  const double inside = thing.kind == 0   ? r - std::hypot(right, down)
                        : thing.kind == 1 ? 0.9 * r - std::max(across, std::abs(down))
                                          : std::min(r - std::abs(down), (r + down - 2 * across) / std::sqrt(5.0));
  return std::clamp(inside + 0.5, 0.0, 1.0);  // a triangle stands on its base, as wide as it is high
}

// f32 [B, 3, 32, 32] in [0, 1]: red, green, blue.
inline Tensor images_of(const std::vector<Scene>& scenes) {
  constexpr double background = 0.1;
  constexpr double light[kColours][3] = {{0.9, 0.2, 0.2}, {0.2, 0.8, 0.3}, {0.25, 0.4, 0.95}, {0.95, 0.85, 0.2}};
  Tensor images = full({static_cast<int64_t>(scenes.size()), 3, kImageSide, kImageSide}, background, f32);
  auto* image = images.data<float>();
  for (const Scene& scene : scenes) {
    for (const Thing& thing : scene)
      for (int64_t i = thing.row * kCellSide; i < (thing.row + 1) * kCellSide; ++i)
        for (int64_t j = thing.column * kCellSide; j < (thing.column + 1) * kCellSide; ++j)
          for (int64_t c = 0; c < 3; ++c) {
            const double part =
                covered(thing, static_cast<double>(j) + 0.5 - thing.x, static_cast<double>(i) + 0.5 - thing.y);
            image[(c * kImageSide + i) * kImageSide + j] =
                static_cast<float>(background + part * (light[thing.colour][c] - background));
          }
    image += 3 * kImageSide * kImageSide;
  }
  return images;
}

// The captions of a batch, U as long as the longest needs.
struct Captions {
  Tensor input_ids;  // i64 [B, U]: begin, then the caption; the end mark fills up
  Tensor target;     // i64 [B, U]: the caption and its end mark, then the index that cross_entropy ignores
  Tensor nouns;      // bool [B, U]: target is a kind of shape
  Tensor cells;      // i64 [B, U]: there, the cell of its shape, counted row by row; 0 elsewhere
};

inline Captions captions_of(const std::vector<Scene>& scenes) {
  std::vector<std::vector<int64_t>> captions;
  size_t longest = 0;
  for (const Scene& scene : scenes)
    captions.push_back(caption_of(scene)), longest = std::max(longest, captions.back().size() + 1);
  std::vector<int64_t> input, target, cells;
  for (size_t b = 0; b < scenes.size(); ++b) {
    const std::vector<int64_t>& ids = captions[b];
    auto thing = scenes[b].begin();
    for (size_t t = 0; t < longest; ++t) {
      input.push_back(t == 0 ? kBegin : t <= ids.size() ? ids[t - 1] : kEnd);
      target.push_back(t < ids.size() ? ids[t] : t == ids.size() ? kEnd : CrossEntropyOptions{}.ignore_index);
      const bool noun = t < ids.size() && ids[t] >= kFirstKind && ids[t] < kFirstKind + kKinds;
      cells.push_back(noun ? thing->row * kCells + thing->column : 0);
      if (noun) ++thing;
    }
  }
  const Shape shape{static_cast<int64_t>(scenes.size()), static_cast<int64_t>(longest)};
  const Tensor words = from(target, shape);
  return {from(input, shape), words,
          logical_and(ge(words, static_cast<double>(kFirstKind)), lt(words, static_cast<double>(kFirstKind + kKinds))),
          from(cells, shape)};
}

}  // namespace fovea::examples
