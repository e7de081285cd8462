// Spatial transformers: against PyTorch (tests/golden/spatial_transformer.py), the contract, and what must hold of a
// grid whatever the weights are.
#include <fovea/autograd/gradcheck.h>
#include <fovea/layers/conv2d.h>
#include <fovea/layers/sequential.h>
#include <fovea/layers/vision/spatial_transformer.h>
#include <tests/layers/contract.h>
#include <tests/layers/golden_layers.h>

#include <cmath>
#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

Tensor numbers(const Shape& shape, DType dtype = f64, uint64_t seed = 3) {
  Generator generator(seed);
  return uniform(shape, -1, 1, generator, dtype);
}

// Localisation network of images [B, 2, 6, 7]: 4 features.
auto network(Generator& generator) {
  return Sequential(
      Conv2d({.in_channels = 2, .out_channels = 3, .kernel = 3}, generator), [](const Tensor& x) { return tanh(x); },
      [](const Tensor& x) { return flatten(x, 1); }, Linear(3 * 4 * 5, 4, true, generator),
      [](const Tensor& x) { return tanh(x); });
}
using Network = decltype(network(std::declval<Generator&>()));

template <class T>
SpatialTransformer<Network> transformer(T transformation, Generator& generator) {
  return {network(generator), 4, std::move(transformation), generator};
}

// The grid of one image's theta.
Tensor grid_of(const Transformation& transformation, const Tensor& theta) {
  return transformation.grid(reshape(theta, {1, -1}));
}

}  // namespace

TEST_CASE("spatial transformers agree with PyTorch", "[layers][golden][spatial_transformer]") {
  const GoldenFile golden("spatial_transformer");
  Generator generator(1);
  const auto check = [&](const std::string& name, auto transformation) {
    auto module = transformer(std::move(transformation), generator);
    check_case(golden, name, module, f64, [&](const Named& in) { return Named{{"y", module(in.at("image"))}}; });
  };
  check("affine", Affine({.size = {6, 7}}));
  check("affine_corners", Affine({.size = {4, 3}, .align_corners = true}));
  check("attention", AttentionWindow({.size = 5}));
}

TEST_CASE("spatial transformers keep the contract", "[layers][contract][spatial_transformer]") {
  const auto check = [](auto make_transformation) {
    const auto make = [=](Generator& generator) {
      auto module = transformer(make_transformation(), generator);
      module.output.weight->detach().copy_(uniform(module.output.weight->shape(), -0.1, 0.1, generator));
      module.output.bias->detach().add_(uniform(module.output.bias->shape(), -0.1, 0.1, generator));
      return module;
    };
    using M = SpatialTransformer<Network>;
    require_contract(
        Contract<M>{make, [](const M& m, const List& in) { return List{m(in[0])}; }, {numbers({3, 2, 6, 7})}, {}});
  };
  check([] { return Affine({.size = {5, 4}}); });
  check([] { return AttentionWindow({.size = 5, .align_corners = true}); });
  check([] { return ThinPlateSpline({.size = {5, 4}}); });
}

TEST_CASE("a new spatial transformer gives the image back", "[layers][spatial_transformer]") {
  for (const bool corners : {false, true}) {
    const GridOptions same{.size = {6, 7}, .align_corners = corners};
    const auto check = [&](auto transformation, double close) {
      Generator generator(2);
      auto module = transformer(std::move(transformation), generator);
      to(module, f64);
      const Tensor image = numbers({3, 2, 6, 7});
      CHECK(allclose(module(image), image, 0, close));
      CHECK(max(abs(module.grid(image).detach())).item() <= 1 + close);
    };
    // Coordinates of corners are exact, those of edges to a rounding; so are the places that a spline goes to.
    check(Affine(same), 1e-14), check(AttentionWindow(same), 1e-14), check(ThinPlateSpline(same), 1e-6);
  }
}

TEST_CASE("the identity's places are the pixels", "[layers][spatial_transformer]") {
  for (const bool corners : {false, true}) {
    const Affine affine({.size = {5, 9}, .align_corners = corners});
    const Tensor grid = grid_of(affine, affine.identity());
    for (int64_t j = 0; j < 9; ++j) {
      const double at = corners ? -1 + 2.0 * static_cast<double>(j) / 8 : -1 + (2.0 * static_cast<double>(j) + 1) / 9;
      CHECK(std::abs(grid.at({0, 3, j, 0}) - at) <= (corners ? 0 : 2e-16));
    }
    CHECK(equal(select(grid, 3, 1), contiguous(expand(slice(select(grid, 3, 1), 2, 0, 1), {1, 5, 9}))));
  }
}

TEST_CASE("a window moved by one pixel is the image moved by one pixel", "[layers][spatial_transformer]") {
  for (const DType dtype : {f64, f32})
    for (const bool corners : {false, true}) {
      const int64_t H = corners ? 5 : 4, W = corners ? 9 : 8;  // steps of the grid are powers of two: no rounding
      const Tensor image = numbers({1, 2, H, W}, dtype);
      const AttentionWindow window({.size = {H, W}, .align_corners = corners});
      const double right = 2 / static_cast<double>(corners ? W - 1 : W),
                   down = 2 / static_cast<double>(corners ? H - 1 : H);
      const Tensor there = grid_of(window, to(tensor({1.0, right, -down}), dtype));
      const Tensor moved = pad(slice(slice(image, 3, 1), 2, 0, H - 1), {0, 1, 1, 0});
      CHECK(equal(grid_sample(image, there, {.align_corners = corners}), moved));
    }
}

