// The world of shapes: one caption an image, shapes that stay in their cells; what is measured of a network.
#include <tests/catch.h>

#include <set>

#include "examples/caption/evaluation.h"
#include "examples/caption/pictures.h"
#include "examples/caption/world.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

Thing thing(int64_t colour, int64_t kind, int64_t row, int64_t column, double radius = 3) {
  const auto middle = [](int64_t cell) { return static_cast<double>(cell * kCellSide + 4); };
  return {colour, kind, row, column, middle(column), middle(row), radius};
}

std::string caption(const Scene& scene) { return text_of(caption_of(in_order(scene))); }

// The colour of the shape in a cell of image b, counted from 1, or 0 for none: that of its brightest pixel.
int64_t colour_in(const Tensor& images, int64_t b, int64_t row, int64_t column) {
  const Tensor cell = slice(slice(select(images, 0, b), 1, row * 8, row * 8 + 8), 2, column * 8, column * 8 + 8);
  const Tensor most = max(cell, {1, 2});
  const double red = most.at({0}), green = most.at({1}), blue = most.at({2});
  if (max(cell).item() < 0.11) return 0;
  return red > 0.8 && green > 0.8 ? 4 : blue > 0.9 ? 3 : green > 0.7 ? 2 : red > 0.8 ? 1 : -1;
}

}  // namespace

TEST_CASE("captions say things in their order, and how each lies to the next", "[caption]") {
  REQUIRE(caption({thing(0, 0, 2, 1)}) == "a red circle");
  REQUIRE(caption({thing(2, 1, 3, 0), thing(0, 0, 1, 2)}) == "a red circle above a blue square");
  REQUIRE(caption({thing(0, 0, 3, 2), thing(2, 1, 1, 0)}) == "a red circle below a blue square");
  REQUIRE(caption({thing(0, 0, 1, 0), thing(2, 1, 1, 3)}) == "a red circle left of a blue square");
  REQUIRE(caption({thing(0, 0, 1, 3), thing(2, 1, 1, 2)}) == "a red circle right of a blue square");
  REQUIRE(caption({thing(3, 2, 0, 0), thing(1, 1, 2, 2), thing(1, 0, 2, 3)}) ==
          "a green circle right of a green square below a yellow triangle");
  REQUIRE(caption({thing(0, 0, 2, 1), thing(0, 0, 0, 3)}) == "a red circle above a red circle");
  REQUIRE(caption({thing(0, 0, 2, 1), thing(0, 0, 2, 0)}) == "a red circle left of a red circle");
}

TEST_CASE("the caption is a function of the image: not of the order in which the shapes were put there", "[caption]") {
  Generator generator(3);
  std::set<std::string> relations;
  for (int i = 0; i < 300; ++i) {
    const Scene scene = draw_scene(3, generator);
    Scene other{scene[2], scene[0], scene[1]};
    REQUIRE(caption_of(in_order(other)) == caption_of(scene));
    REQUIRE(equal(images_of({other}), images_of({scene})));
    for (const int64_t id : caption_of(scene)) relations.insert(kWords.at(static_cast<size_t>(id)));
  }
  REQUIRE(relations.size() == static_cast<size_t>(kVocabulary) - 2);  // every word but the marks
}

TEST_CASE("a shape lies in its cell alone, has its colour, and kinds differ", "[caption]") {
  Generator generator(4);
  const std::vector<Scene> scenes = draw_scenes(200, 1, 3, generator);
  const Tensor images = images_of(scenes);
  REQUIRE(images.shape() == Shape{200, 3, 32, 32});
  std::set<size_t> counts;
  for (size_t b = 0; b < scenes.size(); ++b) {
    counts.insert(scenes[b].size());
    for (int64_t row = 0; row < kCells; ++row)
      for (int64_t column = 0; column < kCells; ++column) {
        int64_t colour = 0;
        for (const Thing& each : scenes[b])
          if (each.row == row && each.column == column) colour = each.colour + 1;
        REQUIRE(colour_in(images, static_cast<int64_t>(b), row, column) == colour);
      }
  }
  REQUIRE(counts == std::set<size_t>{1, 2, 3});
}

TEST_CASE("no shape reaches out of its cell, and no two kinds look alike, wherever they lie in it", "[caption]") {
  Generator generator(7);
  Tensor looks[kKinds];
  for (int64_t kind = 0; kind < kKinds; ++kind) {
    std::vector<Scene> scenes;
    while (scenes.size() < 100) {
      Scene scene = draw_scene(1, generator);
      if (scene[0].row != 1 || scene[0].column != 2) continue;
      scene[0].kind = kind, scene[0].colour = 3;
      for (const double beside : {-0.5, 8.5}) {  // the pixels around the cell
        const double x = 16 + beside - scene[0].x, y = 8 + beside - scene[0].y;
        for (double along = -4; along <= 4; along += 0.25)
          REQUIRE((covered(scene[0], x, along) < 1e-9 && covered(scene[0], along, y) < 1e-9));
      }
      scenes.push_back(scene);
    }
    looks[kind] = flatten(images_of(scenes), 1);
  }
  for (int64_t kind = 0; kind < kKinds; ++kind)
    for (int64_t i = 0; i < 100; ++i) {
      const Tensor apart = sum(abs(select(looks[kind], 0, i) - looks[(kind + 1) % kKinds]), 1);
      REQUIRE(min(apart).item() > 3);  // a pixel has at most 1.7
    }
}

