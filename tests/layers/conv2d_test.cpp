// Conv2d keeps the contract, refuses what does not fit, and is what it must be whatever its weights are.
#include <fovea/layers/conv2d.h>
#include <fovea/layers/linear.h>
#include <tests/layers/contract.h>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

Tensor random_image(const Shape& shape, DType dtype = f64) {
  Generator generator(3);
  return uniform(shape, -1, 1, generator, dtype);
}

Contract<Conv2d> contract_of(const Conv2dOptions& options, const Shape& shape) {
  return {[=](Generator& g) { return Conv2d(options, g); },
          [](const Conv2d& module, const List& in) { return List{module(in[0])}; },
          {random_image(shape)},
          {}};
}

}  // namespace

TEST_CASE("Conv2d keeps the contract", "[layers][contract][conv2d]") {
  require_contract(contract_of({.in_channels = 2, .out_channels = 3, .kernel = 3}, {2, 2, 5, 4}));
  require_contract(contract_of(
      {.in_channels = 1, .out_channels = 2, .kernel = {2, 3}, .stride = {2, 1}, .padding = {0, 1}, .bias = false},
      {3, 1, 5, 4}));
}

TEST_CASE("ConvTranspose2d keeps the contract, and makes of an image what Conv2d made one of",
          "[layers][contract][conv2d]") {
  const auto contract = [](const ConvTranspose2dOptions& options, const Shape& shape) {
    Generator numbers(8);
    return Contract<ConvTranspose2d>{[=](Generator& g) { return ConvTranspose2d(options, g); },
                                     [](const ConvTranspose2d& module, const List& in) { return List{module(in[0])}; },
                                     {uniform(shape, -1, 1, numbers, f64)},
                                     {}};
  };
  require_contract(contract({.in_channels = 2, .out_channels = 3, .kernel = {3, 2}, .stride = 2}, {2, 2, 3, 4}));
  require_contract(contract(
      {.in_channels = 4, .out_channels = 2, .kernel = 2, .padding = 1, .dilation = 2, .groups = 2, .bias = false},
      {1, 4, 3, 3}));
  Generator generator(9);
  const Conv2d down({.in_channels = 3, .out_channels = 5, .kernel = 4, .stride = 2, .padding = 1, .bias = false});
  ConvTranspose2d up({.in_channels = 5, .out_channels = 3, .kernel = 4, .stride = 2, .padding = 1, .bias = false});
  Tensor weight = up.weight->detach();
  weight.copy_(down.weight->detach());
  const Tensor x = uniform({2, 3, 8, 6}, -1, 1, generator).requires_grad_(),
               g = uniform({2, 5, 4, 3}, -1, 1, generator);
  REQUIRE(allclose(up(g).detach(), grad({sum(down(x) * g)}, {x})[0], 1e-5, 1e-6));
  REQUIRE_THROWS_AS(ConvTranspose2d({.in_channels = 3, .out_channels = 2, .kernel = 2, .groups = 2}), ValueError);
  REQUIRE_THROWS_AS(ConvTranspose2d({.in_channels = 2, .out_channels = 2, .kernel = 2, .output_padding = 1}),
                    ValueError);
  REQUIRE_THROWS_AS(Conv2d({.in_channels = 2, .out_channels = 2, .kernel = 2, .dilation = {0, 1}}), ValueError);
}

TEST_CASE("Conv2d moves with its image", "[layers][conv2d]") {
  Generator generator(1);
  const Conv2d conv({.in_channels = 2, .out_channels = 3, .kernel = {3, 2}}, generator);
  const Tensor x = random_image({2, 2, 9, 8}, f32);
  const Tensor moved = conv(slice(slice(x, 2, 1), 3, 2));
  REQUIRE(equal(contiguous(moved), contiguous(slice(slice(conv(x), 2, 1), 3, 2))));
}

TEST_CASE("Conv2d with a kernel of one tap is Linear over the channels", "[layers][conv2d]") {
  Generator generator(1);
  Conv2d conv({.in_channels = 4, .out_channels = 3, .kernel = 1}, generator);
  to(conv, f64);
  const Tensor x = random_image({2, 4, 3, 5});
  const Tensor y = linear(permute(x, {0, 2, 3, 1}), reshape(conv.weight, {3, 4}), conv.bias);
  REQUIRE(allclose(conv(x), permute(y, {0, 3, 1, 2}), 1e-13, 1e-13));
}

TEST_CASE("Conv2d starts within 1 / sqrt(fan in), with the shapes of PyTorch", "[layers][conv2d]") {
  Generator generator(1);
  const Conv2d conv({.in_channels = 4, .out_channels = 50, .kernel = {3, 5}}, generator);
  REQUIRE(conv.weight->shape() == Shape{50, 4, 3, 5});
  REQUIRE(conv.bias->shape() == Shape{50});
  const double bound = 1 / std::sqrt(60.0), largest = max(abs(conv.weight)).item();
  REQUIRE(largest <= bound);
  REQUIRE(largest > 0.99 * bound);
  REQUIRE(!Conv2d({.in_channels = 1, .out_channels = 1, .kernel = 1, .bias = false}).bias.defined());
  REQUIRE_THAT(summary(conv), contains("50, 4, 3, 5"));
}

TEST_CASE("Conv2d refuses what does not fit", "[layers][conv2d][errors]") {
  REQUIRE_THROWS_AS(Conv2d({.in_channels = 0, .out_channels = 1, .kernel = 1}), ValueError);
  REQUIRE_THROWS_AS(Conv2d({.in_channels = 1, .out_channels = 0, .kernel = 1}), ValueError);
  REQUIRE_THROWS_AS(Conv2d({.in_channels = 1, .out_channels = 1, .kernel = {1, 0}}), ValueError);
  REQUIRE_THROWS_AS(Conv2d({.in_channels = 1, .out_channels = 1, .kernel = 1, .stride = {0, 1}}), ValueError);
  REQUIRE_THROWS_AS(Conv2d({.in_channels = 1, .out_channels = 1, .kernel = 1, .padding = {0, -1}}), ValueError);
  REQUIRE_THROWS_AS(Conv2d({.in_channels = 1 << 30, .out_channels = 1 << 30, .kernel = 1 << 30}), ShapeError);
  const Conv2d conv({.in_channels = 2, .out_channels = 1, .kernel = 3});
  REQUIRE_THROWS_AS(conv(ones({1, 3, 5, 5})), ShapeError);
  REQUIRE_THROWS_AS(conv(ones({2, 5, 5})), ShapeError);
  REQUIRE_THROWS_WITH(conv(ones({1, 2, 2, 5})), contains("kernel"));
  REQUIRE_THROWS_AS(conv(ones({1, 2, 5, 5}, f64)), DTypeError);
}
