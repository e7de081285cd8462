#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <tests/catch.h>

#include <cmath>
#include <limits>
#include <vector>

namespace fovea {
namespace {

std::vector<double> values_of(const Tensor& x) {
  const Tensor flat = array::reshape(x, {-1});
  std::vector<double> values;
  for (int64_t i = 0; i < flat.numel(); ++i) values.push_back(flat.at({i}));
  return values;
}
using Values = std::vector<double>;

}  // namespace

TEST_CASE("constant tensors", "[creation]") {
  for (const DType dtype : {f32, f64, i64, boolean}) {
    CHECK(values_of(zeros({2, 2}, dtype)) == Values{0, 0, 0, 0});
    CHECK(values_of(ones({3}, dtype)) == Values{1, 1, 1});
    CHECK(ones({3}, dtype).dtype() == dtype);
    CHECK(zeros({2, 0, 3}, dtype).numel() == 0);
    CHECK(scalar(1, dtype).dim() == 0);
  }
  CHECK(values_of(full({2}, 2.5)) == Values{2.5, 2.5});
  CHECK(full({}, -7, i64).item<int64_t>() == -7);
  CHECK_THROWS_AS(full({2}, 1e30, i64), ValueError);
  CHECK_THROWS_AS(full({2}, NAN, i64), ValueError);
  CHECK_THROWS_AS(zeros({2, -1}), ShapeError);
  const Tensor x = tensor<int64_t>({1, 2, 3});
  CHECK(values_of(zeros_like(x)) == Values{0, 0, 0});
  CHECK(values_of(ones_like(x)) == Values{1, 1, 1});
  CHECK(full_like(x, 4).dtype() == i64);
  CHECK_THROWS_AS(zeros_like(Tensor()), ValueError);
}

TEST_CASE("arange and linspace", "[creation]") {
  CHECK(values_of(arange(4)) == Values{0, 1, 2, 3});
  CHECK(arange(4).dtype() == i64);
  CHECK(values_of(arange(5, 0, -2)) == Values{5, 3, 1});
  CHECK(values_of(arange(0, 1, 0.25, f64)) == Values{0, 0.25, 0.5, 0.75});
  CHECK(arange(0, 0).numel() == 0);
  CHECK_THROWS_AS(arange(0, 4, 0), ValueError);
  CHECK_THROWS_AS(arange(0, 4, -1), ValueError);
  CHECK_THROWS_AS(arange(0, INFINITY), ValueError);
  CHECK_THROWS_AS(arange(0, 1e300, 1), ValueError);
  CHECK_THROWS_AS(arange(1e300, 1e300, 1, i64), ValueError);
  CHECK_THROWS_AS(arange(0, 2, 1, boolean), DTypeError);

  // Whole numbers above 2^53, which no double tells apart.
  constexpr int64_t odd = (int64_t{1} << 53) + 1, least = std::numeric_limits<int64_t>::min();
  const Tensor large = arange(odd, odd + 3);
  REQUIRE(large.numel() == 3);
  for (int64_t i = 0; i < 3; ++i) CHECK(large.at<int64_t>({i}) == odd + i);
  CHECK(arange(odd + 3, odd, -2).at<int64_t>({1}) == odd + 1);
  const Tensor extremes = arange(least, std::numeric_limits<int64_t>::max(), int64_t{1} << 62);
  REQUIRE(extremes.numel() == 4);
  CHECK(extremes.at<int64_t>({3}) == int64_t{1} << 62);
  CHECK(arange(0, least, least).numel() == 1);
  CHECK_THROWS_AS(arange(0, std::numeric_limits<int64_t>::max()), ValueError);

  CHECK(values_of(linspace(0, 1, 5, f64)) == Values{0, 0.25, 0.5, 0.75, 1});
  CHECK(values_of(linspace(3, 9, 1, f64)) == Values{3});
  CHECK(values_of(linspace(0, 0.3, 4, f64)).back() == 0.3);
  CHECK(linspace(0, 1, 0).numel() == 0);
  CHECK_THROWS_AS(linspace(0, 1, -1), ValueError);
  CHECK_THROWS_AS(linspace(0, 1, 3, i64), DTypeError);
}

TEST_CASE("eye, from and tensor", "[creation]") {
  CHECK(values_of(eye(2)) == Values{1, 0, 0, 1});
  CHECK(eye(0).numel() == 0);
  CHECK(values_of(eye(3, boolean)) == Values{1, 0, 0, 0, 1, 0, 0, 0, 1});
  CHECK(values_of(tensor({1.5, 2.5})) == Values{1.5, 2.5});
  CHECK(tensor({1.f, 2.f, 3.f, 4.f}, {2, 2}).at({1, 0}) == 3);
  CHECK(tensor({true, false}).dtype() == boolean);
  CHECK(from(std::vector<int64_t>{}, {0, 2}).shape() == Shape{0, 2});
  CHECK_THROWS_AS(tensor({1.f, 2.f}, {3}), ShapeError);
}

TEST_CASE("one_hot", "[creation]") {
  const Tensor ids = tensor<int64_t>({2, 0, 1, 2}, {2, 2});
  const Tensor y = one_hot(ids, 3);
  CHECK(y.shape() == Shape{2, 2, 3});
  CHECK(values_of(y) == Values{0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1});
  CHECK(values_of(one_hot(array::transpose(ids, 0, 1), 3, boolean)) == Values{0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1});
  CHECK(one_hot(tensor<int64_t>({}), 3).shape() == Shape{0, 3});
  CHECK_THROWS_AS(one_hot(ids, 2), IndexError);
  CHECK_THROWS_WITH(one_hot(tensor<int64_t>({0, -1}), 2), test::contains("id -1 at position 1"));
  CHECK_THROWS_AS(one_hot(ids, 0), ValueError);
  CHECK_THROWS_AS(one_hot(tensor({1.f}), 2), DTypeError);
}

}  // namespace fovea
