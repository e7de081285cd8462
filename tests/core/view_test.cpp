// Views and copies without gradients: values against positions worked out by hand, and every error.
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <tests/catch.h>

#include <limits>

using namespace fovea;
using test::contains;

namespace {

// f64 [shape], element = its position in row-major order.
Tensor numbered(const Shape& shape) { return array::to(array::reshape(arange(shape.numel()), shape), f64); }
Tensor row(std::initializer_list<double> values) { return tensor(values); }

}  // namespace

TEST_CASE("reshape is a view where strides allow it", "[view]") {
  const Tensor x = numbered({2, 3, 4});
  REQUIRE(array::reshape(x, {6, -1}).shape() == Shape{6, 4});
  REQUIRE(array::reshape(x, {6, 4}).shares_storage(x));
  REQUIRE(array::reshape(x, {4, 6}).at({2, 1}) == 13);
  const Tensor part = array::slice(x, 2, 1, 3);  // [2, 3, 2], rows 4 apart
  REQUIRE(array::reshape(part, {6, 2}).shares_storage(x));
  REQUIRE(array::reshape(part, {6, 1, 2}).at({5, 0, 1}) == 22);
  REQUIRE(!array::reshape(part, {12}).shares_storage(x));
  REQUIRE(array::reshape(part, {12}).at({3}) == 6);
  const Tensor turned = array::transpose(x, 0, 2);  // [4, 3, 2]
  REQUIRE(equal(array::reshape(turned, {24}), array::reshape(array::clone(turned), {24})));
  REQUIRE(array::reshape(x, {2, 1, 3, 1, 4}).shares_storage(x));
  REQUIRE(array::reshape(numbered({0, 3}), {3, 0}).shape() == Shape{3, 0});
  REQUIRE(array::reshape(scalar(3), {1, 1}).at({0, 0}) == 3);
  REQUIRE_THROWS_AS(array::reshape(x, {5, 5}), ShapeError);
  REQUIRE_THROWS_AS(array::reshape(x, {5, -1}), ShapeError);
  REQUIRE_THROWS_AS(array::reshape(x, {-1, -1}), ShapeError);
  REQUIRE_THROWS_AS(array::reshape(x, {-2, -12}), ShapeError);
  REQUIRE_THROWS_AS(array::reshape(numbered({0}), {0, -1}), ShapeError);
}

TEST_CASE("reshape agrees with a copy for every layout of three dimensions", "[view]") {
  const Tensor base = numbered({4, 4, 4});
  const Shape orders[] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  const Shape targets[] = {{32}, {2, 16}, {16, 2}, {4, 8}, {8, 4}, {2, 2, 2, 4}, {1, 32, 1}, {4, 2, 4}, {2, 4, 4}};
  for (const Shape& order : orders)
    for (int cut = 0; cut < 3; ++cut)
      for (int64_t step : {1, 2}) {
        const Tensor x = array::slice(array::permute(base, order), cut, step == 1 ? 2 : 0, 4, step);
        for (const Shape& target : targets)
          REQUIRE(equal(array::reshape(x, target), array::reshape(array::clone(x), target)));
      }
}

TEST_CASE("strides: kept where elements lie apart, computed where they do not", "[view]") {
  const Tensor x = array::reshape(arange(24), {2, 3, 4});
  CHECK(x.strides() == Shape({12, 4, 1}));
  CHECK(x.stride(0) == 12);
  CHECK(x.stride(-1) == 1);
  const Tensor y = array::transpose(x, 0, 2);
  CHECK(y.strides() == Shape({1, 4, 12}));
  CHECK(y.stride(-1) == 12);
  CHECK(y.detach().strides() == y.strides());
  CHECK(array::expand(array::slice(x, 1, 0, 1), {2, 3, 4}).strides() == Shape({12, 0, 1}));
  CHECK(array::slice(x, 2, 0, 4, 2).strides() == Shape({12, 4, 2}));
  CHECK(zeros({3, 0, 2}).strides() == Shape({2, 2, 1}));
  CHECK(scalar(1).strides() == Shape());
  CHECK_THROWS_AS(x.stride(3), IndexError);
  CHECK_THROWS_AS(Tensor().stride(0), AutogradError);
}

