// conv2d on sizes that its kernels cut into bands, groups and pieces, against the plain formula.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/conv.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <tests/autograd/golden_cases.h>

#include <limits>
#include <string>
#include <vector>

using namespace fovea;
using fovea::test::check_golden_case;
using fovea::test::GoldenFile;

namespace {

using List = std::vector<Tensor>;

struct Case {
  std::string label;
  Shape x, weight;
  ConvolutionOptions options;
};

const std::vector<Case> kCases = {
    {"a batch in several pieces", {19, 3, 12, 9}, {5, 3, 3, 3}, {.padding = 1}},
    {"as the second row of the benchmark", {3, 32, 14, 14}, {64, 32, 3, 3}, {.padding = 1}},
    {"bands of a large image", {2, 5, 130, 120}, {3, 5, 3, 2}, {.padding = {1, 0}}},
    {"bands of one row", {1, 40, 9, 400}, {2, 40, 2, 3}, {}},
    {"bands with a stride", {2, 6, 131, 117}, {9, 6, 4, 3}, {.stride = {3, 2}, .padding = {2, 1}}},
    {"bands with a stride larger than the kernel", {2, 16, 200, 90}, {9, 16, 2, 1}, {.stride = {3, 4}}},
    {"patches side by side", {2, 3, 64, 48}, {17, 3, 8, 8}, {.stride = 8}},
    {"many images of one pixel", {700, 20, 1, 1}, {30, 20, 1, 1}, {}},
};

List values_and_gradients(const Case& one, DType dtype) {
  Generator generator(5);
  const auto leaf = [&](const Shape& shape) {
    return array::to(uniform(shape, -1, 1, generator, f64), dtype).requires_grad_();
  };
  const List inputs = {leaf(one.x), leaf(one.weight), leaf({one.weight[0]})};
  const Tensor y = conv2d(inputs[0], inputs[1], inputs[2], one.options);
  const Tensor cotangent = array::to(uniform(y.shape(), -1, 1, generator, f64), dtype);
  List found = grad({y}, inputs, {.grad_outputs = {cotangent}});
  found.push_back(y.detach());
  return found;
}

}  // namespace

TEST_CASE("conv2d in bands, groups and pieces is the plain formula", "[conv2d]") {
  for (const Case& one : kCases) {
    INFO(one.label);
    List plain;
    {
      const ReferenceMode guard;
      plain = values_and_gradients(one, f64);
    }
    const List fused = values_and_gradients(one, f64), single = values_and_gradients(one, f32);
    for (size_t i = 0; i < plain.size(); ++i) {
      INFO("dx, dweight, dbias, y: number " << i);
      REQUIRE(allclose(fused[i], plain[i], 1e-11, 1e-11));
      REQUIRE(allclose(to(single[i], f64), plain[i], 1e-4, 1e-3));
    }
  }
}

TEST_CASE("conv2d: an image does not depend on the others", "[conv2d]") {
  Generator generator(2);
  const Tensor x = uniform({5, 3, 8, 7}, -1, 1, generator), weight = uniform({4, 3, 3, 3}, -1, 1, generator);
  const Tensor together = conv2d(x, weight, {}, {.padding = 1});
  for (int64_t b = 0; b < 5; ++b)
    REQUIRE(equal(contiguous(slice(together, 0, b, b + 1)), conv2d(slice(x, 0, b, b + 1), weight, {}, {.padding = 1})));
}

TEST_CASE("conv2d: a NaN reaches the outputs whose windows hold it, and no others", "[conv2d]") {
  Tensor x = ones({1, 1, 5, 6});
  x.set({0, 0, 2, 3}, std::numeric_limits<double>::quiet_NaN());
  const Tensor y = conv2d(x, ones({1, 1, 2, 3}), {}, {});  // [1, 1, 4, 4]
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < 4; ++j) {
      const bool meets = i >= 1 && i <= 2 && j >= 1 && j <= 3;
      REQUIRE(isfinite(select(select(y, 2, i), 2, j)).item<bool>() == !meets);
    }
}

TEST_CASE("conv2d's gradients are made only where they are asked for", "[conv2d]") {
  const Tensor x = ones({2, 3, 6, 6}), weight = ones({4, 3, 3, 3}).requires_grad_();
  const Tensor y = conv2d(x, weight);
  sum(y).backward();
  REQUIRE(!x.grad().defined());
  REQUIRE(equal(weight.grad(), full({4, 3, 3, 3}, 2 * 4 * 4)));
}

TEST_CASE("conv2d with dilation and groups, and conv_transpose2d, agree with PyTorch", "[golden][conv]") {
  const GoldenFile file("images");
  const auto forward = [&](const std::string& name, const ConvolutionOptions& options) {
    INFO(name);
    check_golden_case(
        file, name, [&](const std::vector<Tensor>& x) { return conv2d(x[0], x[1], x[2], options); }, 1e-12);
  };
  forward("conv2d_dilation", {.stride = {1, 2}, .padding = {2, 1}, .dilation = {2, 3}});
  forward("conv2d_groups", {.stride = 2, .padding = 1, .groups = 2});
  forward("conv2d_both", {.padding = 2, .dilation = 2, .groups = 2});
  const auto transposed = [&](const std::string& name, const ConvTransposeOptions& options) {
    INFO(name);
    check_golden_case(
        file, name, [&](const std::vector<Tensor>& x) { return conv_transpose2d(x[0], x[1], x[2], options); }, 1e-12);
  };
  transposed("conv_transpose2d", {});
  transposed("conv_transpose2d_stride", {.stride = {2, 3}, .padding = {1, 0}, .output_padding = {1, 2}});
  transposed("conv_transpose2d_groups", {.stride = 2, .groups = 2});
  transposed("conv_transpose2d_dilation",
             {.stride = 2, .padding = 1, .output_padding = {1, 2}, .dilation = {2, 3}, .groups = 2});
}
