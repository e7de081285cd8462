// avg_pool2d, the adaptive pools and interpolate: against PyTorch, and what is not finite stays in its windows.
#include <fovea/autograd/interpolate.h>
#include <fovea/autograd/pool.h>
#include <tests/autograd/golden_cases.h>

#include <cmath>
#include <functional>

using namespace fovea;
using fovea::test::check_golden_case;
using fovea::test::GoldenFile;

TEST_CASE("avg_pool2d, the adaptive pools and interpolate agree with PyTorch", "[golden][pool]") {
  const GoldenFile file("images");
  const auto check = [&](const std::string& name, const std::function<Tensor(const Tensor&)>& f) {
    INFO(name);
    check_golden_case(
        file, name, [&](const std::vector<Tensor>& x) { return f(x[0]); }, 1e-12);
  };
  const auto average = [&](const std::string& name, const RowsColumns& kernel, const AvgPool2dOptions& options = {}) {
    check(name, [&](const Tensor& x) { return avg_pool2d(x, kernel, options); });
  };
  average("avg_pool2d", 2);
  average("avg_pool2d_padding", 3, {.stride = 2, .padding = 1});
  average("avg_pool2d_pixels", 3, {.stride = 2, .padding = 1, .count_include_pad = false});
  average("avg_pool2d_own", {3, 2}, {.stride = {{1, 3}}, .padding = {1, 0}});
  average("avg_pool2d_ceil", 3, {.stride = 2, .padding = 1, .ceil_mode = true});
  average("avg_pool2d_ceil_pixels", 3, {.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false});
  const std::pair<const char*, RowsColumns> sizes[] = {{"_smaller", {2, 3}}, {"_uneven", {4, 5}}, {"_larger", {9, 11}}};
  for (const auto& each : sizes) {
    const std::string end = each.first;
    const RowsColumns size = each.second;
    check("adaptive_avg_pool2d" + end, [&](const Tensor& x) { return adaptive_avg_pool2d(x, size); });
    check("adaptive_max_pool2d" + end, [&](const Tensor& x) { return adaptive_max_pool2d(x, size); });
    const auto resized = [&](const std::string& mode, const InterpolateOptions& options) {
      check(std::string("interpolate_").append(mode).append(end),
            [&](const Tensor& x) { return interpolate(x, size, options); });
    };
    resized("nearest", {});
    resized("bilinear", {InterpolateMode::bilinear, false});
    resized("bilinear_corners", {InterpolateMode::bilinear, true});
  }
}

TEST_CASE("a pixel that is not finite reaches its own windows alone", "[pool]") {
  Tensor x = ones({1, 1, 6, 6});
  x.set({0, 0, 0, 0}, INFINITY), x.set({0, 0, 5, 0}, NAN);
  const auto finite = [](const Tensor& y) { return sum(to(isfinite(y), i64)).item<int64_t>(); };
  REQUIRE(finite(avg_pool2d(x, 2)) == 7);
  REQUIRE(finite(adaptive_avg_pool2d(x, {3, 4})) == 10);
  REQUIRE(finite(adaptive_max_pool2d(x, {3, 4})) == 10);
  REQUIRE(finite(interpolate(x, {3, 4})) == 11);
  const Tensor row = reshape(tensor({1.f, INFINITY, 3.f}), {1, 1, 1, 3});
  REQUIRE(equal(interpolate(row, {1, 3}, {InterpolateMode::bilinear}), row));
}

TEST_CASE("windows of which there are few, and no elements at all", "[pool]") {
  Generator generator(4);
  const Tensor x = uniform({2, 3, 40, 30}, -1, 1, generator, f64).requires_grad_();
  const Tensor all = adaptive_avg_pool2d(x, 1), largest = adaptive_max_pool2d(x, 1);
  REQUIRE(allclose(flatten(all.detach(), 1), mean(x.detach(), {2, 3}), 1e-12));
  REQUIRE(equal(flatten(largest.detach(), 1), max(flatten(x.detach(), 2, 3), 2)));
  REQUIRE(allclose(grad({sum(all)}, {x})[0], full(x.shape(), 1.0 / 1200, f64), 1e-12));
  REQUIRE(sum(grad({sum(largest)}, {x})[0]).item() == 6);
  const Tensor none = zeros({1, 0, 4, 4});
  REQUIRE(interpolate(none, {int64_t{1} << 31, 1}).shape() == Shape{1, 0, int64_t{1} << 31, 1});
  REQUIRE(adaptive_max_pool2d(none, {int64_t{1} << 31, 1}).numel() == 0);
}