TEST_CASE("permute and transpose", "[view]") {
  const Tensor x = numbered({2, 3, 4});
  const Tensor y = array::permute(x, {2, 0, -2});
  REQUIRE(y.shape() == Shape{4, 2, 3});
  REQUIRE(y.at({3, 1, 2}) == 23);
  REQUIRE(!y.is_contiguous());
  REQUIRE(array::contiguous(y).is_contiguous());
  REQUIRE(equal(array::contiguous(y), y));
  REQUIRE(array::contiguous(x).is_same(x));
  REQUIRE(array::transpose(x, 0, -1).at({3, 2, 1}) == 23);
  REQUIRE(array::transpose(scalar(2), 0, -1).item() == 2);
  REQUIRE_THROWS_AS(array::permute(x, {0, 1}), ShapeError);
  REQUIRE_THROWS_AS(array::permute(x, {0, 1, 1}), ShapeError);
  REQUIRE_THROWS_AS(array::permute(x, {0, 1, 3}), IndexError);
  REQUIRE_THROWS_AS(array::transpose(x, 0, 3), IndexError);
}

TEST_CASE("slice and select", "[view]") {
  const Tensor x = numbered({10});
  REQUIRE(equal(array::slice(x, 0, 2, 5), row({2, 3, 4})));
  REQUIRE(equal(array::slice(x, 0, -3, 100), row({7, 8, 9})));
  REQUIRE(equal(array::slice(x, -1, 1, -1, 3), row({1, 4, 7})));
  REQUIRE(array::slice(x, 0, 5, 2).numel() == 0);
  REQUIRE(array::slice(x, 0, -100, 1).numel() == 1);
  REQUIRE(array::slice(x, 0, 10, 20).numel() == 0);
  const Tensor m = numbered({3, 4});
  REQUIRE(equal(array::select(m, 0, -1), row({8, 9, 10, 11})));
  REQUIRE(equal(array::select(m, 1, 2), row({2, 6, 10})));
  REQUIRE_THROWS_AS(array::slice(x, 1, 0, 1), IndexError);
  REQUIRE_THROWS_AS(array::slice(x, 0, 0, 1, 0), ValueError);
  REQUIRE_THROWS_AS(array::slice(x, 0, 0, 1, -1), ValueError);
  REQUIRE_THROWS_AS(array::slice(scalar(1), 0, 0, 1), ShapeError);
  REQUIRE_THROWS_AS(array::select(m, 0, 3), IndexError);
  REQUIRE_THROWS_AS(array::select(m, 0, -4), IndexError);
  REQUIRE_THROWS_AS(array::select(m, 2, 0), IndexError);
  REQUIRE_THROWS_AS(array::select(scalar(1), 0, 0), ShapeError);
}

TEST_CASE("expand", "[view]") {
  const Tensor x = numbered({3, 1});
  const Tensor y = array::expand(x, {2, -1, 4});
  REQUIRE(y.shape() == Shape{2, 3, 4});
  REQUIRE(y.strides() == Shape{0, 1, 0});
  REQUIRE(y.at({1, 2, 3}) == 2);
  REQUIRE(array::expand(x, {3, 0}).numel() == 0);
  REQUIRE(array::expand(x, {3, 1}).is_same(x));
  REQUIRE_THROWS_AS(array::expand(x, {4, 1}), ShapeError);
  REQUIRE_THROWS_AS(array::expand(x, {1}), ShapeError);
  REQUIRE_THROWS_AS(array::expand(x, {-1, 3, 1}), ShapeError);
}

