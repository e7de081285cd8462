// The tensor handle: shapes, item access, what may be written in place, and every error of these.
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <tests/catch.h>

#include <cmath>
#include <cstdint>
#include <limits>

using namespace fovea;
using test::contains;

TEST_CASE("shapes: order, growth, limits", "[tensor]") {
  Shape shape{2, 3};
  shape.append(4);
  shape.insert(0, 5);
  REQUIRE(shape == Shape{5, 2, 3, 4});
  shape.erase(1);
  REQUIRE(shape == Shape{5, 3, 4});
  REQUIRE(!(shape == Shape{5, 3}));
  REQUIRE(!(shape == Shape{5, 3, 1}));
  REQUIRE(shape.numel() == 60);
  REQUIRE(shape.back() == 4);
  REQUIRE(Shape{}.numel() == 1);
  REQUIRE(shape.str() == "[5, 3, 4]");
  REQUIRE(contiguous_strides({2, 0, 3}) == Shape{3, 3, 1});
  REQUIRE_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), ShapeError);
  Shape full = Shape::filled(kMaxRank, 1);
  REQUIRE_THROWS_AS(full.append(1), ShapeError);
  REQUIRE_THROWS_WITH(full.insert(0, 1), contains("reshape"));
  REQUIRE_THROWS_AS(Shape::filled(9, 1), ShapeError);
}

TEST_CASE("dimensions count from both ends", "[tensor]") {
  REQUIRE(normalize_dim("f", -1, 3) == 2);
  REQUIRE(normalize_dim("f", 0, 0) == 0);
  REQUIRE_THROWS_WITH(normalize_dim("f", 3, 3), contains("f: dimension 3"));
  REQUIRE_THROWS_AS(normalize_dim("f", -4, 3), IndexError);
  REQUIRE_THROWS_AS(zeros({2}).size(1), IndexError);
  REQUIRE_THROWS_AS(scalar(1).size(0), IndexError);
  REQUIRE_THROWS_AS(scalar(1).stride(-1), IndexError);
  REQUIRE(broadcast_shapes("f", {4, 1, 3}, {2, 1}) == Shape{4, 2, 3});
  REQUIRE(broadcast_shapes("f", {0, 3}, {1}) == Shape{0, 3});
  REQUIRE_THROWS_WITH(broadcast_shapes("f", {2, 3}, {2, 4}), contains("[2, 3]") && contains("[2, 4]"));
}

TEST_CASE("a handle aliases, clone copies", "[tensor]") {
  Tensor a = zeros({3});
  Tensor b = a;
  const Tensor c = array::clone(a);
  b.set({1}, 5);
  REQUIRE(a.at({1}) == 5);
  REQUIRE(c.at({1}) == 0);
  REQUIRE(b.is_same(a));
  REQUIRE(a.detach().shares_storage(a));
  REQUIRE(!a.detach().is_same(a));
  REQUIRE(!Tensor().defined());
  REQUIRE(reinterpret_cast<uintptr_t>(a.raw()) % 64 == 0);
  REQUIRE(reinterpret_cast<uintptr_t>(empty({100000}, f64).raw()) % 64 == 0);
}

TEST_CASE("a view outlives the tensor it was made from", "[tensor]") {
  Tensor row;
  {
    const Tensor a = arange(12);
    row = array::select(array::reshape(a, {3, 4}), 0, 2);
  }
  const Tensor other = zeros({12}, i64);  // would take the block, were it free
  REQUIRE(row.at<int64_t>({3}) == 11);
}

TEST_CASE("shapes that cannot be", "[tensor]") {
  REQUIRE_THROWS_AS(empty({2, -1}), ShapeError);
  const int64_t large = int64_t{1} << 40;
  REQUIRE_THROWS_AS(empty({large, large}), ShapeError);
  REQUIRE_THROWS_AS(empty({0, large, large}), ShapeError);  // its strides would overflow
  REQUIRE_THROWS_AS(empty({large, large, 0}), ShapeError);
  REQUIRE_THROWS_AS(empty({int64_t{1} << 55}), std::bad_alloc);
  REQUIRE(empty({0, 5}).numel() == 0);
  REQUIRE(empty({0, 5}).is_contiguous());
}

TEST_CASE("items are read and written by position, of every type", "[tensor]") {
  for (const DType type : {f32, f64, i64, boolean}) {
    Tensor x = zeros({2, 3}, type);
    x.set({1, -1}, 1);
    REQUIRE(x.at({1, 2}) == 1);
    REQUIRE(x.at({-1, -1}) == 1);
    REQUIRE(x.at({0, 2}) == 0);
    REQUIRE(array::slice(array::select(x, 0, 1), 0, 2, 3).item() == 1);
  }
  REQUIRE(tensor({int64_t{1} << 60}).item<int64_t>() == int64_t{1} << 60);
  Tensor x = zeros({2, 3});
  REQUIRE_THROWS_AS(x.item(), ShapeError);
  REQUIRE_THROWS_AS(x.item<int64_t>(), ShapeError);
  REQUIRE(scalar(2.5).item<int64_t>() == 2);
  REQUIRE(scalar(-2.5).item<int64_t>() == -2);
  REQUIRE(scalar(255.5, f64).item<uint8_t>() == 255);
  REQUIRE_THROWS_AS(scalar(256.0).item<uint8_t>(), ValueError);
  REQUIRE_THROWS_AS(scalar(0x1p63).item<int64_t>(), ValueError);
  REQUIRE(scalar(-0x1p63).item<int64_t>() == std::numeric_limits<int64_t>::min());
  REQUIRE_THROWS_WITH(scalar(std::nan("")).item<int64_t>(), contains("item: nan as a whole number"));
  REQUIRE_THROWS_AS(x.at({1}), IndexError);
  REQUIRE_THROWS_AS(x.at({2, 0}), IndexError);
  REQUIRE_THROWS_AS(x.at({0, -4}), IndexError);
  REQUIRE_THROWS_AS(x.set({0, 3}, 1), IndexError);
  REQUIRE_THROWS_AS(x.data<double>(), DTypeError);
  REQUIRE_THROWS_WITH(x.data<double>(), contains("to(x, f64)"));
}

