// Views and joins: what shares memory, what does not, and how gradients come back.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/allocator.h>
#include <tests/catch.h>

using namespace fovea;
using fovea::test::contains;

namespace {

Tensor counting(const Shape& shape) { return reshape(to(arange(shape.numel()), f64), shape); }

}  // namespace

TEST_CASE("views share the elements of their argument", "[shape]") {
  const Tensor x = counting({2, 3, 4});
  for (const Tensor& view :
       {reshape(x, {4, 6}), flatten(x, 0, 1), permute(x, {2, 0, 1}), transpose(x, 0, 2), slice(x, 1, 1, 3),
        slice(x, 2, 0, 4, 2), select(x, 0, 1), expand(x, {5, 2, 3, 4}), unsqueeze(x, 1), squeeze(unsqueeze(x, 0)),
        unfold(x, 2, 2, 1), contiguous(x), split(x, {1, 2}, 1)[1], chunk(x, 2, 2)[1], unbind(x, 1)[2]})
    REQUIRE(view.shares_storage(x));
  for (const Tensor& copy : {clone(x), contiguous(transpose(x, 0, 2)), to(x, f32), reshape(transpose(x, 0, 2), {24}),
                             cat({x, x}, 0), stack({x, x}, 0), pad(x, {0, 0}), roll(x, 0, 0), flip(x, 0)})
    REQUIRE(!copy.shares_storage(x));
  REQUIRE(contiguous(x).is_same(x));
  REQUIRE(to(x, f64).is_same(x));
  REQUIRE(expand(x, x.shape()).is_same(x));
}

TEST_CASE("writing through a view is seen by its base", "[shape]") {
  const Tensor x = counting({3, 4});
  Tensor column = select(x, 1, 2);
  column.fill_(-1);
  REQUIRE(x.at({1, 2}) == -1);
  REQUIRE(x.at({1, 1}) == 5);
  transpose(x, 0, 1).set({3, 0}, 9);
  REQUIRE(x.at({0, 3}) == 9);
}

TEST_CASE("an expanded tensor cannot be written in place", "[shape]") {
  Tensor wide = expand(zeros({3, 1}), {3, 4});
  REQUIRE_THROWS_AS(wide.fill_(1), ShapeError);
  REQUIRE_THROWS_AS(wide.add_(ones({3, 4})), ShapeError);
}

TEST_CASE("slice counts from the back, clips and steps", "[shape]") {
  const Tensor x = counting({7});
  REQUIRE(equal(slice(x, 0, -3), tensor({4., 5., 6.})));
  REQUIRE(equal(slice(x, 0, -100, 2), tensor({0., 1.})));
  REQUIRE(equal(slice(x, 0, 1, 100, 3), tensor({1., 4.})));
  REQUIRE(slice(x, 0, 5, 2).shape() == Shape{0});
  REQUIRE(slice(x, 0, 9, 12).shape() == Shape{0});
  REQUIRE(equal(select(x, 0, -7), scalar(0, f64)));
}

TEST_CASE("the gradient of an empty slice is zeros", "[shape]") {
  for (int64_t step : {1, 2}) {
    const Tensor x = counting({4, 2}).requires_grad_();
    REQUIRE(equal(grad({slice(x, 0, 3, 1, step)}, {x}, {.grad_outputs = {zeros({0, 2}, f64)}})[0], zeros({4, 2}, f64)));
  }
}

TEST_CASE("flatten, squeeze and unsqueeze at the edges", "[shape]") {
  REQUIRE(flatten(scalar(2)).shape() == Shape{1});
  REQUIRE(flatten(ones({2, 3, 4}), 1).shape() == Shape{2, 12});
  REQUIRE(flatten(ones({2, 3, 4}), 0, -2).shape() == Shape{6, 4});
  REQUIRE(squeeze(ones({1, 3, 1}), 1).shape() == Shape{1, 3, 1});
  REQUIRE(squeeze(ones({1, 3, 1})).shape() == Shape{3});
  REQUIRE(unsqueeze(ones({2, 3}), -1).shape() == Shape{2, 3, 1});
  REQUIRE(unsqueeze(scalar(1), 0).shape() == Shape{1});
  REQUIRE(reshape(zeros({0, 3}), {3, 0}).shape() == Shape{3, 0});
}

TEST_CASE("casts between floating types carry gradients, others do not", "[shape]") {
  const Tensor x = tensor({1.5, -2.5}).requires_grad_();
  const Tensor y = to(x, f32);
  REQUIRE(y.requires_grad());
  const Tensor g = grad({y}, {x}, {.grad_outputs = {tensor({0.5f, 3.f})}})[0];
  REQUIRE(equal(g, tensor({0.5, 3.})));
  REQUIRE(!to(x, i64).requires_grad());
  REQUIRE(equal(to(x, i64), tensor<int64_t>({1, -2})));
  REQUIRE(equal(to(tensor({0., -0.5}), boolean), tensor({false, true})));
}

TEST_CASE("split reads missing gradients as zeros, also under create_graph", "[join]") {
  for (const bool create_graph : {false, true}) {
    const Tensor x = counting({2, 5}).requires_grad_();
    const std::vector<Tensor> parts = split(x, {2, 1, 2}, 1);
    const Tensor loss = sum(parts[2] * parts[2]);
    const Tensor g = grad(loss, {x}, {.create_graph = create_graph})[0];
    REQUIRE(equal(g.detach(), tensor({0., 0., 0., 6., 8., 0., 0., 0., 16., 18.}, {2, 5})));
    if (!create_graph) continue;
    const Tensor second = grad(sum(g), {x})[0];
    REQUIRE(equal(second, tensor({0., 0., 0., 2., 2., 0., 0., 0., 2., 2.}, {2, 5})));
  }
}

