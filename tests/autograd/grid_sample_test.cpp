// grid_sample and affine_grid: against PyTorch, on images that are cut into pieces, and at places that lie nowhere.
#include <fovea/autograd/grid_sample.h>
#include <fovea/autograd/mode.h>
#include <tests/autograd/golden_cases.h>

#include <cmath>
#include <limits>
#include <optional>

using namespace fovea;
using fovea::test::check_golden_case;
using fovea::test::GoldenFile;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr GridPadding kPaddings[] = {GridPadding::zeros, GridPadding::border, GridPadding::reflection};

Tensor numbers(const Shape& shape, double reach, DType dtype, uint64_t seed) {
  Generator generator(seed);
  return uniform(shape, -reach, reach, generator, dtype);
}

}  // namespace

TEST_CASE("grid_sample and affine_grid agree with PyTorch", "[golden][grid]") {
  const GoldenFile file("images");
  const char* const paddings[] = {"zeros", "border", "reflection"};
  for (const bool corners : {false, true}) {
    const std::string end = corners ? "_corners" : "";
    for (const bool nearest : {false, true})
      for (size_t i = 0; i < 3; ++i) {
        const std::string name = std::string("grid_sample_") + (nearest ? "nearest_" : "bilinear_") + paddings[i] + end;
        INFO(name);
        const GridSampleOptions options{nearest ? GridMode::nearest : GridMode::bilinear, kPaddings[i], corners};
        check_golden_case(
            file, name, [&](const std::vector<Tensor>& x) { return grid_sample(x[0], x[1], options); }, 1e-12);
      }
    check_golden_case(
        file, "affine_grid" + end,
        [&](const std::vector<Tensor>& x) {
          return affine_grid(x[0], {2, 3, 4, 5}, corners);
        },
        1e-12);
  }
}

TEST_CASE("grid_sample of many planes and places is the plain formula", "[grid]") {
  for (const DType dtype : {f32, f64})
    for (const GridPadding padding : kPaddings) {
      std::vector<Tensor> found[2];
      for (const bool plain : {true, false}) {
        const Tensor x = numbers({3, 17, 40, 31}, 1, dtype, 1).requires_grad_(),
                     grid = numbers({3, 37, 29, 2}, 1.4, dtype, 2).requires_grad_();
        std::optional<ReferenceMode> guard;
        if (plain) guard.emplace();
        const Tensor y = grid_sample(x, grid, {.padding = padding});
        const std::vector<Tensor> d = grad({sum(square(y))}, {x, grid});
        found[plain ? 0 : 1] = {y.detach(), d[0], d[1]};
      }
      const double close = dtype == f32 ? 1e-5 : 1e-12;
      for (size_t i = 0; i < 3; ++i)
        REQUIRE(allclose(found[0][i], found[1][i], 0, close * max(abs(found[0][i])).item()));
    }
}

TEST_CASE("the identity gives the image back, and half its size every second pixel's middle", "[grid]") {
  const Tensor x = numbers({1, 2, 4, 6}, 1, f64, 3);
  const Tensor one = reshape(tensor({1.0, 0.0, 0.0, 0.0, 1.0, 0.0}), {1, 2, 3});
  for (const bool corners : {false, true})
    for (const GridPadding padding : kPaddings)
      REQUIRE(allclose(grid_sample(x, affine_grid(one, x.shape(), corners), {{}, padding, corners}), x, 0, 1e-12));
  const Tensor small = grid_sample(x, affine_grid(one, {1, 2, 2, 3}));
  REQUIRE(std::abs(small.at({0, 1, 1, 2}) -
                   (x.at({0, 1, 2, 4}) + x.at({0, 1, 2, 5}) + x.at({0, 1, 3, 4}) + x.at({0, 1, 3, 5})) / 4) < 1e-12);
}

TEST_CASE("places that lie nowhere: infinity is beside the image, NaN makes its own element NaN", "[grid]") {
  const Tensor x = ones({1, 1, 3, 3}, f64).requires_grad_();
  const auto at = [](double column, double row) {
    return reshape(tensor({column, row, 0.0, 0.0}), {1, 1, 2, 2}).requires_grad_();
  };
  for (const GridMode mode : {GridMode::bilinear, GridMode::nearest})
    for (const bool plain : {false, true}) {
      std::optional<ReferenceMode> guard;
      if (plain) guard.emplace();
      const Tensor far = at(kInfinity, 1e300), y = grid_sample(x, far, {.mode = mode});
      REQUIRE(equal(y.detach(), reshape(tensor({0.0, 1.0}), {1, 1, 1, 2})));
      REQUIRE(allclose(grad({sum(y)}, {x})[0].sum(), ones({}, f64)));
      const Tensor edge = grid_sample(x, far, {.mode = mode, .padding = GridPadding::border});
      REQUIRE(equal(edge.detach(), ones({1, 1, 1, 2}, f64)));
      const Tensor none = grid_sample(x, at(std::nan(""), 0), {.mode = mode}).detach();
      REQUIRE(std::isnan(none.at({0, 0, 0, 0})));
      REQUIRE(none.at({0, 0, 0, 1}) == 1);
    }
}

TEST_CASE("grid_sample finds the last of more pixels than f32 counts", "[grid]") {
  const Tensor x = ones({1, 1, 1, (1 << 24) + 4});
  for (const GridPadding padding : {GridPadding::border, GridPadding::reflection}) {
    const Tensor y = grid_sample(x, reshape(tensor({1.f, 0.f, 2.f, 0.f}), {1, 1, 2, 2}), {{}, padding, true});
    REQUIRE(equal(y, ones({1, 1, 1, 2})));
  }
}
