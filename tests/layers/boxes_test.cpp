// Boxes: what must hold of overlaps, losses and masks wherever boxes lie, also empty ones and ones outside.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/gradcheck.h>
#include <fovea/layers/vision/boxes.h>
#include <tests/catch.h>

#include <cmath>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

Tensor box(double y, double x, double h, double w) { return tensor({y, x, h, w}); }

// [n, 4] in and around an image of 20 x 30 pixels.
Tensor some_boxes(int64_t n, uint64_t seed) {
  Generator generator(seed);
  const Tensor place = uniform({n, 2}, 0, 20, generator, f64), size = uniform({n, 2}, 4, 20, generator, f64);
  return cat({place, size}, 1);
}

// Empty, turned inside out, outside, and as large as numbers of f32 allow to multiply.
const std::vector<std::array<double, 4>> kOddities{{5, 5, 0, 0},       {5, 5, 0, 3},     {5, 5, -2, 4},
                                                   {-90, 5, 4, 4},     {5, 1e6, 10, 10}, {5, 5, 1e-9, 1e-9},
                                                   {-1e9, -1e9, 1, 1}, {0, 0, 1e9, 1e9}};

}  // namespace

TEST_CASE("IoU is 1 of equal boxes, 0 of disjoint ones, and the same either way round", "[layers][boxes]") {
  const Tensor a = some_boxes(50, 1), b = some_boxes(50, 2);
  REQUIRE(equal(iou(a, a), ones({50}, f64)));
  REQUIRE(equal(iou(a, b), iou(b, a)));
  REQUIRE(all(logical_and(ge(iou(a, b), 0), lt(iou(a, b), 1))));
  REQUIRE(iou(box(5, 5, 4, 4), box(5, 9, 4, 4)).item() == 0);  // they touch
  REQUIRE(iou(box(5, 5, 4, 4), box(15, 5, 4, 4)).item() == 0);
  REQUIRE(iou(box(5, 5, 4, 4), box(5, 7, 4, 4)).item() == Approx(1.0 / 3));
  REQUIRE(iou(box(5, 5, 2, 2), box(5, 5, 4, 4)).item() == Approx(0.25));
  REQUIRE(overlap(box(5, 5, 4, 4), box(6, 7, 4, 4)).item() == Approx(6));
  const Tensor shift = tensor({3.0, -7.0, 0.0, 0.0});
  REQUIRE(allclose(iou(a + shift, b + shift), iou(a, b), 1e-12, 1e-12));
  REQUIRE(iou(unsqueeze(a, 1), unsqueeze(b, 0)).shape() == Shape{50, 50});
}

TEST_CASE("gradients of the losses of boxes agree with differences", "[layers][boxes]") {
  const Tensor a = some_boxes(6, 3).requires_grad_(), b = (some_boxes(6, 3) + 1.5).requires_grad_();
  REQUIRE(min(iou(a, b)).item() > 0);
  const auto check = [&](const TensorFunction& f) {
    const GradcheckResult result = gradcheck(f, {a, b});
    INFO(result.message);
    REQUIRE(result);
  };
  check([](const List& in) { return List{iou(in[0], in[1]), overlap(in[0], in[1])}; });
  check([](const List& in) { return List{iou_loss(in[0], in[1]), window_loss(in[0], in[1], 40, 50)}; });
  check([](const List& in) { return List{box_mask(in[0], in[1], 3, 4), moved(in[0], in[1] * 0.1)}; });
}

TEST_CASE("boxes that are empty or outside have losses, without NaN", "[layers][boxes]") {
  for (const auto& odd : kOddities)
    for (const auto& other : kOddities) {
      const Tensor a = to(box(odd[0], odd[1], odd[2], odd[3]), f32).requires_grad_();
      const Tensor b = to(box(other[0], other[1], other[2], other[3]), f32);
      INFO(a << " and " << b);
      const Tensor loss = iou_loss(a, b) + window_loss(a, b, 20, 30) + mean(box_mask(a, b, 3, 4));
      REQUIRE(all(isfinite(loss)));
      REQUIRE(all(isfinite(grad({loss}, {a})[0])));
    }
  REQUIRE(iou(box(5, 5, 0, 0), box(5, 5, 0, 0)).item() == 0);
  REQUIRE(iou(box(5, 5, -2, 4), box(5, 5, 4, 4)).item() == 0);
  REQUIRE(iou_loss(box(5, 5, 4, 4), box(50, 5, 4, 4)).item() == Approx(-std::log(1e-4)));
}

TEST_CASE("a window that is tight around its box loses the image's share alone", "[layers][boxes]") {
  const Tensor a = box(5, 6, 4, 10);
  REQUIRE(window_loss(a, a, 20, 20).item() == Approx(-std::log(0.9)));                        // 40 of 400 pixels
  REQUIRE(window_loss(a, box(5, 11, 4, 10), 20, 20).item() == Approx(-std::log(0.5 * 0.9)));  // sees one half
  REQUIRE(window_loss(box(10, 10, 20, 20), a, 20, 20).item() == Approx(-std::log(1e-4)));     // sees all there is
}

TEST_CASE("a mask has the box's share of each cell", "[layers][boxes]") {
  const Tensor window = box(4, 4, 8, 8);
  REQUIRE(allclose(box_mask(window, window, 3, 5), ones({3, 5}, f64)));
  REQUIRE(equal(box_mask(window, box(20, 4, 8, 8), 3, 5), zeros({3, 5}, f64)));
  REQUIRE(allclose(box_mask(window, box(2, 1, 4, 2), 2, 4), tensor({1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, {2, 4})));
  REQUIRE(allclose(box_mask(window, box(4, 4, 4, 2), 2, 2), full({2, 2}, 0.125, f64)));
  const Tensor a = some_boxes(50, 4), b = some_boxes(50, 5);  // nothing of the overlap is lost
  const Tensor cell = select(a, 1, 2) * select(a, 1, 3) / 12.0;
  REQUIRE(allclose(sum(box_mask(a, b, 3, 4), {1, 2}) * cell, overlap(a, b), 1e-9, 1e-9));
}

TEST_CASE("a box moves in sizes of its own", "[layers][boxes]") {
  const Tensor a = box(5, 6, 4, 10);
  REQUIRE(equal(moved(a, zeros({4}, f64)), a));
  REQUIRE(allclose(moved(a, tensor({0.5, -0.1, std::log(2.0), 0.0})), box(7, 5, 8, 10)));
}

TEST_CASE("what is no box is refused", "[layers][boxes][errors]") {
  REQUIRE_THROWS_WITH(iou(ones({3}), ones({4})), contains("need [.., 4]"));
  REQUIRE_THROWS_AS(overlap(ones({4}), Tensor()), ShapeError);
  REQUIRE_THROWS_AS(window_loss(ones({2, 5}), ones({2, 5}), 4, 4), ShapeError);
  REQUIRE_THROWS_AS(iou(ones({2, 4}), ones({3, 4})), ShapeError);
  REQUIRE_THROWS_AS(box_mask(ones({4}), ones({4}), 0, 2), ValueError);
}

TEST_CASE("a bounded box has its centre in the image and a size that one can see", "[layers][boxes]") {
  const Tensor boxes = tensor({-3.0, 40.0, 0.0, 500.0, 5.0, 6.0, 7.0, 8.0}, {2, 4});
  REQUIRE(equal(bounded(boxes, 20, 30), tensor({0.0, 30.0, 1.0, 60.0, 5.0, 6.0, 7.0, 8.0}, {2, 4})));
}