TEST_CASE("in place: fill, copy, add, scale over any layout", "[tensor]") {
  Tensor x = zeros({3, 4});
  array::transpose(x, 0, 1).fill_(2);
  array::slice(x, 1, 0, 4, 2).mul_(3);
  array::select(x, 0, 1).add_(tensor({1.f, 2.f, 3.f, 4.f}), 10);
  REQUIRE(equal(x, tensor({6.f, 2.f, 6.f, 2.f, 16.f, 22.f, 36.f, 42.f, 6.f, 2.f, 6.f, 2.f}, {3, 4})));
  x.copy_(tensor({1.f, 2.f, 3.f}, {3, 1}));  // broadcasts
  REQUIRE(x.at({2, 3}) == 3);
  x.copy_(tensor({int64_t{7}, int64_t{8}, int64_t{9}, int64_t{10}}));  // converts
  REQUIRE(x.at({0, 3}) == 10);
  Tensor n = arange(4);
  n.add_(arange(4)).mul_(3);
  REQUIRE(n.at<int64_t>({3}) == 18);
  REQUIRE(zeros({0}).fill_(1).numel() == 0);
}

TEST_CASE("in place: overlapping operands read before they are written", "[tensor]") {
  Tensor x = arange(6);
  array::slice(x, 0, 1, 6).copy_(array::slice(x, 0, 0, 5));
  REQUIRE(equal(x, tensor({int64_t{0}, int64_t{0}, int64_t{1}, int64_t{2}, int64_t{3}, int64_t{4}})));
  Tensor m = array::reshape(to(arange(9), f32), {3, 3});
  const Tensor expected = m + transpose(m, 0, 1);
  m.add_(array::transpose(m, 0, 1));
  REQUIRE(equal(m, expected));
  Tensor same = tensor({1.f, 2.f});
  REQUIRE(equal(same.add_(same), tensor({2.f, 4.f})));
  Tensor row = tensor({1.f, 2.f, 3.f, 4.f}, {2, 2});
  row.add_(array::select(row, 0, 0));  // a part of itself, broadcast
  REQUIRE(equal(row, tensor({2.f, 4.f, 4.f, 6.f}, {2, 2})));
}

TEST_CASE("in place: what may not be written", "[tensor]") {
  Tensor wide = array::expand(zeros({1, 3}), {2, 3});
  REQUIRE_THROWS_WITH(wide.fill_(1), contains("fill_") && contains("clone()"));
  REQUIRE_THROWS_AS(wide.copy_(zeros({2, 3})), ShapeError);
  REQUIRE_THROWS_AS(wide.add_(zeros({2, 3})), ShapeError);
  REQUIRE_THROWS_AS(wide.mul_(2), ShapeError);
  REQUIRE_THROWS_AS(wide.set({0, 0}, 1), ShapeError);
  Tensor undefined;
  REQUIRE_THROWS_AS(undefined.fill_(1), Error);
  Tensor x = zeros({2});
  REQUIRE_THROWS_AS(x.add_(zeros({2}, f64)), DTypeError);
  REQUIRE_THROWS_AS(x.add_(zeros({3})), ShapeError);
  REQUIRE_THROWS_WITH(x.add_(zeros({1, 2})), contains("add_: f32[1, 2] into f32[2]"));
  REQUIRE_THROWS_WITH(x.copy_(zeros({4})), contains("copy_: f32[4] into f32[2]"));
  REQUIRE_THROWS_WITH(x.copy_(Tensor()), contains("copy_: "));
  REQUIRE_THROWS_WITH(x.add_(Tensor()), contains("add_: "));
  REQUIRE_THROWS_AS(Tensor().bump_version("test"), AutogradError);
  Tensor yes = ones({2}, boolean);
  REQUIRE_THROWS_WITH(yes.add_(yes), contains("add_: need f32, f64 or i64, got bool[2]"));
  REQUIRE_THROWS_WITH(yes.mul_(2), contains("mul_: need f32, f64 or i64, got bool[2]"));
  REQUIRE_THROWS_AS(x.copy_(zeros({3})), ShapeError);
  Tensor taped = zeros({2}).requires_grad_();
  REQUIRE_THROWS_AS(taped.fill_(1), AutogradError);
  REQUIRE_THROWS_AS(taped.copy_(x), AutogradError);
  REQUIRE_THROWS_AS(taped.mul_(2), AutogradError);
  REQUIRE_THROWS_WITH(taped.set({0}, 1), contains("NoGrad"));
}

TEST_CASE("every change in place raises the version", "[tensor]") {
  Tensor x = zeros({2});
  const auto version = [&] { return x.impl()->storage->version; };
  uint64_t before = version();
  const auto raised = [&] { return version() > std::exchange(before, version()); };
  x.fill_(1);
  REQUIRE(raised());
  x.copy_(zeros({2}));
  REQUIRE(raised());
  x.add_(zeros({2}));
  REQUIRE(raised());
  x.mul_(1);
  REQUIRE(raised());
  x.set({0}, 1);
  REQUIRE(raised());
  array::select(x, 0, 0).zero_();
  REQUIRE(raised());
  REQUIRE(!raised());
}