TEST_CASE("an attention window is the affine transformation of its matrix", "[layers][spatial_transformer]") {
  const GridOptions options{.size = {4, 3}};
  const Tensor theta = tensor({0.4, -0.3, 0.2}), matrix = tensor({0.4, 0.0, -0.3, 0.0, 0.4, 0.2});
  CHECK(equal(grid_of(AttentionWindow(options), theta), grid_of(Affine(options), matrix)));
}

TEST_CASE("gradients by the parameters are those of differences", "[layers][spatial_transformer]") {
  const Tensor image = numbers({2, 2, 6, 7});
  const auto check = [&](const Transformation& transformation) {
    const Tensor near = transformation.identity() + numbers({2, transformation.size()}, f64, 5) * 0.07;
    const auto sampled = [&](const List& in) { return List{grid_sample(in[1], transformation.grid(in[0]))}; };
    const GradcheckResult result = gradcheck(sampled, {near.requires_grad_(), image.requires_grad_()});
    INFO(result.message);
    CHECK(result.ok);
  };
  const GridOptions options{.size = {4, 3}};
  check(Affine(options)), check(AttentionWindow(options)), check(ThinPlateSpline(options));
}

TEST_CASE("a thin plate spline takes each control point to its place", "[layers][spatial_transformer]") {
  for (const int64_t side : {2, 3, 4}) {
    const ThinPlateSpline at_points({.size = side, .align_corners = true}, side);
    const Tensor theta = numbers({3, at_points.size()});
    REQUIRE(at_points.size() == 2 * side * side);
    CHECK(allclose(flatten(at_points.grid(theta), 1), theta, 0, 1e-12));
  }
}

TEST_CASE("a thin plate spline of a plane is that plane, and bends where it is not", "[layers][spatial_transformer]") {
  for (const bool corners : {false, true}) {
    const GridOptions options{.size = {9, 7}, .align_corners = corners};
    const Affine affine(options);
    const ThinPlateSpline spline(options);
    CHECK(allclose(grid_of(spline, spline.identity()), grid_of(affine, affine.identity()), 0, 1e-12));
    const Tensor matrix = tensor({0.7, -0.4, 0.2, 0.3, 1.1, -0.1});
    const Tensor control = reshape(spline.identity(), {16, 2}), A = reshape(matrix, {2, 3});
    const Tensor moved = matmul(control, transpose(slice(A, 1, 0, 2), 0, 1)) + select(A, 1, 2);
    CHECK(allclose(grid_of(spline, moved), grid_of(affine, matrix), 0, 1e-12));
    // One point pulled: what is near goes along more than what is far.
    Tensor pulled = clone(control);
    pulled.set({0, 0}, -0.5);
    const Tensor by = select(grid_of(spline, pulled) - grid_of(spline, control), 3, 0);
    CHECK(by.at({0, 0, 0}) > 0.3);
    CHECK(std::abs(by.at({0, 8, 6})) < 0.1);
  }
}

TEST_CASE("a window that has left the image reads zeros and has no gradient", "[layers][spatial_transformer]") {
  for (const double far : {3.0, 1e6, 1e300}) {
    const Affine affine({.size = 5});
    const Tensor image = numbers({1, 2, 6, 7}).requires_grad_(),
                 theta = tensor({1.0, 0.0, far, 0.0, 1.0, 0.0}).requires_grad_();
    const Tensor grid = grid_of(affine, theta), read = grid_sample(image, grid);
    CHECK(equal(read.detach(), zeros({1, 2, 5, 5}, f64)));
    CHECK(outside(grid) == 1);
    const List d = grad({sum(square(read + 1.0))}, {image, theta});
    CHECK(equal(d[0], zeros_like(image)));
    CHECK(equal(d[1], zeros_like(theta)));
  }
  const AttentionWindow window({.size = {1, 4}});
  CHECK(outside(grid_of(window, tensor({1.0, 1.0, 0.0}))) == 0.5);
}

TEST_CASE("what is not finite is refused before it spreads", "[layers][spatial_transformer][errors]") {
  Generator generator(1);
  auto module = transformer(Affine({.size = 4}), generator);
  const Tensor image = numbers({2, 2, 6, 7}, f32);
  for (const double wrong : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    module.output.bias->detach().set({2}, wrong);
    REQUIRE_THROWS_AS(module(image), ValueError);
    REQUIRE_THROWS_WITH(module(image), contains("SpatialTransformer: theta is f32[2, 6]") && contains("a lower rate"));
  }
  module.output.bias->detach().set({2}, 0);
  Tensor broken = clone(image);
  broken.set({1, 0, 2, 3}, std::nan(""));
  REQUIRE_THROWS_AS(module(broken), ValueError);
  // A pixel that the network does not see stays where it is.
  const Tensor read = module.sample(broken, module.grid(image));
  CHECK(all(isfinite(select(read, 0, 0))));
  CHECK(!all(isfinite(select(read, 0, 1))));
}

TEST_CASE("spatial transformers refuse what does not fit", "[layers][spatial_transformer][errors]") {
  REQUIRE_THROWS_AS(Affine({.size = {0, 3}}), ValueError);
  REQUIRE_THROWS_WITH(ThinPlateSpline({.size = 3}, 1), contains("ThinPlateSpline") && contains("need 2 and above"));
  const AttentionWindow window({.size = 3});
  REQUIRE_THROWS_WITH(window.grid(zeros({2, 6})), contains("AttentionWindow: theta is f32[2, 6]; need [B, 3]"));
  REQUIRE_THROWS_AS(window.grid(zeros({3})), ShapeError);
  Generator generator(1);
  const auto module = transformer(Affine({.size = 3}), generator);
  REQUIRE_THROWS_AS(module(zeros({2, 6, 7})), ShapeError);
}
