// Reading, writing, choosing and ordering by position: errors, ties, masks, and bugs that others had.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/parallel.h>
#include <tests/catch.h>

#include <cmath>

using namespace fovea;
using fovea::test::contains;

TEST_CASE("an id out of range is an IndexError, forward and backward", "[index][bugs]") {  // pytorch#145267, #175368
  const Tensor table = ones({4, 2}).requires_grad_();
  REQUIRE_THROWS_AS(embedding(table, tensor<int64_t>({0, 4})), IndexError);
  REQUIRE_THROWS_AS(embedding(table, tensor<int64_t>({-1})), IndexError);
  REQUIRE_THROWS_WITH(embedding(table, tensor<int64_t>({0, 1, 2, 9}, {2, 2})),
                      contains("embedding") && contains("id 9") && contains("[1, 1]") && contains("[0, 4)"));
  const Tensor ids = tensor<int64_t>({0, 3});
  const Tensor loss = sum(embedding(table, ids));
  ids.data<int64_t>()[1] = 4;  // behind the library's back
  REQUIRE_THROWS_AS(loss.backward(), IndexError);
}

TEST_CASE("ids changed in place after use are noticed", "[index]") {
  const Tensor table = ones({4, 2}).requires_grad_();
  Tensor ids = tensor<int64_t>({0, 3});
  const Tensor loss = sum(embedding(table, ids));
  ids.fill_(1);
  REQUIRE_THROWS_AS(loss.backward(), AutogradError);
}

TEST_CASE("the padding row is read but gets no gradient", "[index]") {
  const Tensor table = ones({3, 2}).requires_grad_();
  const Tensor y = embedding(table, tensor<int64_t>({1, 0, 1, 2}), 1);
  REQUIRE(y.at({0, 0}) == 1);
  REQUIRE(equal(grad(sum(y), {table})[0], tensor({1.f, 1.f, 0.f, 0.f, 1.f, 1.f}, {3, 2})));
}

TEST_CASE("the second derivative of embedding leaves the padding row out", "[index]") {
  const Tensor table = tensor({1., 2., 3.}, {3, 1}).requires_grad_();
  const Tensor y = embedding(table, tensor<int64_t>({0, 1, 1}), 1);
  const Tensor g = grad(sum(y * y), {table}, {.create_graph = true})[0];
  REQUIRE(equal(g.detach(), tensor({2., 0., 0.}, {3, 1})));
  REQUIRE(equal(grad(sum(g), {table})[0], tensor({2., 0., 0.}, {3, 1})));
}

TEST_CASE("repeated ids add up the same way for any number of threads", "[index][threads]") {
  const int before = num_threads();
  Generator generator(3);
  const Tensor table = normal({50, 70}, 0, 1, generator).requires_grad_();
  const Tensor ids = randint({4000}, 0, 50, generator), cotangent = normal({4000, 70}, 0, 1, generator);
  Tensor expected;
  for (const int threads : {1, 2, 4, 7}) {
    set_num_threads(threads);
    const Tensor g = grad({embedding(table, ids)}, {table}, {.grad_outputs = {cotangent}})[0];
    const Tensor same = grad({index_select(table, 0, ids)}, {table}, {.grad_outputs = {cotangent}})[0];
    if (!expected.defined()) expected = g;
    REQUIRE(equal(g, expected));
    REQUIRE(equal(same, expected));
  }
  set_num_threads(before);
}

TEST_CASE("gather and scatter_add name the offender", "[index]") {
  const Tensor x = ones({3, 2});
  REQUIRE_THROWS_WITH(gather(x, 0, tensor<int64_t>({0, 1, 3, 0}, {2, 2})),
                      contains("gather") && contains("id 3") && contains("[1, 0]"));
  REQUIRE_THROWS_AS(scatter_add(x, 0, tensor<int64_t>({-1, 0}, {1, 2}), ones({1, 2})), IndexError);
  REQUIRE_THROWS_AS(index_select(x, 1, tensor<int64_t>({2})), IndexError);
  REQUIRE_THROWS_AS(gather(x, 0, ones({2, 2})), DTypeError);
  REQUIRE_THROWS_AS(gather(x, 0, zeros({2}, i64)), ShapeError);
}

TEST_CASE("scatter_add adds repeated positions and leaves its argument alone", "[index]") {
  const Tensor x = tensor<int64_t>({10, 20, 30});
  const Tensor y = scatter_add(x, 0, tensor<int64_t>({2, 0, 2}), tensor<int64_t>({1, 2, 3}));
  REQUIRE(equal(y, tensor<int64_t>({12, 20, 34})));
  REQUIRE(equal(x, tensor<int64_t>({10, 20, 30})));
}

