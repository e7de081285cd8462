// max_pool2d: against PyTorch, on sizes that its kernels cut into pieces, and where windows meet nothing, NaN or
// equals.
#include <fovea/autograd/mode.h>
#include <fovea/autograd/pool.h>
#include <tests/autograd/golden_cases.h>

#include <cmath>
#include <limits>
#include <optional>

using namespace fovea;
using fovea::test::check_golden_case;
using fovea::test::GoldenFile;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor numbers(const Shape& shape, DType dtype) {
  Generator generator(5);
  return uniform(shape, -1, 1, generator, dtype);
}

}  // namespace

TEST_CASE("max_pool2d agrees with PyTorch", "[golden][pool]") {
  const GoldenFile file("images");
  const auto check = [&](const std::string& name, const RowsColumns& kernel, const MaxPool2dOptions& options = {}) {
    INFO(name);
    check_golden_case(
        file, name, [&](const std::vector<Tensor>& x) { return max_pool2d(x[0], kernel, options); }, 1e-12);
  };
  check("max_pool2d", 2);
  check("max_pool2d_overlap", 3, {.stride = 2, .padding = 1});
  check("max_pool2d_own", {3, 2}, {.stride = {{1, 3}}, .padding = {1, 0}, .dilation = {2, 1}});
  check("max_pool2d_ceil", 3, {.stride = 2, .ceil_mode = true});
  check("max_pool2d_ceil_padding", {2, 1}, {.stride = 3, .padding = {1, 0}, .ceil_mode = true});
  check("max_pool2d_ties", 3, {.stride = 1});
  const Tensor y = max_pool2d(file["max_pool2d_nan/x0"], 2), seven = masked_fill(y, isnan(y), 7);
  REQUIRE(any(isnan(y)));
  REQUIRE(equal(seven, file["max_pool2d_nan/y"]));
}

TEST_CASE("max_pool2d of large images and many planes is the plain formula", "[pool]") {
  const auto both = [](const Shape& shape, const RowsColumns& kernel, const MaxPool2dOptions& options, DType dtype) {
    INFO(shape.str());
    const Tensor x = numbers(shape, dtype).requires_grad_();
    std::vector<Tensor> found[2];
    for (const bool plain : {true, false}) {
      std::optional<ReferenceMode> guard;
      if (plain) guard.emplace();
      const Tensor y = max_pool2d(x, kernel, options);
      found[plain ? 0 : 1] = {y.detach(), grad({sum(square(y))}, {x})[0]};
    }
    REQUIRE(equal(found[0][0], found[1][0]));
    REQUIRE(allclose(found[0][1], found[1][1], 1e-6));
  };
  for (const DType dtype : {f32, f64}) {
    both({40, 33, 28, 28}, 2, {}, dtype);
    both({3, 2, 9, 1203}, 2, {}, dtype);
    both({2, 3, 131, 117}, {2, 3}, {.stride = {{2, 1}}, .padding = 1}, dtype);
    both({1, 2, 90, 200}, 5, {.stride = 3, .padding = 2, .dilation = 3, .ceil_mode = true}, dtype);
  }
}

TEST_CASE("max_pool2d: of equals the first has the gradient, of NaN the first, and -inf counts", "[pool]") {
  const auto slopes = [](std::initializer_list<double> values) {
    const Tensor x = reshape(tensor(values), {1, 1, 2, 2}).requires_grad_();
    return grad({sum(max_pool2d(x, 2))}, {x})[0].reshape({4});
  };
  REQUIRE(equal(slopes({1.0, 2.0, 2.0, 2.0}), tensor({0.0, 1.0, 0.0, 0.0})));
  REQUIRE(equal(slopes({3.0, NAN, NAN, 5.0}), tensor({0.0, 1.0, 0.0, 0.0})));
  REQUIRE(equal(slopes({-kInfinity, -kInfinity, -kInfinity, -kInfinity}), tensor({1.0, 0.0, 0.0, 0.0})));
}

TEST_CASE("max_pool2d: a window beside x is -inf and has no gradient", "[pool]") {
  const Tensor x = ones({1, 1, 3, 3}).requires_grad_();
  const Tensor y = max_pool2d(x, 2, {.padding = 1, .dilation = 4});
  REQUIRE(equal(y.detach(), full({1, 1, 1, 1}, -kInfinity)));
  REQUIRE(equal(grad({y}, {x}, {.grad_outputs = {ones({1, 1, 1, 1})}})[0], zeros({1, 1, 3, 3})));
}
