// Sizes and layouts at which kernels change course: shares of several threads, pieces of long reductions, products that
// are cut into panels, rows that break off early. Each is compared with another way to the same numbers.
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/parallel.h>
#include <tests/catch.h>
#include <tests/threads.h>

#include <cmath>

using namespace fovea;
using fovea::test::Threads;

namespace {

// Whole numbers, so that sums are exact in any order.
Tensor whole_numbers(const Shape& shape, DType dtype, uint64_t seed = 3) {
  Generator generator(seed);
  return array::to(randint(shape, -8, 9, generator), dtype);
}

Tensor reversed(const Tensor& x) {
  Shape order;
  for (int d = x.dim() - 1; d >= 0; --d) order.append(d);
  return array::permute(x, order);
}

}  // namespace

TEST_CASE("rows longer than one thread's share, in strided arrays", "[kernels][threads]") {
  Generator generator(1);
  const Tensor whole = uniform({2, 70001}, 0.5, 2, generator), other = uniform({2, 70001}, 0.5, 2, generator);
  const Tensor x = array::slice(whole, 1, 0, 70000), y = array::slice(other, 1, 1, 70001);
  const Tensor a = array::clone(x), b = array::clone(y), mask = lt(a, b);
  const Tensor wide_mask = array::slice(lt(whole, other), 1, 0, 70000), own_mask = array::clone(wide_mask);
  for (const int n : {1, 3}) {
    const Threads threads(n);
    CHECK(equal(exp(x), exp(a)));
    CHECK(equal(x * y, a * b));
    CHECK(equal(lt(x, y), mask));
    CHECK(equal(remainder(x, y), remainder(a, b)));
    CHECK(equal(isfinite(x / (y - 1.0)), isfinite(a / (b - 1.0))));
    CHECK(equal(logical_not(wide_mask), logical_not(own_mask)));
    CHECK(equal(where(wide_mask, x, y), where(own_mask, a, b)));
    CHECK(equal(masked_fill(x, wide_mask, -1), masked_fill(a, own_mask, -1)));
    CHECK(equal(array::to(x, f64), array::to(a, f64)));
  }
}

TEST_CASE("a comparison of many rows ends at the first that decides it", "[kernels]") {
  const Tensor a = array::slice(whole_numbers({4, 6}, f64), 1, 0, 5), same = array::clone(a);
  CHECK(allclose(a, same));
  CHECK(equal(a, same));
  for (const int64_t row : {0, 3}) {
    Tensor b = array::clone(a);
    b.set({row, 4}, 100);
    INFO("row " << row);
    CHECK_FALSE(allclose(a, b));
    CHECK_FALSE(equal(a, b));
    const Tensor wide = ones({4, 6}, boolean), truths = array::slice(wide, 1, 0, 5);
    CHECK(all(truths));
    Tensor one = truths;
    one.set({row, 2}, 0);
    CHECK_FALSE(all(truths));
    const Tensor falses = array::slice(logical_not(wide), 1, 0, 5);
    CHECK(any(falses));
  }
}