TEST_CASE("equal elements keep their order in sort and topk", "[sort]") {
  const Tensor x = tensor({2.f, 1.f, 2.f, 1.f, 3.f});
  REQUIRE(equal(sort(x, 0).second, tensor<int64_t>({1, 3, 0, 2, 4})));
  REQUIRE(equal(sort(x, 0, true).second, tensor<int64_t>({4, 0, 2, 1, 3})));
  REQUIRE(equal(topk(x, 2, 0).second, tensor<int64_t>({4, 0})));
  REQUIRE(equal(topk(x, 4, 0).second, tensor<int64_t>({4, 0, 2, 1})));
  REQUIRE(equal(topk(x, 2, 0).first, tensor({3.f, 2.f})));
  REQUIRE(topk(x, 0, 0).first.shape() == Shape{0});
  REQUIRE(equal(argsort(tensor<int64_t>({5, -5, 0}), 0), tensor<int64_t>({1, 2, 0})));
  REQUIRE(equal(sort(ones({2, 0}), 1).first, ones({2, 0})));
}

TEST_CASE("NaN sorts last, and first in descending order", "[sort]") {
  const Tensor x = tensor<float>({NAN, 1.f, INFINITY, NAN, -INFINITY});
  REQUIRE(equal(argsort(x, 0), tensor<int64_t>({4, 1, 2, 0, 3})));
  REQUIRE(equal(argsort(x, 0, true), tensor<int64_t>({0, 3, 2, 1, 4})));
  REQUIRE(equal(topk(x, 3, 0).second, tensor<int64_t>({0, 3, 2})));
}

TEST_CASE("sorted rows are the same for any number of threads", "[sort][threads]") {
  const int before = num_threads();
  Generator generator(4);
  const Tensor x = to(randint({200, 60}, 0, 9, generator), f32);
  const Tensor expected = argsort(x, 1);
  for (const int threads : {2, 4, 7}) {
    set_num_threads(threads);
    REQUIRE(equal(argsort(x, 1), expected));
  }
  set_num_threads(before);
}

TEST_CASE("where chooses gradients, it does not multiply them", "[choose][bugs]") {  // pytorch#68425
  const Tensor a = scalar(100).requires_grad_();
  const Tensor y = where(le(a, scalar(0)), exp(a), a + 1.0);  // exp(100) overflows in f32
  REQUIRE(grad(y, {a})[0].item() == 1);
}

TEST_CASE("a filled element has no gradient, whatever stood there", "[choose]") {
  const Tensor x = tensor({-1., 4.}).requires_grad_();
  const Tensor y = masked_fill(sqrt(x), tensor({true, false}), 7);
  REQUIRE(equal(y.detach(), tensor({7., 2.})));
  const Tensor g = grad({masked_fill(x, tensor({true, false}), NAN)}, {x}, {.grad_outputs = {tensor({3., 5.})}})[0];
  REQUIRE(equal(g, tensor({0., 5.})));
}

TEST_CASE("masks must be bool", "[choose]") {
  REQUIRE_THROWS_AS(where(ones({2}), ones({2}), ones({2})), DTypeError);
  REQUIRE_THROWS_AS(masked_fill(ones({2}), arange(2), 0), DTypeError);
  REQUIRE_THROWS_WITH(masked_fill(ones({2}), arange(2), 0),
                      contains("masked_fill") && contains("bool") && contains("i64[2]"));
}

TEST_CASE("division rounds down, the remainder takes the divisor's sign", "[compare][bugs]") {  // pytorch#43874
  const Tensor a = tensor<int64_t>({-3, 3, -3, 3, -4}), b = tensor<int64_t>({2, 2, -2, -2, 2});
  REQUIRE(equal(floor_divide(a, b), tensor<int64_t>({-2, 1, 1, -2, -2})));
  REQUIRE(equal(remainder(a, b), tensor<int64_t>({1, 1, -1, -1, 0})));
  REQUIRE(floor_divide(scalar(-3), scalar(2)).item() == -2);
  REQUIRE(remainder(scalar(-3), scalar(2)).item() == 1);
  const Tensor lowest = tensor<int64_t>({std::numeric_limits<int64_t>::min()});
  REQUIRE(remainder(lowest, tensor<int64_t>({-1})).item<int64_t>() == 0);
  REQUIRE(floor_divide(lowest, tensor<int64_t>({-1})).item<int64_t>() == std::numeric_limits<int64_t>::min());
  REQUIRE_THROWS_AS(floor_divide(a, zeros({5}, i64)), ValueError);
  REQUIRE(floor_divide(zeros({0}, i64), zeros({1}, i64)).shape() == Shape{0});  // nothing is divided
  REQUIRE_THROWS_AS(remainder(a, zeros({}, i64)), ValueError);
  REQUIRE_THROWS_AS(floor_divide(a, ones({5})), DTypeError);
}

