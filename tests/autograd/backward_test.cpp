// Corners of the engine: several outputs, pruned paths, passes within passes, hooks, errors that leave nothing behind.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/allocator.h>
#include <fovea/core/array.h>
#include <tests/catch.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

using namespace fovea;

namespace {

Tensor leaf(std::initializer_list<double> values) { return tensor(values).requires_grad_(); }

size_t count_of(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("an op over a list is on the tape exactly if one of its inputs is", "[tape]") {
  const Tensor plain = tensor({1.0, 2.0});
  Tensor x = leaf({3, 4});
  CHECK_FALSE(cat({plain, plain}, 0).requires_grad());
  CHECK_FALSE(stack({plain, plain}, 0).requires_grad());
  CHECK(cat({x, plain}, 0).requires_grad());
  CHECK(cat({plain, x}, 0).requires_grad());
  {
    const NoGrad guard;
    CHECK_FALSE(cat({plain, x}, 0).requires_grad());
  }
  // Each part of a split is an output of its own; those not used count as zero.
  const std::vector<Tensor> parts = split(x * 1.0, {1, 1}, 0);
  sum(parts[1] * 5.0).backward();
  CHECK(equal(x.grad(), tensor({0.0, 5.0})));
}

TEST_CASE("backward of several outputs adds up; a gradient left out is one", "[tape]") {
  Tensor x = leaf({1, 2});
  const std::vector<Tensor> outputs = {x * 2.0, sum(x) * 10.0};
  const std::vector<Tensor> gradients = {tensor({1.0, 3.0})};
  backward(outputs, gradients);
  CHECK(equal(x.grad(), tensor({12.0, 16.0})));
  CHECK_THROWS_AS(backward(outputs, {}), AutogradError);  // the first has two elements
  const std::vector<Tensor> three(3, tensor({1.0, 3.0}));
  CHECK_THROWS_WITH(backward(outputs, three), test::contains("backward: 3 gradients for 2 outputs"));
  CHECK_THROWS_WITH(grad(outputs, {x}, {.grad_outputs = three}), test::contains("grad: 3 gradients for 2 outputs"));
}

TEST_CASE("grad of several outputs: weights, outputs on other paths, outputs that are inputs", "[tape]") {
  Tensor x = leaf({1, 2}), z = leaf({5, 6});
  const Tensor a = x * 2.0, b = sum(z * z), c = sum(x) * 10.0;
  const auto found = grad({a, c, b}, {x}, {.retain_graph = true, .grad_outputs = {tensor({1.0, 3.0})}});
  CHECK(equal(found[0], tensor({12.0, 16.0})));
  CHECK(equal(grad({a}, {a}, {.retain_graph = true, .grad_outputs = {tensor({7.0, 8.0})}})[0], tensor({7.0, 8.0})));
  CHECK(equal(grad({b, c}, {x, z}, {.retain_graph = true})[1], tensor({10.0, 12.0})));
  CHECK_FALSE(x.grad().defined());
  CHECK_FALSE(z.grad().defined());
  CHECK_THROWS_WITH(grad({c}, {x, z}, {.retain_graph = true}), test::contains("no output depends on input 1"));
  CHECK_THROWS_AS(grad({c}, {tensor({1.0})}), AutogradError);
  CHECK_THROWS_AS(grad({c}, {Tensor()}), AutogradError);
  CHECK_THROWS_AS(grad({tensor({1.0})}, {x}), AutogradError);
  CHECK_THROWS_AS(grad({Tensor()}, {x}), AutogradError);
  CHECK_THROWS_AS(grad({a}, {x}), AutogradError);
  CHECK_THROWS_AS(grad({a}, {x}, {.grad_outputs = {ones({3}, f64)}}), ShapeError);
  CHECK_THROWS_AS(grad({a}, {x}, {.grad_outputs = {ones({2}, f32)}}), ShapeError);
}

TEST_CASE("grad of one input behind another; where inputs are ends the search stops", "[tape]") {
  Tensor x = leaf({3});
  const Tensor middle = x * 2.0, loss = sum(middle * middle);
  const auto both = grad(loss, {middle, x}, {.retain_graph = true});
  CHECK(both[0].item() == 12);
  CHECK(both[1].item() == 24);
  CHECK_THROWS_AS(grad(loss, {middle, x}, {.retain_graph = true, .inputs_are_ends = true}), AutogradError);
  int ran = 0;
  const Tensor watched = record("test_watched", {x}, array::clone(x), [&ran](const Tensor& g) {
    ++ran;
    return g;
  });
  const Tensor end = watched * 3.0, top = sum(end * 5.0 + watched);
  CHECK(grad(top, {end}, {.retain_graph = true, .inputs_are_ends = true})[0].item() == 5);
  CHECK(grad(top, {end}, {.retain_graph = true})[0].item() == 5);
  CHECK(ran == 0);  // does not lead to the input
  CHECK(grad(top, {x}, {.retain_graph = true})[0].item() == 16);
  CHECK(ran == 1);
  top.backward();
  CHECK(x.grad().item() == 16);
}

TEST_CASE("grad of outputs of one op: each gets its own gradient", "[tape]") {
  Tensor x = leaf({1, 2, 3});
  const std::vector<Tensor> parts = split(x, {1, 2}, 0);
  const Tensor loss = sum(parts[0] * 3.0) + sum(parts[1] * 4.0);
  const auto found = grad(loss, {parts[1], parts[0]}, {.retain_graph = true});
  CHECK(equal(found[0], tensor({4.0, 4.0})));
  CHECK(equal(found[1], tensor({3.0})));
  CHECK(equal(grad(loss, {x}, {.create_graph = true})[0], tensor({3.0, 4.0, 4.0})));
}

TEST_CASE("what grad leaves behind: the graph only if asked, no marks on its nodes", "[tape]") {
  Tensor x = leaf({0.5}), y = leaf({0.25});
  const Tensor loss = sum(tanh(x) * tanh(y));
  grad(loss, {x}, {.create_graph = true});  // keeps the graph, as retain_graph does
  grad(loss, {x});
  CHECK_THROWS_WITH(loss.backward(), test::contains("retain_graph"));
  const Tensor again = sum(tanh(x) * tanh(y));
  grad(again, {x}, {.retain_graph = true});
  again.backward();  // y's path was left out, and is needed again
  CHECK(y.grad().item() == test::Approx(std::tanh(0.5) * (1 - std::tanh(0.25) * std::tanh(0.25))));
  const Tensor failing = sum(tanh(x) * tanh(y));
  CHECK_THROWS_AS(grad(failing, {x, leaf({1})}, {.retain_graph = true}), AutogradError);
  y.set_grad(Tensor());
  failing.backward();
  CHECK(y.grad().defined());
}

TEST_CASE("create_graph records under NoGrad too, and only then", "[tape]") {
  Tensor x = leaf({2});
  const Tensor y = sum(x * x * x);
  const NoGrad guard;
  const Tensor first = grad(y, {x}, {.create_graph = true})[0];
  CHECK(first.requires_grad());
  CHECK(grad(first, {x}, {.retain_graph = true})[0].item() == 12);
  CHECK_FALSE(grad(y, {x})[0].requires_grad());
  CHECK_FALSE(grad_enabled());
}

TEST_CASE("a vjp records only if a gradient of the gradient is wanted", "[tape]") {
  Tensor x = leaf({2});
  bool records = false;
  const Tensor y = record("test_mode", {x}, array::clone(x), [&records](const Tensor& g) {
    records = grad_enabled();
    return g;
  });
  grad(y, {x}, {.create_graph = true});
  CHECK(records);
  grad(y, {x}, {.retain_graph = true});
  CHECK_FALSE(records);
  records = true;
  y.backward();
  CHECK_FALSE(records);
  CHECK(grad_enabled());
}

TEST_CASE("a pass within a pass leaves the outer one as it was", "[tape]") {
  Generator generator(1);
  Tensor x = normal({2, 6}, 0, 1, generator, f64).requires_grad_();
  Tensor w = normal({6, 6}, 0, 1, generator, f64).requires_grad_();
  Tensor v = leaf({3});
  bool asked[2] = {false, true};
  const auto with_inner = [&](bool inner) {
    const Tensor h = linear(linear(x, w), w);
    const Tensor y = record("test_inner", {h, tensor({1.0})}, array::clone(h), [&, inner](const Tensor& g) {
      if (inner) {
        const EnableGrad recording;
        sum(v * v).backward();
        asked[0] = needs_grad(0);
        asked[1] = needs_grad(1);
      }
      return std::array<Tensor, 2>{g * 2.0, Tensor()};
    });
    return grad(sum(y * y), {w, x});
  };
  const auto plain = with_inner(false), nested = with_inner(true);
  CHECK(asked[0]);
  CHECK_FALSE(asked[1]);
  CHECK(equal(plain[0], nested[0]));
  CHECK(equal(plain[1], nested[1]));
  CHECK(v.grad().item() == 6);
  // Outside of all passes no op is named.
  Tensor p = tensor({1.0});
  const Saved kept(p);
  p.add_(tensor({1.0}));
  CHECK_THROWS_WITH(kept.get(), test::contains("saved: it saved"));
}

TEST_CASE("a pass that fails frees what it had collected and can be repeated", "[tape]") {
  Tensor x = leaf({1, 2});
  bool fail = true;
  const Tensor a = x * 2.0;
  const Tensor broken = record("test_broken", {a}, array::clone(a), [&fail](const Tensor& g) {
    if (fail) throw ValueError("planned");
    return g;
  });
  const Tensor top = sum(broken * 3.0 + a * 5.0);
  const int64_t live = memory_stats().live_bytes;
  CHECK_THROWS_AS(top.backward(Tensor(), true), ValueError);
  CHECK(memory_stats().live_bytes == live);
  CHECK_FALSE(x.grad().defined());
  fail = false;
  top.backward(Tensor(), true);
  CHECK(equal(x.grad(), tensor({16.0, 16.0})));
}

TEST_CASE("a vjp may return the tensor that it saved; nothing of it stays on the tape", "[tape]") {
  Tensor x = leaf({1, 2}), w = leaf({3, 4});
  sum(x * w).backward();
  CHECK_FALSE(x.grad().requires_grad());
  CHECK_FALSE(w.grad().requires_grad());
  const Tensor y = record("test_saved", {x}, array::clone(x), [w](const Tensor&) { return w; });
  CHECK_FALSE(grad({y}, {x}, {.grad_outputs = {ones({2}, f64)}})[0].requires_grad());
}

TEST_CASE("gradients of the wrong type are named", "[tape]") {
  Tensor x = leaf({1, 2});
  const Tensor narrow = record("test_narrow", {x}, array::clone(x), [](const Tensor&) { return ones({2}, f32); });
  CHECK_THROWS_WITH(narrow.backward(ones({2}, f64)),
                    test::contains("test_narrow") && test::contains("f32[2]") && test::contains("f64[2]"));
}

TEST_CASE("hooks: all of them, in order, also on one output of several; what they return must fit", "[tape]") {
  Tensor x = leaf({1, 2});
  const Tensor y = x * 1.0;
  register_hook(y, [](const Tensor& g) { return g + 1.0; });
  register_hook(y, [](const Tensor& g) { return g * 10.0; });
  sum(y).backward();
  CHECK(equal(x.grad(), tensor({20.0, 20.0})));
  const std::vector<Tensor> parts = split(x, {1, 1}, 0);
  int calls = 0;
  register_hook(parts[0], [&](const Tensor& g) { return ++calls, g; });
  register_hook(parts[1], [](const Tensor& g) { return g * 7.0; });
  x.set_grad(Tensor());
  sum(parts[1]).backward();  // nothing reaches the first
  CHECK(calls == 0);
  CHECK(equal(x.grad(), tensor({0.0, 7.0})));
  for (const Tensor& bad : {Tensor(), ones({2}, f32), ones({3}, f64)}) {
    const Tensor z = x * 1.0;
    register_hook(z, [bad](const Tensor&) { return bad; });
    CHECK_THROWS_WITH(sum(z).backward(), test::contains("a gradient hook returned"));
  }
  CHECK_THROWS_AS(register_hook(Tensor(), [](const Tensor& g) { return g; }), AutogradError);
}

TEST_CASE("an empty hook is refused where it is registered", "[tape]") {
  CHECK_THROWS_WITH(register_hook(leaf({1, 2}), {}), test::contains("the hook is empty"));
}

TEST_CASE("a hook's handle removes it: again, while it runs, after the tensor", "[tape]") {
  Tensor x = leaf({1});
  HookHandle plus = register_hook(x, [](const Tensor& g) { return g + 1.0; });
  HookHandle times = register_hook(x, [](const Tensor& g) { return g * 10.0; });
  const auto gradient = [&x] {
    x.set_grad(Tensor());
    sum(x * 1.0).backward();
    return x.grad().item();
  };
  CHECK(gradient() == 20);
  plus.remove();
  plus.remove();
  CHECK(gradient() == 10);
  {
    const HookHandle dropped = register_hook(x, [](const Tensor& g) { return g + 3.0; });
  }
  CHECK(gradient() == 13);
  times.remove();
  CHECK(gradient() == 4);
  HookHandle late;
  {
    const Tensor gone = leaf({2});
    late = register_hook(gone, [](const Tensor& g) { return g; });
  }
  late.remove();
  HookHandle().remove();
}

TEST_CASE("hooks that remove and register hooks while they run", "[tape]") {
  const Tensor x = leaf({1}), y = x * 1.0;
  std::vector<std::string> calls;
  const auto kept = std::make_shared<std::string>("itself");
  HookHandle second;
  HookHandle first = register_hook(y, [&, kept](const Tensor& g) {
    first.remove();
    second.remove();
    for (int i = 0; i < 10; ++i) register_hook(y, [&](const Tensor& h) { return calls.emplace_back("later"), h; });
    calls.push_back(*kept);  // what the running hook captured is still there
    return g * 2.0;
  });
  second = register_hook(y, [&](const Tensor& g) { return calls.emplace_back("removed"), g; });
  register_hook(y, [&](const Tensor& g) { return calls.emplace_back("last"), g; });
  y.backward({}, true);
  CHECK(calls == std::vector<std::string>{"itself", "last"});
  CHECK(kept.use_count() == 1);
  y.backward();
  CHECK(calls.size() == 13);
  CHECK(calls.back() == "later");
}

TEST_CASE("a removed hook frees what it holds at once, and nothing of it piles up", "[tape]") {
  const Tensor x = leaf({1});
  for (int i = 0; i < 100; ++i) {
    const auto held = std::make_shared<int>(i);
    HookHandle handle = register_hook(x, [held](const Tensor& g) { return g; });
    CHECK(held.use_count() == 2);
    handle.remove();
    CHECK(held.use_count() == 1);
  }
  CHECK(detail::node_of(x)->hooks->size() == 1);
}

TEST_CASE("anomaly mode: collected products, lists, and no op within an op", "[tape]") {
  const double infinity = std::numeric_limits<double>::infinity();
  Generator generator(1);
  Tensor x = normal({2, 6}, 0, 1, generator, f64), w = normal({6, 6}, 0, 1, generator, f64).requires_grad_();
  x.requires_grad_();
  const AnomalyMode guard;
  Tensor gradient = ones({2, 6}, f64);
  gradient.set({0, 0}, infinity);
  CHECK_THROWS_WITH(linear(x, w).backward(gradient), test::contains("linear: its backward made NaN or inf"));
  CHECK_FALSE(w.grad().defined());
  CHECK_THROWS_WITH(cat({tensor({infinity}), tensor({1.0})}, 0), test::contains("cat: its result"));
  CHECK_NOTHROW(isfinite(tensor({infinity, 1.0}).detach()));
  // A forward op in a vjp is not blamed: the vjp's own result is.
  Tensor zero = leaf({0});
  const Tensor y = record("test_blamed", {zero}, array::clone(zero), [](const Tensor& g) { return log(g * 0.0); });
  CHECK_THROWS_WITH(y.backward(), test::contains("test_blamed: its backward made"));
  linear(x, w).backward(ones({2, 6}, f64));
  CHECK(w.grad().defined());
}

TEST_CASE("DOT: every node once, every edge, leaves as boxes", "[tape]") {
  Tensor x = leaf({1, 2}), w = leaf({3, 4});
  const Tensor y = tanh(x), shared = y * y;
  const std::string dot = to_dot(sum(shared + w * 1.0 + y));
  CHECK(count_of(dot, "label=\"leaf\\nf64[2]\", shape=box]") == 2);
  CHECK(count_of(dot, "shape=box") == 2);
  CHECK(count_of(dot, "label=\"tanh") == 1);
  CHECK(count_of(dot, "label=") == 2 + 6);  // leaves; tanh, y * y, w * 1, two sums, sum
  CHECK(count_of(dot, "->") == 1 + 2 + 1 + 4 + 1);
  CHECK(dot.find("digraph tape {\n") == 0);
  CHECK(dot.substr(dot.size() - 2) == "}\n");
  for (const Tensor& untaped : {tensor({1.0}), Tensor()}) CHECK(count_of(to_dot(untaped), "label") == 0);
}

TEST_CASE("requires_grad_ and set_grad: what is a leaf, what may be set", "[tape]") {
  Tensor x = leaf({1, 2}), plain = tensor({1.0, 2.0});
  const Tensor y = x * 2.0;
  CHECK(plain.is_leaf());
  CHECK(x.is_leaf());
  CHECK_FALSE(y.is_leaf());
  sum(y).backward();
  x.requires_grad_();  // already does: its gradient stays
  CHECK(x.grad().at({0}) == 2);
  plain.requires_grad_(false);
  CHECK_FALSE(plain.requires_grad());
  CHECK_FALSE(Tensor().grad().defined());
  CHECK_FALSE(plain.grad().defined());
  CHECK_FALSE(y.grad().defined());
  CHECK_THROWS_AS(plain.set_grad(plain), AutogradError);
  CHECK_THROWS_AS(Tensor(y).set_grad(plain), AutogradError);
  CHECK_THROWS_AS(x.set_grad(ones({2}, f32)), ShapeError);
  CHECK_THROWS_AS(x.set_grad(ones({1}, f64)), ShapeError);
  x.set_grad(tensor({5.0, 6.0}));
  CHECK(equal(x.grad(), tensor({5.0, 6.0})));
  x.set_grad(Tensor());
  CHECK_FALSE(x.grad().defined());
  CHECK_THROWS_AS(tensor<int64_t>({1}).requires_grad_(), DTypeError);
  CHECK_NOTHROW(tensor<int64_t>({1}).requires_grad_(false));
  x.requires_grad_(false);
  CHECK_FALSE(x.requires_grad());
  CHECK_FALSE((x * 2.0).requires_grad());
}

TEST_CASE("writing in place is refused exactly while the tape records", "[tape]") {
  Tensor x = leaf({1, 2}), plain = tensor({1.0, 2.0});
  CHECK_THROWS_AS(x.fill_(0), AutogradError);
  CHECK_NOTHROW(plain.fill_(0));
  const NoGrad guard;
  CHECK_NOTHROW(x.fill_(0));
}
