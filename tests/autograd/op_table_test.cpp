// The table of ops holds what the specs test, and the operators do what they say.
#include <fovea/autograd/mode.h>
#include <fovea/autograd/op_spec.h>
#include <tests/autograd/op_table.h>
#include <tests/catch.h>

#include <set>

using namespace fovea;

TEST_CASE("every op of the table is defined and has a spec", "[ops]") {
  std::set<std::string> known;
  for (const OpSpec& spec : op_specs()) known.insert(spec.name);
  for (const test::OpEntry& op : test::op_table) {
    CAPTURE(op.name);
    CHECK(op.reachable);
    CHECK((!op.has_spec || known.count(op.name) == 1));
  }
  for (const bool reachable : test::reachable_methods) CHECK(reachable);
}

TEST_CASE("an operator is its op, with tensors and numbers on both sides", "[operators]") {
  const Tensor a = tensor({1.0, 2.0, 3.0}), b = tensor({3.0, 2.0, 0.5});
  CHECK(equal(a + b, add(a, b)));
  CHECK(equal(2.0 - a, tensor({1.0, 0.0, -1.0})));
  CHECK(equal(6.0 / a, tensor({6.0, 3.0, 2.0})));
  CHECK(equal(a < b, tensor({true, false, false})));
  CHECK(equal(a <= b, tensor({true, true, false})));
  CHECK(equal(a > b, tensor({false, false, true})));
  CHECK(equal(a >= b, tensor({false, true, true})));
  CHECK(equal(a == b, tensor({false, true, false})));
  CHECK(equal(a != b, tensor({true, false, true})));
  CHECK(equal(2 < a, tensor({false, false, true})));
  CHECK(equal(2 <= a, tensor({false, true, true})));
  CHECK(equal(2 > a, tensor({true, false, false})));
  CHECK(equal(2 >= a, tensor({true, true, false})));
  CHECK(equal(2 == a, a == 2));
  CHECK(equal(2 != a, a != 2));
  CHECK(equal((a > 1) & (a < 3), tensor({false, true, false})));
  CHECK(equal((a < 2) | (a > 2), tensor({true, false, true})));
  CHECK(equal(~(a < 2), !(a < 2)));
  CHECK(equal(!(a < 2), tensor({false, true, true})));
}

TEST_CASE("a += b writes in place and every handle sees it", "[operators]") {
  Tensor a = tensor({1.0, 2.0});
  const Tensor other = a;
  const void* place = a.raw();
  a += tensor({1.0, 1.0});
  a *= 3;
  a -= 1;
  a /= scalar(5, f64);
  CHECK(allclose(a, tensor({1.0, 1.6}), 1e-15));
  CHECK(a.raw() == place);
  CHECK(equal(a, other));
  Tensor whole = arange(3);
  whole += 2;
  CHECK(equal(whole, tensor({2, 3, 4})));
  CHECK_THROWS_AS(whole += 0.5, ValueError);
}

TEST_CASE("a += b keeps a's shape", "[operators]") {
  Tensor a = ones({2, 3});
  a += ones({3});
  CHECK(equal(a, full({2, 3}, 2.0)));
  Tensor row = ones({3});
  CHECK_THROWS_AS(row += ones({2, 3}), ShapeError);
}

TEST_CASE("a recorded += makes a new tensor with the gradient of the sum", "[operators]") {
  const Tensor w = tensor({1.0, 2.0}).requires_grad_();
  Tensor loss = scalar(0, f64);
  const Tensor before = loss;
  for (int i = 1; i <= 3; ++i) loss += sum(square(w)) * i;
  loss *= 0.5;
  loss.backward();
  CHECK(before.item() == 0);
  CHECK(allclose(w.grad(), tensor({6.0, 12.0}), 1e-15));
}

TEST_CASE("a leaf on the tape takes += only under NoGrad", "[operators]") {
  Tensor w = tensor({1.0, 2.0}).requires_grad_();
  const Tensor other = w;
  CHECK_THROWS_AS(w += 1, AutogradError);
  CHECK(equal(w.detach(), tensor({1.0, 2.0})));
  {
    const NoGrad guard;
    w -= 0.5 * tensor({2.0, 2.0});
  }
  CHECK(w.requires_grad());
  CHECK(w.is_leaf());
  CHECK(equal(other.detach(), tensor({0.0, 1.0})));
}

TEST_CASE("+= on a part writes into the whole", "[operators]") {
  const Tensor x = zeros({2, 2}, f64);
  select(x, 0, 1) += 2;
  slice(x, 1, 0, 1) -= ones({2, 1}, f64);
  CHECK(equal(x, tensor({-1.0, 0.0, 1.0, 2.0}, {2, 2})));
  CHECK_THROWS_AS(select(x, 0, 0) += ones({2}, f64).requires_grad_(), AutogradError);
  CHECK_THROWS_AS(select(x, 0, 0) += x, ShapeError);
}
