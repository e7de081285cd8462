// Numbers as operands; asking an undefined tensor; sizes that no address counts.
#include <fovea/core/array.h>
#include <fovea/fovea.h>

#include <cmath>
#include <limits>

#include "tests/catch.h"

namespace fovea {
namespace {

constexpr int64_t kHuge = int64_t{1} << 32;

TEST_CASE("division by a number is division, not a product with its inverse") {
  const Tensor x = arange(0, 1000, 1, f32);
  REQUIRE(equal(x / 3.0, div(x, full({1000}, 3))));
  REQUIRE((scalar(1e-39) / 1e-39).item() == 1);  // 1 / 1e-39 is no finite f32
  REQUIRE((2.0 / tensor({4.0, 8.0})).at({1}) == 0.25);
  REQUIRE_THROWS_AS(arange(6) / 2.0, DTypeError);
}

TEST_CASE("a number that i64 does not hold is refused, not cut") {
  const Tensor n = arange(6);
  REQUIRE(equal(n * 2.0, tensor({0, 2, 4, 6, 8, 10})));
  REQUIRE(equal(sub(n, 1), tensor({-1, 0, 1, 2, 3, 4})));
  REQUIRE_THROWS_WITH(n * 0.5, test::contains("0.5 is no whole number"));
  REQUIRE_THROWS_AS(n + 0.5, ValueError);
  REQUIRE_THROWS_AS(n + std::numeric_limits<double>::quiet_NaN(), ValueError);
  REQUIRE_THROWS_AS(masked_fill(n, zeros({6}, boolean), 1e300), ValueError);
  Tensor own = arange(3);
  REQUIRE_THROWS_AS(own.fill_(0.5), ValueError);
  REQUIRE_THROWS_AS(own.mul_(0.5), ValueError);
  REQUIRE_THROWS_AS(own.add_(own, 0.5), ValueError);
  REQUIRE_THROWS_AS(own.set({0}, INFINITY), ValueError);
  REQUIRE_THROWS_AS(own.copy_(full({3}, NAN)), ValueError);
  REQUIRE_THROWS_WITH(to(full({2}, 1e300, f64), i64), test::contains("beyond i64"));
  REQUIRE(equal(own, arange(3)));
}

TEST_CASE("neg, abs, clamp and cumsum of whole numbers") {
  constexpr int64_t kLowest = std::numeric_limits<int64_t>::min(), kLarge = (int64_t{1} << 53) + 1;  // not in f64
  const Tensor n = tensor<int64_t>({3, -2, 0, kLarge, -kLarge, kLowest}, {2, 3});
  REQUIRE(equal(neg(n), tensor<int64_t>({-3, 2, 0, -kLarge, kLarge, kLowest}, {2, 3})));
  REQUIRE(equal(abs(n), tensor<int64_t>({3, 2, 0, kLarge, kLarge, kLowest}, {2, 3})));
  REQUIRE(equal(clamp(n, -2, 2), tensor<int64_t>({2, -2, 0, 2, -2, -2}, {2, 3})));
  REQUIRE(equal(clamp(n, -0x1p62, 0x1p62), tensor<int64_t>({3, -2, 0, kLarge, -kLarge, -(int64_t{1} << 62)}, {2, 3})));
  REQUIRE(equal(cumsum(n, 1), tensor<int64_t>({3, 1, 1, kLarge, 0, kLowest}, {2, 3})));
  REQUIRE(equal(cumsum(n, 0), tensor<int64_t>({3, -2, 0, kLarge + 3, -kLarge - 2, kLowest}, {2, 3})));
  REQUIRE(equal(cumsum(tensor({true, false, true}), 0), tensor({1, 1, 2})));
  REQUIRE(equal(5.0 - arange(3), tensor({5, 4, 3})));
  for (const Tensor& x : {n, arange(0)}) REQUIRE((!neg(x).requires_grad() && cumsum(x, 0).dtype() == i64));
}

TEST_CASE("whole numbers that lie apart, and more than one thread takes") {
  const Tensor n = sub(arange(300'000), 150'000), turned = transpose(reshape(n, {3, 100'000}), 0, 1);
  REQUIRE(equal(neg(n), to(neg(to(n, f64)), i64)));
  REQUIRE(equal(abs(turned), to(abs(to(turned, f64)), i64)));
  REQUIRE(equal(clamp(turned, -7, 70'000), to(clamp(to(turned, f64), -7, 70'000), i64)));
  REQUIRE(equal(cumsum(turned, 0), to(cumsum(to(turned, f64), 0), i64)));
  REQUIRE(equal(cumsum(turned, 1), to(cumsum(to(turned, f64), 1), i64)));
}

TEST_CASE("bounds that i64 does not hold are refused") {
  for (const double bad : {0.5, 0x1p63, 1e300, static_cast<double>(INFINITY)})
    REQUIRE_THROWS_WITH(clamp(arange(3), 0, bad), test::contains("clamp") && test::contains("no whole number"));
  REQUIRE_THROWS_AS(clamp(arange(3), -INFINITY, 0), ValueError);
  REQUIRE_THROWS_AS(clamp(ones({2}, boolean), 0, 1), DTypeError);
  REQUIRE_THROWS_AS(abs(ones({2}, boolean)), DTypeError);
}

TEST_CASE("comparisons with a number") {
  const Tensor x = tensor({-1.0, 0.0, 2.0}), n = tensor({-1, 0, 2});
  REQUIRE(equal(gt(x, 0), tensor({false, false, true})));
  REQUIRE(equal(ge(x, 0), tensor({false, true, true})));
  REQUIRE(equal(lt(x, 0), tensor({true, false, false})));
  REQUIRE(equal(le(x, 0), tensor({true, true, false})));
  REQUIRE(equal(eq(n, 2), tensor({false, false, true})));
  REQUIRE(equal(ne(n, 2), tensor({true, true, false})));
  REQUIRE(equal(gt(n, 1.5), tensor({false, false, true})));  // i64 against what is no whole number
  REQUIRE(all(lt(n, INFINITY)));                             // nor one that i64 could hold
  REQUIRE(equal(eq(tensor({false, true}), 2), tensor({false, false})));
  REQUIRE_THROWS_AS(gt(Tensor(), 1), ShapeError);
}

TEST_CASE("argmax of all elements is a position in their order") {
  const Tensor x = transpose(tensor({1.f, 5.f, 2.f, -3.f}, {2, 2}), 0, 1);
  REQUIRE(argmax(x).item<int64_t>() == 2);
  REQUIRE(argmin(x).item<int64_t>() == 3);
}

TEST_CASE("arange is whole only for whole arguments") {
  REQUIRE(arange(0, 5, 2).dtype() == i64);
  REQUIRE(equal(arange(0, 1, 0.25), tensor({0.f, 0.25f, 0.5f, 0.75f})));
  REQUIRE(arange(0.0, 3).dtype() == f32);
}

TEST_CASE("the gradient of leaky_relu at 0 is the slope") {
  Tensor x = tensor({-1.0, 0.0, 1.0});
  x.requires_grad_();
  sum(leaky_relu(x, 0.25)).backward();
  REQUIRE(equal(x.grad(), tensor({0.25, 0.25, 1.0})));
}

TEST_CASE("the deviation of equal numbers is 0, with gradient 0") {  // pytorch#4320
  Tensor x = full({5}, 0.1, f64);
  x.requires_grad_();
  const Tensor y = standard_deviation(x);
  REQUIRE(y.item() == 0);
  y.backward();
  REQUIRE(equal(x.grad(), zeros({5}, f64)));
}

TEST_CASE("whole numbers are read as they are") {
  const int64_t odd = (int64_t{1} << 53) + 1;
  const Tensor x = tensor<int64_t>({odd, -odd});
  REQUIRE(x.at<int64_t>({0}) == odd);
  REQUIRE(select(x, 0, 1).item<int64_t>() == -odd);
}

TEST_CASE("an undefined tensor throws, whatever it is asked") {
  const Tensor none;
  Tensor x = ones({2});
  REQUIRE_THROWS_WITH(none.item(), test::contains("the tensor is undefined"));
  REQUIRE_THROWS_AS(none.at({0}), AutogradError);
  REQUIRE_THROWS_AS(none.dim(), AutogradError);
  REQUIRE_THROWS_AS(none.size(0), AutogradError);
  REQUIRE_THROWS_AS(none.shape(), AutogradError);
  REQUIRE_THROWS_AS(none.data<float>(), AutogradError);
  REQUIRE_THROWS_AS(none.detach(), AutogradError);
  REQUIRE_THROWS_AS(Tensor().requires_grad_(), AutogradError);
  REQUIRE_THROWS_AS(Tensor().set_grad(x), AutogradError);
  REQUIRE_THROWS_WITH(argmax(none), test::contains("argmax: "));
  REQUIRE_THROWS_WITH(argmin(none), test::contains("argmin: "));
  REQUIRE_THROWS_AS(array::clone(none), AutogradError);
  REQUIRE_THROWS_AS(x.add_(none), AutogradError);
  REQUIRE_THROWS_AS(x.copy_(none), AutogradError);
  x.requires_grad_();
  REQUIRE_THROWS_AS(x.grad().item(), AutogradError);  // before any backward
}

TEST_CASE("sizes whose product no address counts are refused") {
  REQUIRE_THROWS_WITH(reshape(zeros({0}), {kHuge, kHuge}), test::contains("reshape"));
  REQUIRE_THROWS_WITH(reshape(zeros({0}), {kHuge, kHuge, 0}), test::contains("reshape"));
  REQUIRE_THROWS_WITH(expand(ones({1}), {kHuge, kHuge}), test::contains("expand"));
  const Tensor wide = expand(ones({1}), {kHuge}), tall = expand(ones({1, 1}), {kHuge, 1});
  REQUIRE_THROWS_WITH(wide + tall, test::contains("add: shape"));
  REQUIRE_THROWS_WITH(pad(ones({2}), {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::max()}),
                      test::contains("pad"));
  const Tensor most = expand(ones({1}), {int64_t{1} << 56});
  REQUIRE_THROWS_WITH(cat({most, most}, 0), test::contains("cat"));
  REQUIRE_THROWS_AS(zeros({-1}), ShapeError);
}

}  // namespace
}  // namespace fovea