TEST_CASE("a batch of captions has its marks, its padding, and the cell of each noun", "[caption]") {
  const std::vector<Scene> scenes{in_order({thing(0, 0, 1, 3)}), in_order({thing(1, 1, 0, 2), thing(0, 2, 0, 0)})};
  const Captions captions = captions_of(scenes);  // a red circle; a red triangle left of a green square
  const auto row = [](const Tensor& x, int64_t b) {
    std::vector<int64_t> values;
    for (int64_t t = 0; t < x.size(1); ++t) values.push_back(static_cast<int64_t>(x.at<int64_t>({b, t})));
    return values;
  };
  REQUIRE(row(captions.input_ids, 0) == std::vector<int64_t>{0, 2, 3, 7, 1, 1, 1, 1, 1});
  REQUIRE(row(captions.target, 0) == std::vector<int64_t>{2, 3, 7, 1, -100, -100, -100, -100, -100});
  REQUIRE(row(captions.target, 1) == std::vector<int64_t>{2, 3, 9, 12, 14, 2, 4, 8, 1});
  REQUIRE(row(to(captions.nouns, i64), 1) == std::vector<int64_t>{0, 0, 1, 0, 0, 0, 0, 1, 0});
  REQUIRE(row(captions.cells, 0) == std::vector<int64_t>{0, 0, 7, 0, 0, 0, 0, 0, 0});
  REQUIRE(row(captions.cells, 1) == std::vector<int64_t>{0, 0, 0, 0, 0, 0, 0, 2, 0});
  Generator generator(1);
  REQUIRE_THROWS_AS(draw_scene(0, generator), ValueError);
  REQUIRE_THROWS_AS(draw_scene(4, generator), ValueError);
}

TEST_CASE("places of a grid lie in the cells of the image", "[caption]") {
  const Tensor cells = reshape(cells_of_places(64), {8, 8});
  for (int64_t i = 0; i < 8; ++i)
    for (int64_t j = 0; j < 8; ++j) REQUIRE(cells.at<int64_t>({i, j}) == i / 2 * 4 + j / 2);
  REQUIRE(equal(cells_of_places(16), arange(16)));
}

TEST_CASE("what is right, and where was looked, are counted", "[caption]") {
  Generator generator(6);
  CaptionModel model({.channels = {3, 3, 4}},
                     {.vocabulary = kVocabulary, .features = 0, .embed_dim = 4, .hidden_size = 5}, generator);
  model.eval();
  const std::vector<Scene> scenes = draw_scenes(40, 1, 2, generator);
  const CaptionRightness found = evaluate(model, scenes, 2);
  REQUIRE(found.exact_percent == 0);
  const Captions truth = captions_of(scenes);
  const Tensor weights = model(images_of(scenes), truth.input_ids).weights;
  double nouns = 0, pointed = 0, mass = 0;
  for (int64_t b = 0; b < 40; ++b)
    for (int64_t t = 0; t < weights.size(1); ++t) {
      if (truth.target.at<int64_t>({b, t}) < 7 || truth.target.at<int64_t>({b, t}) > 9) continue;
      const int64_t cell = truth.cells.at<int64_t>({b, t});
      double most = -1, where = 0;
      for (int64_t i = 0; i < 64; ++i) {
        const double weight = weights.at({b, t, i});
        const bool inside = i / 8 / 2 * 4 + i % 8 / 2 == cell;
        if (weight > most) most = weight, where = inside ? 1 : 0;
        mass += inside ? weight : 0;
      }
      ++nouns;
      pointed += where;
    }
  REQUIRE(found.pointing_percent == Approx(100 * pointed / nouns));
  REQUIRE(found.mass_percent == Approx(100 * mass / nouns));
  Generator other(6);
  CaptionModel blind({.channels = {3, 3, 4}},
                     {.vocabulary = kVocabulary, .features = 0, .embed_dim = 4, .hidden_size = 5, .align = "none"},
                     other);
  REQUIRE(std::isnan(evaluate(blind, scenes, 1).pointing_percent));
}

TEST_CASE("a picture of a caption has every word of it, with attention or without", "[caption]") {
  const Scene scene = in_order({thing(0, 0, 2, 1), thing(2, 1, 1, 3)});
  for (const std::string attention : {"soft", "none"}) {
    INFO(attention);
    Generator generator(1);
    CaptionModel model({.channels = {3, 3, 4}},
                       {.vocabulary = kVocabulary, .features = 0, .embed_dim = 4, .hidden_size = 5, .align = attention},
                       generator);
    model.eval();
    const std::vector<int64_t> said = model.captions(images_of({scene}), 1).front();
    const ImagePicture picture = word_by_word(model, scene, 1);
    REQUIRE(!said.empty());
    REQUIRE(picture.panels.size() == said.size() + 1);
    for (size_t t = 0; t < said.size(); ++t) {
      REQUIRE(picture.panels[t + 1].note == kWords.at(static_cast<size_t>(said[t])));
      REQUIRE(picture.panels[t + 1].weights.defined() == (attention == "soft"));
    }
  }
}