TEST_CASE("long reductions of many results: each is whole, whatever is cut", "[kernels][threads]") {
  const int64_t n = 140'000;
  for (const DType dtype : {f32, i64}) {
    const Tensor row = whole_numbers({1, n}, dtype);
    const double expected = sum(row).item(), most = max(row).item();
    for (const int threads : {1, 3}) {
      const Threads guard(threads);
      for (const int64_t rows : {3, 64}) {
        const Tensor x = array::expand(row, {rows, n});
        CHECK(equal(sum(x, 1), full({rows}, expected, dtype)));
        CHECK(equal(max(x, 1), full({rows}, most, dtype)));
      }
    }
  }
  const Tensor wide = array::expand(whole_numbers({1, 33'000}, f32), {300, 33'000});  // columns, past all pieces
  CHECK(equal(sum(wide, 0), array::select(wide, 0, 0) * 300.0));
  CHECK(equal(min(wide, 0), array::select(wide, 0, 0)));
}

TEST_CASE("columns that are reduced along two dimensions, a few elements at a time", "[kernels]") {
  for (const DType dtype : {f32, f64, i64}) {
    const Tensor x = whole_numbers({70, 5, 3, 7}, dtype);
    CHECK(equal(sum(x, {0, 2}), sum(sum(x, 2), 0)));
    CHECK(equal(max(x, {0, 2}), max(max(x, 2), 0)));
    CHECK(equal(min(x, {0, 2}), min(min(x, 2), 0)));
  }
}

TEST_CASE("products that are cut into panels, of every layout", "[kernels][threads]") {
  for (const DType dtype : {f32, f64})
    for (const Shape& size : {Shape{600, 16, 64}, Shape{1, 600, 600}, Shape{40, 30, 700}, Shape{1100, 300, 3}}) {
      const Tensor a = whole_numbers({size[0], size[1]}, dtype), b = whole_numbers({size[1], size[2]}, dtype, 5);
      const Tensor left = array::transpose(array::clone(array::transpose(a, 0, 1)), 0, 1);
      const Tensor right = array::transpose(array::clone(array::transpose(b, 0, 1)), 0, 1);
      const Tensor expected = sum(unsqueeze(array::slice(a, 0, 0, 1), -1) * unsqueeze(b, 0), 1);  // of the first row
      INFO(size.str());
      const Tensor y = matmul(a, b);
      CHECK(equal(array::slice(y, 0, 0, 1), expected));
      CHECK(equal(matmul(left, b), y));
      CHECK(equal(matmul(a, right), y));
      CHECK(equal(matmul(left, right), y));
    }
}

TEST_CASE("a batch of products that are large each", "[kernels]") {
  const Tensor a = whole_numbers({2, 260, 260}, f32), b = whole_numbers({2, 260, 260}, f32, 5), y = matmul(a, b);
  for (const int64_t i : {0, 1})
    CHECK(equal(array::select(y, 0, i), matmul(array::select(a, 0, i), array::select(b, 0, i))));
}

TEST_CASE("products of layouts that BLAS cannot read", "[kernels]") {
  const Tensor column = array::expand(whole_numbers({1, 1}, f64), {3, 1}), row = whole_numbers({1, 4}, f64, 5);
  CHECK(equal(matmul(column, row), matmul(array::clone(column), row)));
  const Tensor wide = whole_numbers({6, 8}, f64), apart = array::slice(array::slice(wide, 1, 0, 8, 2), 0, 0, 6, 2);
  CHECK(
      equal(matmul(apart, transpose(apart, 0, 1)), matmul(array::clone(apart), array::clone(transpose(apart, 0, 1)))));
}

TEST_CASE("a sum over nothing adds nothing to the bias", "[kernels]") {
  for (const DType dtype : {f32, f64}) {
    const Tensor bias = whole_numbers({3}, dtype);
    CHECK(equal(linear(zeros({2, 0}, dtype), zeros({3, 0}, dtype), bias), array::expand(bias, {2, 3})));
    CHECK(equal(linear(zeros({2, 0}, dtype), zeros({3, 0}, dtype)), zeros({2, 3}, dtype)));
    CHECK(equal(matmul(zeros({2, 0}, dtype), zeros({0, 3}, dtype)), zeros({2, 3}, dtype)));
  }
}

TEST_CASE("eight dimensions, in and against their order", "[kernels]") {
  const Shape shape{2, 1, 3, 2, 1, 2, 3, 2};
  for (const DType dtype : {f32, f64, i64, boolean}) {
    const Tensor x = array::to(whole_numbers(shape, dtype == boolean ? i64 : dtype), dtype), turned = reversed(x);
    const Tensor own = array::clone(turned);
    INFO(describe(x));
    CHECK(equal(turned, own));
    CHECK(equal(reversed(own), x));
    CHECK(equal(eq(turned, own), ones(own.shape(), boolean)));
    CHECK(equal(array::to(turned, f64), array::to(own, f64)));
    CHECK(equal(flip(turned, 2), flip(own, 2)));
    if (dtype == boolean) {
      CHECK(equal(logical_and(turned, own), own));
      continue;
    }
    CHECK(equal(turned + own, own + own));
    CHECK(equal(sum(turned, {0, 3, 6}), sum(own, {0, 3, 6})));
    CHECK(equal(max(turned, {1, 2, 7}), max(own, {1, 2, 7})));
    CHECK(sum(turned).item() == sum(x).item());
    CHECK(equal(argmax(turned, 5), argmax(own, 5)));
    CHECK_THROWS_AS(unsqueeze(x, 0), ShapeError);
  }
}

TEST_CASE("creation refuses what no tensor can hold, and says so", "[creation]") {
  Generator g(1);
  CHECK_THROWS_WITH(arange(-INFINITY, 4), test::contains("arange"));
  CHECK_THROWS_WITH(arange(0, 4, INFINITY), test::contains("arange"));
  CHECK_THROWS_WITH(arange(0x1p63 - 2048, 0x1p63, 1024, i64), test::contains("does not fit i64"));
  CHECK_THROWS_WITH(normal({2}, 0, INFINITY, g), test::contains("normal: "));
  CHECK_THROWS_WITH(bernoulli(tensor({0.5, 1.5}), g), test::contains("bernoulli: "));
  CHECK_THROWS_AS(bernoulli(tensor({0.5f, 1.5f}), g), ValueError);
  CHECK_THROWS_WITH(zeros({-1}), test::contains("zeros: "));
  CHECK_THROWS_WITH(ones({-1}), test::contains("ones: "));
  CHECK_THROWS_WITH(full({-1}, 2), test::contains("full: "));
  CHECK_THROWS_WITH(eye(-1), test::contains("eye: "));
  CHECK_THROWS_WITH(permutation(-1, g), test::contains("permutation: "));
  CHECK_THROWS_WITH(randint({-1}, 0, 2, g), test::contains("randint: "));
  CHECK_THROWS_WITH(uniform({-1}, 0, 1, g), test::contains("uniform: "));
  CHECK_THROWS_WITH(tensor({1.f, 2.f}, {3}), test::contains("tensor: 2 values do not fill [3]"));
  CHECK_THROWS_WITH(from(std::vector<float>{1}, {3}), test::contains("from: 1 values do not fill [3]"));
}

TEST_CASE("in place: from itself, from a shifted part of itself, into a repeated dimension of size 1", "[tensor]") {
  Tensor x = tensor({1., 2., 3., 4.});
  CHECK(equal(x.copy_(x), tensor({1., 2., 3., 4.})));
  CHECK(equal(x.add_(x), tensor({2., 4., 6., 8.})));
  Tensor later = array::slice(x, 0, 1, 4);
  const Tensor earlier = array::slice(x, 0, 0, 3);
  later.add_(earlier);
  CHECK(equal(x, tensor({2., 6., 10., 14.})));
  later.copy_(earlier);
  CHECK(equal(x, tensor({2., 2., 6., 10.})));
  Tensor one = array::expand(scalar(1, f64), {1, 1});
  CHECK(one.fill_(3).item() == 3);
}