TEST_CASE("unbind gathers its gradients in place", "[join]") {
  for (const int64_t dim : {0, 1, 2}) {
    const Tensor x = counting({2, 3, 4}).requires_grad_();
    Tensor loss = scalar(0, f64);
    double factor = 1;
    for (const Tensor& part : unbind(x, dim)) {
      if (factor != 2) loss = loss + sum(part) * factor;
      ++factor;
    }
    const Tensor g = grad(loss, {x})[0];
    for (int64_t i = 0; i < x.size(dim); ++i) REQUIRE(select(g, dim, i).at({1, 1}) == (i == 1 ? 0. : i + 1.));
  }
}

TEST_CASE("chunk gives parts of one size and a smaller last", "[join]") {
  const std::vector<Tensor> parts = chunk(counting({7, 2}), 3, 0);
  REQUIRE(parts.size() == 3);
  REQUIRE(parts[0].shape() == Shape{3, 2});
  REQUIRE(parts[2].shape() == Shape{1, 2});
  REQUIRE(chunk(ones({4}), 3, 0).size() == 2);  // as in PyTorch
}

TEST_CASE("cat takes empty parts, views and whole numbers", "[join]") {
  const Tensor x = counting({2, 3});
  REQUIRE(equal(cat({slice(x, 1, 0, 1), slice(x, 1, 1, 1), slice(x, 1, 1, 3)}, 1), x));
  REQUIRE(equal(cat({transpose(x, 0, 1), transpose(x, 0, 1)}, 1), transpose(cat({x, x}, 0), 0, 1)));
  REQUIRE(equal(cat({expand(tensor({1.}), {2}), tensor({3.})}, 0), tensor({1., 1., 3.})));
  REQUIRE(equal(cat({arange(2), arange(2)}, 0), tensor<int64_t>({0, 1, 0, 1})));
  REQUIRE(
      equal(stack({tensor({true, false}), tensor({false, false})}, 1), tensor({true, false, false, false}, {2, 2})));
}

TEST_CASE("cat of views of every dimension equals copies", "[join]") {
  const Tensor x = counting({3, 4, 5});
  for (const int64_t cut : {0, 1, 2})
    for (const int64_t dim : {0, 1, 2}) {
      const Tensor view = slice(x, cut, 1, 3);
      REQUIRE(equal(cat({view, view}, dim), cat({clone(view), clone(view)}, dim)));
      REQUIRE(equal(stack({view, view}, dim), stack({clone(view), clone(view)}, dim)));
    }
}

TEST_CASE("pad and roll of nothing", "[join]") {
  REQUIRE(equal(pad(zeros({0, 2}), {0, 0, 1, 1}, 3), full({2, 2}, 3)));
  REQUIRE(roll(zeros({0, 2}), 3, 0).shape() == Shape{0, 2});
  REQUIRE(flip(zeros({0, 2}), 0).shape() == Shape{0, 2});
  REQUIRE(pad(scalar(2), {}).shape() == Shape{});
}

TEST_CASE("x = cat(split(x)) 100,000 times, then destroyed", "[join][bugs]") {  // mlx#1462
  const int64_t before = memory_stats().live_blocks;
  {
    const Tensor leaf = counting({4}).requires_grad_();
    Tensor x = leaf;
    for (int i = 0; i < 100000; ++i) {
      const std::vector<Tensor> halves = split(x, {2, 2}, 0);
      x = cat(halves, 0);
    }
    REQUIRE(equal(grad(sum(x), {leaf})[0], ones({4}, f64)));
    Tensor y = leaf;
    for (int i = 0; i < 100000; ++i) y = cat(split(y, {2, 2}, 0), 0);  // never run backward
  }
  REQUIRE(memory_stats().live_blocks == before);
}

TEST_CASE("offsets past 2^31", "[shape][bugs]") {  // tensorflow#127164, mxnet#19014
  const int64_t far = (int64_t{1} << 31) + 5, n = far + 3;
  {
    Tensor x = empty({n}, boolean);  // pages nobody touches take no memory
    Tensor end = slice(x, 0, far);
    end.fill_(1);
    x.set({far + 1}, 0);
    REQUIRE(equal(slice(x, 0, far, far + 3), tensor({true, false, true})));
    REQUIRE(select(x, 0, far).item() == 1);
    REQUIRE(select(x, 0, -2).item() == 0);
    const Tensor ids = tensor<int64_t>({far + 1, far, far + 2});
    REQUIRE(equal(index_select(x, 0, ids), tensor({false, true, true})));
    REQUIRE(equal(gather(x, 0, ids), tensor({false, true, true})));
    REQUIRE(equal(embedding(reshape(x, {n, 1}), ids), tensor({false, true, true}, {3, 1})));
    REQUIRE(equal(cat({end, slice(x, 0, far + 2)}, 0), tensor({true, false, true, true})));
  }
  empty_memory_cache();
}

TEST_CASE("indices past 2^31 into expanded tensors", "[shape][bugs]") {  // tensorflow#127164, mxnet#19014
  const int64_t n = (int64_t{1} << 31) + 7;
  const Tensor wide = expand(ones({1}), {n});
  REQUIRE(wide.numel() == n);
  REQUIRE(select(wide, 0, n - 1).item() == 1);
  REQUIRE(slice(wide, 0, 1, n, 2).size(0) == n / 2);
  REQUIRE(gather(wide, 0, full({1}, static_cast<double>(n - 1), i64)).item() == 1);
  REQUIRE_THROWS_WITH(select(wide, 0, n), contains("2147483655"));
  REQUIRE_THROWS_AS(gather(wide, 0, full({1}, static_cast<double>(n), i64)), IndexError);
}
