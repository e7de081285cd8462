// The world of the trackers: what its boxes and shares say is what its frames show; and what a tracker may know.
#include <fovea/layers/vision/boxes.h>
#include <tests/catch.h>

#include <set>

#include "examples/track/evaluation.h"
#include "examples/track/trackers.h"
#include "examples/track/world.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

// Full rectangles, of 12 x 8 and 6 x 10 pixels.
Tensor rectangles() {
  Tensor digits = zeros({2, 28, 28}, f32);
  slice(slice(select(digits, 0, 0), 0, 7, 19), 1, 10, 18).fill_(255);
  slice(slice(select(digits, 0, 1), 0, 3, 9), 1, 0, 10).fill_(255);
  return to(digits, u8);
}

Scenes some_scenes(const WorldOptions& o, int64_t count = 20, uint64_t seed = 1) {
  Generator generator(seed);
  return draw_scenes(rectangles(), o, count, generator);
}

// Ink of frame t of scene b within its box, over the box's area.
double filled(const Scenes& scenes, int64_t b, int64_t t) {
  const Tensor box = select(select(scenes.boxes, 0, b), 0, t), frame = select(select(scenes.frames, 0, b), 0, t);
  const auto side = [&](int64_t d) {
    return std::pair(box.at({d}) - box.at({d + 2}) / 2, box.at({d}) + box.at({d + 2}) / 2);
  };
  const auto [top, bottom] = side(0);
  const auto [left, right] = side(1);
  const Tensor inside =
      slice(slice(frame, 1, std::lround(top), std::lround(bottom)), 2, std::lround(left), std::lround(right));
  REQUIRE(inside.numel() == std::lround(box.at({2}) * box.at({3})));
  return sum(inside).item() / static_cast<double>(inside.numel());
}

}  // namespace

TEST_CASE("a box is around the ink, in every frame", "[track]") {
  const Scenes scenes = some_scenes({.side = 40, .frames = 30, .distractors = 0, .bar = 0});
  REQUIRE(scenes.frames.shape() == Shape{20, 31, 1, 40, 40});
  REQUIRE(equal(scenes.seen, ones({20, 31})));
  std::set<double> heights;
  for (int64_t b = 0; b < 20; ++b)
    for (int64_t t = 0; t <= 30; ++t) {
      REQUIRE(filled(scenes, b, t) == 1);
      heights.insert(scenes.boxes.at({b, t, 2}));
      REQUIRE(sum(select(select(scenes.frames, 0, b), 0, t)).item() ==
              Approx(scenes.boxes.at({b, t, 2}) * scenes.boxes.at({b, t, 3})));
    }
  REQUIRE(heights == std::set<double>{6, 12});
}

TEST_CASE("a digit goes on with one speed and is thrown back by the sides", "[track]") {
  const Scenes scenes = some_scenes({.side = 40, .frames = 60, .distractors = 0, .bar = 0, .speed = 3});
  int64_t turns = 0;
  for (int64_t b = 0; b < 20; ++b)
    for (const int64_t side : {0, 1}) {
      const auto at = [&](int64_t t) { return scenes.boxes.at({b, t, side}); };
      double pace = 0;  // of the steps without a turn, at most
      for (int64_t t = 1; t <= 60; ++t) pace = std::max(pace, std::abs(at(t) - at(t - 1)));
      REQUIRE(pace <= 4);  // a whole pixel more, by rounding
      for (int64_t t = 2; t <= 60; ++t) {
        const double change = std::abs((at(t) - at(t - 1)) - (at(t - 1) - at(t - 2)));
        if (change <= 2) continue;
        const double half = scenes.boxes.at({b, t, side + 2}) / 2, near = std::min(at(t - 1), 40 - at(t - 1)) - half;
        REQUIRE(near <= 4);  // only there does it turn
        ++turns;
      }
    }
  REQUIRE(turns > 20);
}

TEST_CASE("the bar hides the first digit at some time, and its share is what is seen", "[track]") {
  const Scenes scenes = some_scenes({.side = 48, .frames = 30, .distractors = 0, .bar = 14});
  for (int64_t b = 0; b < 20; ++b) {
    double least = 1;
    for (int64_t t = 0; t <= 30; ++t) {
      const double seen = scenes.seen.at({b, t});
      least = std::min(least, seen);
      REQUIRE(filled(scenes, b, t) == Approx(seen + (1 - seen) * 0.5).epsilon(1e-5));
    }
    REQUIRE(least < 0.01);  // 14 pixels hide all of 12
  }
  const Scenes none = some_scenes({.side = 48, .frames = 9, .distractors = 3, .bar = 0});
  REQUIRE(equal(none.seen, ones({20, 10})));
}