TEST_CASE("squeeze and unsqueeze", "[view]") {
  const Tensor x = numbered({1, 3, 1});
  REQUIRE(array::squeeze(x).shape() == Shape{3});
  REQUIRE(array::squeeze(x, 0).shape() == Shape{3, 1});
  REQUIRE(array::squeeze(x, 1).shape() == Shape{1, 3, 1});
  REQUIRE(array::unsqueeze(x, -1).shape() == Shape{1, 3, 1, 1});
  REQUIRE(array::unsqueeze(x, 0).shape() == Shape{1, 1, 3, 1});
  REQUIRE(array::unsqueeze(x, 1).is_contiguous());
  REQUIRE_THROWS_AS(array::squeeze(x, 3), IndexError);
  REQUIRE_THROWS_AS(array::unsqueeze(x, 5), IndexError);
  REQUIRE_THROWS_AS(array::unsqueeze(zeros({1, 1, 1, 1, 1, 1, 1, 1}), 0), ShapeError);
}

TEST_CASE("unfold", "[view]") {
  const Tensor x = numbered({7});
  REQUIRE(equal(array::unfold(x, 0, 3, 2), tensor({0., 1., 2., 2., 3., 4., 4., 5., 6.}, {3, 3})));
  REQUIRE(array::unfold(numbered({2, 5}), 1, 2, 1).shape() == Shape{2, 4, 2});
  REQUIRE(array::unfold(numbered({2, 5}), 0, 2, 1).at({0, 4, 1}) == 9);
  REQUIRE_THROWS_AS(array::unfold(x, 0, 8, 1), ShapeError);
  REQUIRE_THROWS_AS(array::unfold(x, 0, 0, 1), ShapeError);
  REQUIRE_THROWS_AS(array::unfold(x, 0, 2, 0), ShapeError);
  REQUIRE_THROWS_AS(array::unfold(x, 1, 2, 1), IndexError);
  REQUIRE_THROWS_AS(array::unfold(scalar(1), 0, 1, 1), ShapeError);
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max();
  CHECK(equal(array::unfold(row({1, 2, 3}), 0, 2, kFar), array::reshape(row({1, 2}), {1, 2})));
  CHECK(equal(array::slice(numbered({3, 2}), 0, 1, 3, kFar), array::slice(numbered({3, 2}), 0, 1, 2)));
}

TEST_CASE("copies convert between all types, over any layout", "[view]") {
  const DType types[] = {f32, f64, i64, boolean};
  for (const DType from : types)
    for (const DType to : types) {
      const Tensor x = array::transpose(array::to(numbered({2, 2}), from), 0, 1);  // 0 2 1 3; as bool 0 1 1 1
      const Tensor y = array::to(x, to);
      REQUIRE(y.dtype() == to);
      const bool flags = from == boolean || to == boolean;
      REQUIRE(y.at({0, 0}) == 0);
      REQUIRE(y.at({0, 1}) == (flags ? 1 : 2));
      REQUIRE(y.at({1, 1}) == (flags ? 1 : 3));
    }
  REQUIRE(array::to(tensor({2.9, -2.9}), i64).at({1}) == -2);
  const Tensor same = zeros({2});
  REQUIRE(array::to(same, f32).is_same(same));
}

TEST_CASE("a storage of more than 2^31 elements is addressed to its end", "[view][slow]") {
  // bool: two GiB and a little, of which only the touched pages exist.
  const int64_t n = (int64_t{1} << 31) + 64;
  Tensor x = empty({n}, boolean);
  x.set({n - 1}, 1);
  x.set({n - 2}, 0);
  REQUIRE(array::select(x, 0, -1).item() == 1);
  const Tensor tail = array::slice(x, 0, n - 2, n);
  REQUIRE(tail.at({0}) == 0);
  REQUIRE(tail.at({1}) == 1);
  const Tensor square = array::as_strided(x, {2, 2}, {n - 2, 1});
  REQUIRE(square.at({1, 1}) == 1);
  REQUIRE(array::clone(square).at({1, 1}) == 1);
}
