// Methods, x[...] and what may be assigned to; the const rule of core/tensor.h.
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <tests/catch.h>

#include <type_traits>

using namespace fovea;

namespace {

template <class T>
concept adds_in_place = requires(T x) {
  x += Tensor();
};

Tensor counted() { return arange(0, 24, 1, f64).reshape({2, 3, 4}); }

}  // namespace

TEST_CASE("a method is its op with the tensor as first argument", "[methods]") {
  const Tensor x = counted();
  CHECK(equal(x.sum(-1), sum(x, -1)));
  CHECK(equal(x.sum(), sum(x)));
  CHECK(equal(x.mean({0, 2}, true), mean(x, {0, 2}, true)));
  CHECK(equal(x.flatten(1).t(), transpose(flatten(x, 1), 0, 1)));
  CHECK(equal(x.to(f32).exp(), exp(to(x, f32))));
  CHECK(equal(x.softmax(-1), softmax(x, -1)));
  CHECK(equal(x.softmax(-1, x > 2), softmax(x, -1, gt(x, 2))));
  CHECK(x.unsqueeze(1).shape() == Shape{2, 1, 3, 4});
  CHECK(equal(x.topk(2, -1).second, topk(x, 2, -1).second));
  CHECK(x.isfinite().all());
  CHECK_FALSE(x.equal(x + 1));
}

TEST_CASE("gradients pass through methods and parts", "[methods][indexing]") {
  const Tensor x = counted().requires_grad_();
  (x[1].sum() + x[{Slice(), 0, Slice(0, 4, 2)}].square().sum() + x[tensor<int64_t>({1, 1})].sum()).backward();
  const Tensor expected = zeros({2, 3, 4}, f64);
  expected[1] += 3;
  for (const int64_t column : {0, 2}) expected[{Slice(), 0, column}] += 2.0 * counted()[{Slice(), 0, column}];
  CHECK(equal(x.grad(), expected));
}

TEST_CASE("x[...] takes positions, slices, Ellipsis and None", "[indexing]") {
  const Tensor x = counted();
  CHECK(equal(x[1], select(x, 0, 1)));
  CHECK(equal(x[-1], select(x, 0, 1)));
  CHECK(equal(x[Slice(1)], slice(x, 0, 1)));
  CHECK(x[{1, 2, 3}].item() == 23);
  CHECK(equal(x[{0, Slice(1, -1)}], slice(select(x, 0, 0), 0, 1, 2)));
  CHECK(equal(x[{Slice(), Slice(0, 3, 2), -1}], select(slice(x, 1, 0, 3, 2), 2, -1)));
  CHECK(equal(x[{Ellipsis, 1}], select(x, 2, 1)));
  CHECK(equal(x[{0, Ellipsis, 1}], select(select(x, 0, 0), 1, 1)));
  CHECK(equal(x[{Ellipsis}], x));
  CHECK(equal(x[{}], x));
  CHECK(x[{None, 0, None, Ellipsis, None}].shape() == Shape{1, 1, 3, 4, 1});
  CHECK(x[None].shape() == Shape{1, 2, 3, 4});
  CHECK(x[Ellipsis].shares_storage(x));
  CHECK(x[Slice(5, 9)].numel() == 0);
  CHECK_THROWS_AS(x[2], IndexError);
  CHECK_THROWS_AS((x[{0, 0, 0, 0}]), IndexError);
  CHECK_THROWS_AS((x[{Ellipsis, 0, Ellipsis}]), IndexError);
  CHECK_THROWS_AS(x[Slice(0, 2, 0)], Error);
  CHECK_THROWS_AS(scalar(1)[0], IndexError);
  CHECK_THROWS_AS(Tensor()[0], AutogradError);
}

TEST_CASE("x[ids] takes slices of the first dimension", "[indexing]") {
  const Tensor x = counted(), ids = tensor<int64_t>({1, 0, 1, 1}, {2, 2});
  CHECK(x[ids].shape() == Shape{2, 2, 3, 4});
  CHECK(equal(x[ids][0], flip(x, 0)));
  CHECK(x[zeros({0}, i64)].shape() == Shape{0, 3, 4});
  CHECK_THROWS_AS(x[ids + 1], IndexError);
  CHECK_THROWS_AS(x[x], DTypeError);
  CHECK_THROWS_AS(scalar(1)[ids], ShapeError);
}

TEST_CASE("x[mask] takes where the mask is true", "[indexing]") {
  const Tensor x = counted().requires_grad_();
  CHECK(equal(x[x > 20], tensor({21.0, 22.0, 23.0})));
  const Tensor mask = tensor({true, false, false, false, false, true}, {2, 3});
  CHECK(equal(x[mask], cat({x[{0, Slice(0, 1)}], x[{1, Slice(2)}]}, 0)));
  CHECK(x[zeros({2}, boolean)].shape() == Shape{0, 3, 4});
  x[mask].sum().backward();
  CHECK(equal(x.grad(), mask.unsqueeze(2).expand({2, 3, 4}).to(f64)));
  CHECK_THROWS_AS(x[zeros({3}, boolean)], ShapeError);
  CHECK_THROWS_AS(scalar(1)[mask], ShapeError);
}

TEST_CASE("an assignment to a part writes into the whole", "[indexing]") {
  const Tensor x = counted();
  x[0] = 5;
  x[{1, Slice(), 0}] = tensor({1.0, 2.0, 3.0});
  x[{1, 0, Slice(1)}] = scalar(7, f32);
  CHECK(equal(x[0], full({3, 4}, 5.0, f64)));
  CHECK(equal(x[{1, Ellipsis, 0}], tensor({1.0, 2.0, 3.0})));
  CHECK(equal(x[{1, 0}], tensor({1.0, 7.0, 7.0, 7.0})));
  CHECK_THROWS_AS(x[0] = ones({5}), ShapeError);
  Tensor row = x[0];
  row = ones({4});  // a handle goes elsewhere; x stays
  CHECK(x.at({0, 0, 0}) == 5);
}

TEST_CASE("a part is not assigned what the tape would have to record", "[indexing]") {
  const Tensor x = zeros({2, 2}, f64), w = ones({2}, f64).requires_grad_();
  CHECK_THROWS_AS(x[0] = w, AutogradError);
  CHECK_THROWS_AS(x[0] += w, AutogradError);
  const Tensor leaf = zeros({2, 2}, f64).requires_grad_();
  CHECK_THROWS_AS(leaf[0] = 1, AutogradError);
  const NoGrad guard;
  x[0] = w;
  leaf[1] = w;
  CHECK(equal(x, tensor({1.0, 1.0, 0.0, 0.0}, {2, 2})));
  CHECK(equal(leaf, tensor({0.0, 0.0, 1.0, 1.0}, {2, 2})));
}

TEST_CASE("const is the handle's: elements are written through it, and it cannot be assigned to", "[indexing]") {
  STATIC_REQUIRE_FALSE(std::is_assignable_v<const Tensor&, const Tensor&>);
  STATIC_REQUIRE(adds_in_place<Tensor&>);
  STATIC_REQUIRE_FALSE(adds_in_place<const Tensor&>);
  STATIC_REQUIRE(std::is_same_v<decltype(std::declval<const Tensor&>().data<float>()), float*>);
  const Tensor x = zeros({3});
  const Tensor other = x;
  x.fill_(1).add_(ones({3})).mul_(3);
  x.set({1}, 4);
  CHECK(equal(other, tensor<float>({6, 4, 6})));
}
