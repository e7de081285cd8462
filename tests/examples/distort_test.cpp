// Distorted images: what no distortion leaves as it is, what is kept or bounded, other distortions for every image, the
// same ones from the same generator for any number of threads.
#include "examples/common/distort.h"

#include <fovea/autograd/ops.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/catch.h"
#include "tests/threads.h"

namespace fovea::examples {
namespace {

using test::Approx;
using test::contains;

Generator seeded(uint64_t seed = 3) { return Generator(seed); }

// Smooth, other for every image, and 0 at the border, as digits are.
Tensor blobs(int64_t count, int64_t side = 28, DType dtype = f32) {
  const Tensor at = (to(arange(side), dtype) + 0.5) / static_cast<double>(side);
  const Tensor b = reshape(to(arange(count), dtype), {count, 1, 1, 1});
  const Tensor x = reshape(at, {1, 1, 1, side}) - 0.4 - 0.02 * b, y = reshape(at, {1, 1, side, 1}) - 0.55;
  return relu(exp(-40.0 * square(x) - 15.0 * square(y)) - 0.05);
}

double greatest(const Tensor& x) { return max(x).item<float>(); }
double difference(const Tensor& a, const Tensor& b) { return greatest(abs(a - b)); }
Tensor image(const Tensor& batch, int64_t index) { return select(batch, 0, index); }

struct Distortion {
  const char* name;
  std::function<Tensor(const Tensor&, Generator&)> run;
  int64_t side = 28;  // of the result
};

const std::vector<Distortion>& distortions() {
  static const std::vector<Distortion> all = {
      {"rotated", [](const Tensor& x, Generator& g) { return rotated(x, 90, g); }},
      {"rotated_scaled_translated", [](const Tensor& x, Generator& g) { return rotated_scaled_translated(x, {}, g); },
       42},
      {"projected", [](const Tensor& x, Generator& g) { return projected(x, 5, g); }},
      {"elastic", [](const Tensor& x, Generator& g) { return elastic(x, {}, g); }},
      {"translated", [](const Tensor& x, Generator& g) { return translated(x, 60, g); }, 60},
      {"cluttered", [](const Tensor& x, Generator& g) { return cluttered(x, {}, g); }, 60},
      {"binarised", [](const Tensor& x, Generator& g) { return binarised(x, g); }}};
  return all;
}

TEST_CASE("each image is distorted in its own way, and stays within [0, 1]", "[distort]") {
  const Tensor same = expand(blobs(1), {5, 1, 28, 28});
  for (const Distortion& each : distortions()) {
    Generator generator = seeded();
    const Tensor images = each.name == std::string("cluttered") ? blobs(5) : same;
    const Tensor distorted = each.run(images, generator);
    CAPTURE(each.name);
    REQUIRE(distorted.shape() == Shape{5, 1, each.side, each.side});
    CHECK(distorted.dtype() == f32);
    CHECK(greatest(distorted) <= 1);
    CHECK(greatest(-distorted) <= 0);
    CHECK(greatest(distorted) > 0.5);
    for (int64_t i = 1; i < 5; ++i) CHECK(difference(image(distorted, i), image(distorted, 0)) > 0.05);
    CHECK(difference(each.run(images, generator), distorted) > 0.05);  // the next batch
  }
}

TEST_CASE("the same generator gives the same images, for any number of threads", "[distort][threads]") {
  const Tensor images = blobs(9);
  for (const Distortion& each : distortions()) {
    std::vector<Tensor> results;
    for (const int threads : {1, 2, 4, 4}) {
      const test::Threads limit(threads);
      Generator generator = seeded();
      results.push_back(each.run(images, generator));
    }
    CAPTURE(each.name);
    for (const Tensor& other : results) CHECK(equal(other, results[0]));
  }
}

TEST_CASE("images of f64 and of several channels are distorted as one", "[distort]") {
  const Tensor gray = blobs(3, 28, f64), channels = cat({gray, 0.5 * gray}, 1);
  for (const Distortion& each : distortions()) {
    if (each.name == std::string("binarised")) continue;  // each channel by itself
    Generator generator = seeded();
    const Tensor distorted = each.run(channels, generator);
    CAPTURE(each.name);
    CHECK(distorted.dtype() == f64);
    CHECK(max(abs(slice(distorted, 1, 1, 2) - 0.5 * slice(distorted, 1, 0, 1))).item<double>() < 1e-12);
  }
}

TEST_CASE("no angle, no scale, no shift and no field leave images as they are", "[distort]") {
  const Tensor images = rand({4, 1, 28, 28});
  Generator generator = seeded();
  CHECK(difference(rotated(images, 0, generator), images) < 1e-5);
  CHECK(difference(rotated_scaled_translated(images, {0, 1, 1, 28}, generator), images) < 1e-5);
  CHECK(difference(projected(images, 0, generator), images) < 1e-5);
  CHECK(difference(elastic(images, {0, 4}, generator), images) < 1e-5);
  CHECK(equal(translated(images, 28, generator), images));
  CHECK(equal(cluttered(images, {28, 0, 8}, generator), images));
  CHECK(equal(binarised(round(images), generator), round(images)));
}

TEST_CASE("images that are not square are turned as they are seen", "[distort]") {
  const Tensor images = blobs(2, 28), wide = pad(images, {7, 7, 0, 0});
  Generator one = seeded(), other = seeded();
  const Tensor turned = rotated(wide, 60, one);
  REQUIRE(turned.shape() == Shape{2, 1, 28, 42});
  CHECK(difference(slice(turned, 3, 7, 35), rotated(images, 60, other)) < 1e-4);
  for (const double most : {0.0, 3.0}) {
    Generator generator = seeded();
    CHECK(projected(wide, most, generator).shape() == wide.shape());
    CHECK(elastic(wide, {10 * most, 3}, generator).shape() == wide.shape());
  }
}

// Where the ink is on average, and how much there is: [B, 3], in pixels from the middle.
Tensor moments(const Tensor& images) {
  const int64_t side = images.size(2);
  const Tensor at = to(arange(side), f32) + 0.5 - static_cast<double>(side) / 2;
  const Tensor ink = sum(images, {1, 2, 3});
  const Tensor x = sum(images * reshape(at, {1, 1, 1, side}), {1, 2, 3}) / ink,
               y = sum(images * reshape(at, {1, 1, side, 1}), {1, 2, 3}) / ink;
  return stack({x, y, ink}, 1);
}

TEST_CASE("a rotation moves the ink around the middle by at most its angle, in both directions", "[distort]") {
  const Tensor images = expand(blobs(1), {400, 1, 28, 28});
  Generator generator = seeded();
  const Tensor before = moments(images), after = moments(rotated(images, 30, generator));
  double least = 1e9, most = -1e9;
  for (int64_t i = 0; i < 400; ++i) {
    const float x = after.at<float>({i, 0}), y = after.at<float>({i, 1});
    const double turn = std::atan2(y, x) - std::atan2(before.at<float>({i, 1}), before.at<float>({i, 0}));
    CHECK(std::hypot(x, y) == Approx(std::hypot(before.at<float>({i, 0}), before.at<float>({i, 1}))).margin(0.1));
    CHECK(after.at<float>({i, 2}) == Approx(before.at<float>({i, 2})).epsilon(0.02));
    least = std::min(least, std::remainder(turn, 2 * std::acos(-1.0)));
    most = std::max(most, std::remainder(turn, 2 * std::acos(-1.0)));
  }
  const double limit = std::acos(-1.0) / 6;
  CHECK(least > -limit - 0.05);
  CHECK(least < -0.9 * limit);
  CHECK(most < limit + 0.05);
  CHECK(most > 0.9 * limit);
}

TEST_CASE("a scaled image has scale^2 as much ink, and lies where it fits", "[distort]") {
  const Tensor images = expand(blobs(1), {200, 1, 28, 28});
  const double ink = moments(images).at<float>({0, 2});
  Generator generator = seeded();
  const Tensor after = moments(rotated_scaled_translated(images, {0, 0.7, 1.2, 42}, generator));
  CHECK(greatest(select(after, 1, 2)) / ink == Approx(1.2 * 1.2).epsilon(0.05));
  CHECK(-greatest(-select(after, 1, 2)) / ink == Approx(0.7 * 0.7).epsilon(0.05));
  const Tensor placed = moments(rotated_scaled_translated(images, {0, 1, 1, 42}, generator));
  for (const int64_t direction : {0, 1}) {
    const Tensor moved = select(placed, 1, direction) - select(moments(images), 1, direction);
    CHECK(greatest(moved) <= 7.01);
    CHECK(greatest(moved) > 6.5);
    CHECK(-greatest(-moved) >= -7.01);
    CHECK(-greatest(-moved) < -6.5);
  }
}

TEST_CASE("a projection reads the corners from at most so far, straight lines stay straight", "[distort]") {
  // Two ramps show from where each pixel was read, in pixels.
  const Tensor at = to(arange(28), f64);
  const Tensor ramps = stack({expand(unsqueeze(at, 0), {28, 28}), expand(unsqueeze(at, 1), {28, 28})}, 0);
  Generator generator = seeded();
  const Tensor read = projected(expand(unsqueeze(ramps, 0), {60, 2, 28, 28}), 6, generator);
  double most = 0;
  for (int64_t b = 0; b < 60; ++b) {
    const auto place = [&](int64_t i, int64_t j) {
      return std::pair(read.at<double>({b, 0, i, j}), read.at<double>({b, 1, i, j}));
    };
    const auto [x0, y0] = place(10, 9);
    const auto [x1, y1] = place(14, 14);
    const auto [x2, y2] = place(18, 19);
    CHECK((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0) == Approx(0).margin(1e-9));  // on one line
    most = std::max({most, std::abs(x1 - 14), std::abs(y1 - 14)});
    CHECK(x2 > x0);  // the image is never mirrored
    CHECK(y2 > y0);
  }
  CHECK(most < 6);
  CHECK(most > 1.5);
}

TEST_CASE("an elastic field is alpha times noise that a Gaussian smooths", "[distort]") {
  // A ramp shows the field: how far away each pixel was read.
  const int64_t B = 60, side = 40;
  const Tensor ramp = expand(reshape(to(arange(side), f64), {1, 1, 1, side}), {B, 1, side, side});
  const auto field = [&](double alpha, double sigma) {
    Generator generator = seeded();
    return slice(slice(elastic(ramp, {alpha, sigma}, generator) - ramp, 3, 14, 26), 2, 14, 26);
  };
  const Tensor away = field(34, 4);
  const double deviation = std::sqrt(mean(square(away)).item<double>());
  // Of uniform noise of variance 1/3: 34 sqrt(1/3 / (4 pi 4^2)) = 1.38 pixels.
  CHECK(deviation == Approx(1.38).epsilon(0.15));
  CHECK(mean(away).item<double>() == Approx(0).margin(0.3));
  CHECK(max(abs(field(17, 4) - 0.5 * away)).item<double>() < 1e-9);
  // Neighbours move together: squared difference of g * u at distance 1 over twice its variance, 1 - exp(-1 / (4 s^2)).
  const Tensor steps = slice(away, 2, 1, 12) - slice(away, 2, 0, 11);
  CHECK(mean(square(steps)).item<double>() / (2 * deviation * deviation) ==
        Approx(1 - std::exp(-1.0 / 64)).epsilon(0.2));
}

TEST_CASE("what is translated is all there, at places that are all drawn", "[distort]") {
  const Tensor images = rand({300, 1, 3, 2});
  Generator generator = seeded();
  const Tensor moved = translated(images, 4, generator);
  std::vector<int> found(6);
  for (int64_t b = 0; b < 300; ++b) {
    int fits = 0;
    for (int64_t top = 0; top < 2; ++top)
      for (int64_t left = 0; left < 3; ++left) {
        const Tensor padded = pad(image(images, b), {left, 2 - left, top, 1 - top});
        if (!equal(padded, image(moved, b))) continue;
        ++fits;
        ++found[static_cast<size_t>(3 * top + left)];
      }
    REQUIRE(fits == 1);
  }
  for (const int count : found) CHECK(count > 25);  // of 50; the deviation is 6.5
}

TEST_CASE("clutter is pieces of others, over the translated image", "[distort]") {
  // Image b is all b + 1, so that a pixel tells whose it is.
  const Tensor images = expand(reshape(to(arange(6), f32) + 1.0, {6, 1, 1, 1}), {6, 1, 10, 10});
  Generator one = seeded(), other = seeded();
  const Tensor canvas = cluttered(images, {40, 3, 4}, one), plain = translated(images, 40, other);
  CHECK(greatest(plain - canvas) <= 0);
  for (int64_t b = 0; b < 6; ++b) {
    int64_t others = 0;
    for (int64_t i = 0; i < 40; ++i)
      for (int64_t j = 0; j < 40; ++j) {
        const float value = canvas.at<float>({b, 0, i, j});
        CHECK(std::floor(value) == value);
        if (plain.at<float>({b, 0, i, j}) == 0 && value > 0) {
          CHECK(value != static_cast<float>(b + 1));
          ++others;
        }
      }
    CHECK(others <= 3 * 4 * 4);
  }
  CHECK(greatest(canvas - plain) > 0);
}

TEST_CASE("a pixel is 1 as often as its value says", "[distort]") {
  const Tensor images = expand(reshape(to(arange(5), f32) / 4.0, {1, 1, 1, 5}), {40, 1, 100, 5});
  Generator generator = seeded();
  const Tensor binary = binarised(images, generator);
  CHECK(all(logical_or(eq(binary, 0.0), eq(binary, 1.0))));
  for (int64_t i = 0; i < 5; ++i) {
    const double share = mean(select(binary, 3, i)).item<float>(), value = static_cast<double>(i) / 4;
    CHECK(share == Approx(value).margin(4 * std::sqrt(value * (1 - value) / 4000) + 1e-9));
  }
}

TEST_CASE("images and numbers that make no distortion are refused by name", "[distort]") {
  Generator generator = seeded();
  for (const Distortion& each : distortions()) {
    CAPTURE(each.name);
    CHECK_THROWS_AS(each.run(zeros({2, 28, 28}), generator), ShapeError);
    CHECK_THROWS_AS(each.run(zeros({2, 1, 0, 28}), generator), ShapeError);
    CHECK_THROWS_AS(each.run(zeros({2, 1, 28, 28}, i64), generator), DTypeError);
    CHECK_THROWS_WITH(each.run(zeros({2, 28, 28}), generator), contains(each.name) && contains("f32[2, 28, 28]"));
  }
  const Tensor x = zeros({2, 1, 28, 28});
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const double wrong : {-1.0, nan, infinite}) {
    CHECK_THROWS_AS(rotated(x, wrong, generator), ValueError);
    CHECK_THROWS_AS(rotated_scaled_translated(x, {.most_degrees = wrong}, generator), ValueError);
    CHECK_THROWS_AS(rotated_scaled_translated(x, {.least_scale = wrong}, generator), ValueError);
    CHECK_THROWS_AS(rotated_scaled_translated(x, {.most_scale = wrong}, generator), ValueError);
    CHECK_THROWS_AS(projected(x, wrong, generator), ValueError);
    CHECK_THROWS_AS(elastic(x, {.alpha = wrong}, generator), ValueError);
    CHECK_THROWS_AS(elastic(x, {.sigma = wrong}, generator), ValueError);
  }
  CHECK_THROWS_AS(rotated_scaled_translated(x, {.most_scale = 1.6}, generator), ValueError);
  CHECK_THROWS_AS(rotated_scaled_translated(x, {.size = 27}, generator), ValueError);
  CHECK_THROWS_WITH(projected(x, 7, generator), contains("projected: most is 7") && contains("a quarter"));
  CHECK_THROWS_AS(elastic(x, {.sigma = 0}, generator), ValueError);
  CHECK_THROWS_WITH(translated(x, 27, generator), contains("translated: size is 27") && contains("f32[2, 1, 28, 28]"));
  CHECK_THROWS_AS(cluttered(x, {.size = 27}, generator), ValueError);
  CHECK_THROWS_AS(cluttered(x, {.pieces = -1}, generator), ValueError);
  CHECK_THROWS_AS(cluttered(x, {.piece = 29}, generator), ValueError);
  CHECK_THROWS_AS(cluttered(x, {.piece = 0}, generator), ValueError);
  CHECK_THROWS_AS(cluttered(zeros({1, 1, 28, 28}), {}, generator), ValueError);
  CHECK_THROWS_AS(binarised(full({1, 1, 2, 2}, 1.5F), generator), ValueError);
  CHECK_THROWS_AS(binarised(full({1, 1, 2, 2}, std::nanf("")), generator), ValueError);
}

}  // namespace
}  // namespace fovea::examples
