// The digits of glimpse: which ones train, validate and test; and the picture of where a network looked.
#include <tests/catch.h>

#include <set>

#include "examples/glimpse/digits.h"
#include "examples/glimpse/pictures.h"

using namespace fovea;
using namespace fovea::examples;
using fovea::test::contains;

namespace {

// Digit i is grey as i throughout, and labelled i modulo 10.
Digits numbered(int64_t count) {
  const Tensor numbers = arange(count);
  return {to(contiguous(expand(reshape(numbers, {count, 1, 1}), {count, 28, 28})), u8),
          remainder(numbers, full({}, 10, i64))};
}

}  // namespace

TEST_CASE("a twelfth of the training digits validates and is not trained with", "[glimpse]") {
  const DigitTask task("digits", numbered(36), numbered(5));
  REQUIRE(task.validation().labels.size(0) == 3);
  REQUIRE(task.test().labels.size(0) == 5);
  Generator generator(1);
  const auto [images, labels] = task.batch(500, generator);
  REQUIRE(images.shape() == Shape{500, 1, 28, 28});
  std::set<int64_t> seen;
  for (int64_t i = 0; i < 500; ++i) {
    const auto number = static_cast<int64_t>(std::lround(images.at({i, 0, 3, 4}) * 255));
    REQUIRE(labels.at<int64_t>({i}) == number % 10);
    seen.insert(number);
  }
  REQUIRE(seen.size() == 33);
  REQUIRE(*seen.rbegin() == 32);
  REQUIRE_THROWS_WITH(DigitTask("digits", numbered(11), numbered(5)),
                      contains("11 digits of training; need at least 12"));
}

TEST_CASE("digits of translated and cluttered stand on larger images, the same for the same draws", "[glimpse]") {
  for (const char* name : {"translated", "cluttered"}) {
    const DigitTask task(name, numbered(36), numbered(5));
    Generator one(1), same(1);
    const LabelledImages a = task.batch(6, one), b = task.batch(6, same), c = task.batch(6, one);
    REQUIRE(a.images.shape() == Shape{6, 1, 60, 60});
    REQUIRE(equal(a.images, b.images));
    REQUIRE(equal(a.labels, b.labels));
    REQUIRE(!equal(a.images, c.images));
  }
}

TEST_CASE("the picture of glimpses has a row for each image, frames where the sensor looked and what it saw",
          "[glimpse]") {
  Tensor images = zeros({2, 1, 8, 10});
  images.set({1, 0, 7, 9}, 1);
  const Tensor places = tensor({0.F, 0.F, 1.F, 1.F, -1.F, -1.F, 1.F, 1.F}, {2, 2, 2});
  const ImagePicture shown = glimpses_of(images, places, 2, 2, {"one", "other"});
  REQUIRE(shown.columns == 3);
  REQUIRE(shown.panels.size() == 6);
  const ImagePanel& row = shown.panels[3];
  REQUIRE(row.title == "other");
  REQUIRE((row.path[1].x == 10 && row.path[1].y == 8));
  REQUIRE((row.boxes[1].box.x == 9 && row.boxes[1].box.y == 7 && row.boxes[1].box.width == 2));
  REQUIRE(shown.panels[5].image.shape() == Shape{1, 2, 4});  // both scales side by side
  REQUIRE(shown.panels[5].image.at({0, 0, 0}) == 1);
  REQUIRE(shown.panels[5].image.at({0, 0, 2}) == 0.25);
  REQUIRE(sum(shown.panels[4].image).item() == 0);
}