TEST_CASE("equal compares bits, allclose numbers", "[compare]") {
  const Tensor nan = tensor({std::nan(""), 1.});
  REQUIRE(equal(nan, clone(nan)));
  REQUIRE(!allclose(nan, nan));
  REQUIRE(!equal(scalar(0), scalar(-0.)));
  REQUIRE(allclose(scalar(0), scalar(-0.)));
  REQUIRE(!equal(ones({2}), ones({2}, f64)));
  REQUIRE(!equal(ones({2}), ones({1, 2})));
  REQUIRE(!allclose(ones({2}), ones({1, 2})));
  REQUIRE(allclose(tensor<double>({INFINITY}), tensor<double>({INFINITY})));
  REQUIRE(!allclose(tensor<double>({INFINITY}), tensor<double>({-INFINITY})));
  REQUIRE(!allclose(tensor<double>({1}), tensor<double>({INFINITY})));
  REQUIRE(allclose(tensor({100.}), tensor({100.001})));
  REQUIRE(!allclose(tensor({100.}), tensor({100.002})));
  REQUIRE(equal(transpose(ones({2, 3}), 0, 1), ones({3, 2})));
  REQUIRE_THROWS_AS(allclose(ones({2}), ones({2}, f64)), DTypeError);
}

TEST_CASE("all and any, of nothing too", "[compare]") {
  REQUIRE(all(zeros({0}, boolean)));
  REQUIRE(!any(zeros({0}, boolean)));
  REQUIRE(all(tensor({1.f, 2.f})));
  REQUIRE(!all(tensor({1.f, 0.f})));
  REQUIRE(any(tensor({0.f, 1.f})));
  REQUIRE(!any(tensor({0.f, 0.f})));
  const Tensor x = tensor<float>({1.f, NAN, INFINITY, -INFINITY});
  REQUIRE(equal(isfinite(x), tensor({true, false, false, false})));
  REQUIRE(all(isfinite(arange(3))));
}

TEST_CASE("comparisons broadcast and have no gradient", "[compare]") {
  const Tensor x = tensor({1., 2., 3.}).requires_grad_();
  const Tensor y = gt(x, unsqueeze(tensor({0., 2.}), 1));
  REQUIRE(!y.requires_grad());
  REQUIRE(equal(y, tensor({true, true, true, false, false, true}, {2, 3})));
  REQUIRE_THROWS_AS(eq(ones({2}), ones({3})), ShapeError);
  REQUIRE_THROWS_AS(eq(ones({2}), arange(2)), DTypeError);
}

TEST_CASE("a tensor of rank 0 in order is itself at position 0", "[index]") {
  for (const int64_t dim : {0, -1}) {
    const Tensor x = scalar(3, f64).requires_grad_();
    for (const auto& [values, order] : {sort(x, dim), sort(x, dim, true), topk(x, 1, dim)}) {
      REQUIRE(equal(values.detach(), scalar(3, f64)));
      REQUIRE(!values.is_same(x));
      REQUIRE(equal(order, scalar(0, i64)));
      REQUIRE(equal(grad(values * 2.0, {x})[0], scalar(2, f64)));
    }
    REQUIRE(equal(argsort(x, dim), scalar(0, i64)));
  }
  for (const int64_t dim : {0, -1}) {
    REQUIRE(equal(flip(scalar(3), dim), scalar(3)));
    REQUIRE(equal(gather(scalar(3), dim, scalar(0, i64)), scalar(3)));
    REQUIRE(equal(gather(scalar(3), dim, zeros({2}, i64)), tensor({3.f, 3.f})));
    REQUIRE(equal(index_select(scalar(3), dim, zeros({1}, i64)), scalar(3)));
  }
  REQUIRE_THROWS_WITH(flip(scalar(3), 1), contains("flip: "));
  REQUIRE_THROWS_WITH(gather(scalar(3), 0, ones({1}, i64)), contains("gather: "));
  REQUIRE_THROWS_WITH(index_select(scalar(3), 0, ones({1}, i64)), contains("index_select: "));
  REQUIRE_THROWS_AS(sort(scalar(3), 1), IndexError);
  REQUIRE_THROWS_AS(argsort(scalar(3), -2), IndexError);
  REQUIRE_THROWS_AS(topk(scalar(3), 0, 0), ValueError);
  REQUIRE_THROWS_AS(topk(scalar(3), 2, 0), ValueError);
}
