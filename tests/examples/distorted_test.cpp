// The networks of distorted and locate: equally many weights, windows that read the same places, gradients at a
// distance.
#include <fovea/layers/vision/spatial_transformer.h>
#include <tests/catch.h>

#include "examples/distorted/networks.h"
#include "examples/distorted/pictures.h"
#include "examples/locate/distance.h"

using namespace fovea;
using namespace fovea::examples;

TEST_CASE("the network alone has as many weights as the one behind a transformer", "[distorted]") {
  for (const char* transformer : {"affine", "attention", "tps"})
    for (const int64_t size : {28, 42}) {
      Generator generator(1);
      const DistortedPair pair({size, transformer, 8, 24, 6, 16}, generator);
      const int64_t behind = parameter_count(*pair.stn), alone = parameter_count(*pair.cnn);
      INFO(transformer << " on " << size << ": " << behind << " and " << alone);
      REQUIRE(std::abs(behind - alone) <= (DigitClassifier::features_of({size, 8, 1}) + 11) / 2 + 1);
      const Tensor images = uniform({2, 1, size, size}, 0, 1, generator);
      const auto found = (*pair.stn)(images);
      REQUIRE(found.logits.shape() == Shape{2, 10});
      REQUIRE(found.read.shape() == Shape{2, 1, kDigitSize, kDigitSize});
      REQUIRE((*pair.cnn)(images).shape() == Shape{2, 10});
      if (size == kDigitSize) REQUIRE(allclose(found.read, images, 0, 1e-5));  // it begins with the whole image
    }
}

TEST_CASE("the gradient of one of a pair does not reach the other", "[distorted]") {
  Generator generator(1);
  const DistortedPair pair({28, "affine", 3, 5, 2, 4}, generator);
  const Tensor images = uniform({2, 1, 28, 28}, 0, 1, generator);
  sum((*pair.stn)(images).logits).backward();
  for (const Tensor& one : parameters(*pair.cnn)) REQUIRE(!one.grad().defined());
  for (const Tensor& one : parameters(pair.stn->classifier)) REQUIRE(one.grad().defined());
}

TEST_CASE("dots of a grid stand where its places are read", "[distorted]") {
  const Affine affine({.size = 4});
  const Tensor grid = select(affine.grid(reshape(affine.identity(), {1, 6})), 0, 0);
  const std::vector<Point> dots = dots_of(grid, 8, 2);
  REQUIRE(dots.size() == 4);
  REQUIRE(dots[0].x == Approx(3));  // of four places over eight pixels the second, in the middle of its two pixels
  REQUIRE(dots[1].x == Approx(7));
  REQUIRE(dots[1].y == Approx(3));
}

TEST_CASE("a bilinear window reads what tents read", "[locate]") {
  Generator generator(2);
  const int64_t n = 20, N = 6;
  const Tensor image = uniform({2, 1, n, n}, 0, 1, generator, f64);
  const Tensor theta = reshape(tensor({0.4, 0.1, -0.2, 0.7, -0.5, 0.3}), {2, 3});
  const auto pixels = [&](int64_t which) { return ((slice(theta, 1, which, which + 1) + 1.0) * 20.0 - 1.0) / 2.0; };
  const Tensor d = slice(theta, 1, 0, 1) * (20.0 / 6.0), back = d * 2.5;
  const Filters tents{tent_filters(pixels(2) - back, d, N, n), tent_filters(pixels(1) - back, d, N, n)};
  REQUIRE(allclose(read_bilinear(image, theta, N), squeeze(Crops()(tents, image), 1), 1e-12, 1e-12));
}

TEST_CASE("narrow Gaussian filters read about what bilinear sampling reads, of a smooth image", "[locate]") {
  const int64_t n = 32;
  const Tensor row = sin(arange(0, n, 1, f64) * 0.2), image = reshape(outer(row, row), {1, 1, n, n});
  const Tensor bilinear = reshape(tensor({0.5, 0.1, -0.2}), {1, 3}),
               gaussian = reshape(tensor({0.5, 0.1, -0.2, 0.0}), {1, 4});
  REQUIRE(allclose(read_bilinear(image, bilinear, 16), read_gaussian(image, gaussian, 16), 0, 0.03));
}

TEST_CASE("bilinear sampling feels nothing beyond a pixel, wide Gaussian filters do", "[locate]") {
  REQUIRE(felt_at(1, 0, 60, 14) > 0.5);
  for (const int64_t distance : {2, 4, 8, 16}) REQUIRE(felt_at(distance, 0, 60, 14) == 0);
  REQUIRE(felt_at(4, 4, 60, 14) > 0.1);
  REQUIRE(felt_at(16, 4, 60, 14) > felt_at(16, 1, 60, 14));
}