TEST_CASE("other digits move beside the one that is meant, and a seed gives the same scenes again", "[track]") {
  const WorldOptions options{.side = 64, .frames = 5, .distractors = 2};
  const Scenes scenes = some_scenes(options), again = some_scenes(options), others = some_scenes(options, 20, 2);
  REQUIRE(equal(scenes.frames, again.frames));
  REQUIRE(equal(scenes.boxes, again.boxes));
  REQUIRE(!equal(scenes.frames, others.frames));
  const Scenes alone = some_scenes({.side = 64, .frames = 5, .distractors = 0, .bar = 0});
  REQUIRE(mean(scenes.frames).item() > 1.5 * mean(alone.frames).item());
  Generator generator(1);
  REQUIRE_THROWS_AS(draw_scenes(zeros({3, 20, 28}), options, 2, generator), ValueError);
  REQUIRE_THROWS_AS(draw_scenes(rectangles(), {.side = 20}, 2, generator), ValueError);
}

TEST_CASE("an image without ink is all box", "[track]") {
  const std::vector<uint8_t> image(28 * 28, 10);
  const auto ink = ink_of(image.data());
  REQUIRE((ink[0].begin == 0 && ink[0].size == 28 && ink[1].size == 28));
}

TEST_CASE("a tracker knows the frames so far and the first box, and no more", "[track]") {
  for (const std::string model : {"hart", "fixed", "cnn"}) {
    INFO(model);
    Generator generator(3);
    const HartOptions options{.crop = 8, .features = 3, .hidden_size = 6};
    const fovea::Box<Tracker> tracker = model == "cnn"
                                            ? fovea::Box<Tracker>(FrameTracker(32, 3, 6, generator))
                                            : fovea::Box<Tracker>(HartTracker(options, 32, model == "hart", generator));
    const Scenes scenes = some_scenes({.side = 32, .frames = 5}, 3);
    const Tensor first = select(scenes.boxes, 1, 0);
    const Track track = (*tracker)(scenes.frames, first);
    REQUIRE(track.boxes.shape() == Shape{3, 6, 4});
    REQUIRE(track.windows.defined() == (model != "cnn"));
    Tensor later = clone(scenes.frames);
    slice(later, 1, 4).fill_(0.25);
    const Track other = (*tracker)(later, first);
    REQUIRE(equal(contiguous(slice(track.boxes, 1, 0, 4)), contiguous(slice(other.boxes, 1, 0, 4))));
    REQUIRE(!equal(contiguous(select(track.boxes, 1, 4)), contiguous(select(other.boxes, 1, 4))));
    REQUIRE(!equal((*tracker)(scenes.frames, first + 1).boxes, track.boxes));
    REQUIRE(std::isfinite(tracker->loss(track, scenes.boxes).item()));
    if (model == "fixed") {
      for (int64_t t = 1; t < 6; ++t)
        REQUIRE(equal(contiguous(select(track.windows, 1, t)), contiguous(select(track.windows, 1, 0))));
    }
  }
}

TEST_CASE("a box that a network without a window moves for long stays in and around the frame", "[track]") {
  Generator generator(4);
  for (const double weight : {5.0, -5.0}) {
    INFO(weight);
    FrameTracker tracker(28, 1, 1, generator);
    for (const Tensor& parameter : parameters(tracker)) parameter.detach().fill_(5);
    parameters(tracker).back().detach().fill_(100 * weight);  // tanh in (3) is 1 or -1
    const Scenes scenes = some_scenes({.side = 28, .frames = 150}, 1);
    const Track track = tracker(scenes.frames, select(scenes.boxes, 1, 0));
    const Tensor last = select(select(track.boxes, 0, 0), 0, 150);
    REQUIRE(equal(last, weight > 0 ? tensor({28.0F, 28.0F, 56.0F, 56.0F}) : tensor({0.0F, 0.0F, 1.0F, 1.0F})));
    REQUIRE(std::isfinite(mean(iou(track.boxes, scenes.boxes)).item()));
  }
}

TEST_CASE("where nothing is hidden there is no mean of it", "[track]") {
  Agreement agreement(2);
  agreement.add(ones({1, 2}), ones({1, 2}));
  REQUIRE(agreement.mean() == 1);
  REQUIRE(std::isnan(agreement.hidden()));
  REQUIRE(or_none(agreement.hidden()) == "none");
  REQUIRE(or_none(0) == "0.000");
}

TEST_CASE("agreement is taken by frame, where half is hidden, and around the darkest frame", "[track]") {
  Agreement agreement(4);
  agreement.add(tensor({0.8, 0.6, 0.4, 0.2, 1.0, 1.0, 1.0, 1.0}, {2, 4}),
                tensor({1.0, 0.5, 0.1, 1.0, 1.0, 0.9, 0.8, 1.0}, {2, 4}));
  REQUIRE(agreement.mean() == Approx(0.75));
  REQUIRE(agreement.hidden() == Approx(0.5));
  REQUIRE(agreement.by_frame()[1] == Approx(0.8));
  REQUIRE(agreement.around().size() == 2 * Agreement::reach + 1);
  REQUIRE(agreement.around()[Agreement::reach] == Approx(0.4));
  REQUIRE(agreement.around()[Agreement::reach - 2] == Approx(0.8));
  REQUIRE(agreement.around()[Agreement::reach + 1] == Approx(0.2));
  REQUIRE(std::isnan(agreement.around()[0]));  // no frame is so far from the darkest
}
