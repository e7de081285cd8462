// What examples/draw makes of digits, and where its pictures show the windows.
#include <tests/catch.h>

#include "examples/draw/digits.h"
#include "examples/draw/pictures.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

// Of `count` digits the upper half is ink, the lower none, and the last row a fifth.
Digits half_inked(int64_t count) {
  Tensor images = zeros({count, 28, 28});
  slice(images, 1, 0, 14).fill_(255);
  slice(images, 1, 27).fill_(51);
  return {to(images, u8), zeros({count}, i64)};
}

// One image, one window with g_Y 10, g_X 4, δ 2, σ 1 and γ 1.
Draw::State state_with_windows() {
  return {.canvas = zeros({1, 28, 28}), .read_window = tensor({10.0, 4.0, 2.0, 1.0, 1.0}, {1, 5})};
}

}  // namespace

TEST_CASE("a pixel of a digit is ink as often as it is dark", "[draw]") {
  const Digits digits = half_inked(50);
  Generator generator(1), same(1);
  const Tensor rows = arange(50), x = digits_at(digits, rows, generator), next = digits_at(digits, rows, generator);
  REQUIRE(x.shape() == Shape{50, 28, 28});
  REQUIRE(equal(clone(slice(x, 1, 0, 14)), ones({50, 14, 28})));
  REQUIRE(equal(clone(slice(x, 1, 14, 27)), zeros({50, 13, 28})));
  REQUIRE(mean(slice(x, 1, 27)).item() == Approx(0.2).margin(0.05));
  REQUIRE(!equal(x, next));
  REQUIRE(equal(x, digits_at(digits, rows, same)));
}

TEST_CASE("the canvas begins as the mean digit, within bounds", "[draw]") {
  const Tensor p = sigmoid(logits_of_mean(half_inked(1003), 1001));
  REQUIRE(p.at({0, 0}) == Approx(0.998));
  REQUIRE(p.at({20, 5}) == Approx(0.002));
  REQUIRE(p.at({27, 5}) == Approx(0.2));
}

TEST_CASE("a window is drawn around the middle of its grid, its pixels counted from their edges", "[draw]") {
  const Tensor window = state_with_windows().read_window;
  const Outline outline = outline_of({}, window, 0, 3, kReadColour);
  REQUIRE(outline.box.x == Approx(4.5 - 3));
  REQUIRE(outline.box.y == Approx(10.5 - 3));
  REQUIRE(outline.box.width == Approx(6));
  REQUIRE(outline.box.height == Approx(6));
  const Outline cut = outline_of({}, window, 0, 28, kReadColour);
  REQUIRE(cut.box.x == -2);
  REQUIRE(cut.box.x + cut.box.width == 30);
}

TEST_CASE("a picture of steps has each digit in a row, first as it is, and ends with the last step", "[draw]") {
  const DrawOptions o{.read_size = 3};
  std::vector<Draw::State> trace;
  for (int64_t t = 0; t < 8; ++t) {
    Draw::State state = state_with_windows();
    state.canvas = full({2, 28, 28}, static_cast<double>(t));
    state.read_window = cat({state.read_window, state.read_window}, 0);
    trace.push_back(state);
  }
  const ImagePicture picture = steps_picture(o, ones({2, 28, 28}), trace, 5);
  REQUIRE(picture.columns == 5);
  REQUIRE(picture.panels.size() == 10);
  REQUIRE(picture.panels[5].image.at({0, 0, 0}) == 1);
  REQUIRE(picture.panels[5].boxes.empty());
  REQUIRE(picture.panels[1].title == "step 2");
  REQUIRE(picture.panels[4].title == "8");
  for (const size_t last : {4, 9}) {
    REQUIRE(picture.panels[last].image.at({0, 3, 3}) == Approx(1 / (1 + std::exp(-7.0))));
    REQUIRE(picture.panels[last].boxes.size() == 1);
  }
  REQUIRE(canvases_picture(o, trace[0], 2, true).panels[1].boxes.size() == 1);
  REQUIRE(canvases_picture(o, trace[0], 2, false).panels[1].boxes.empty());
}
