// The tape and its engine: what an op's author and a user may rely on.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/gradcheck.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/allocator.h>
#include <fovea/core/array.h>
#include <pthread.h>
#include <tests/catch.h>

#include <cmath>
#include <vector>

using namespace fovea;

namespace {

Tensor leaf(std::initializer_list<double> values) { return tensor(values).requires_grad_(); }

// Runs body on a thread whose stack is only 256 KiB.
void on_small_stack(void (*body)()) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, 256 * 1024) == 0);
  pthread_t thread;
  const auto enter = [](void* f) -> void* {
    reinterpret_cast<void (*)()>(f)();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, enter, reinterpret_cast<void*>(body)) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

double deep_gradient = 0, wide_gradient = 0;

}  // namespace

TEST_CASE("gradients add up over paths and over backward calls", "[tape]") {
  Tensor x = leaf({2, 3});
  sum(x * x + x).backward();
  REQUIRE(x.grad().at({0}) == 5);
  REQUIRE(x.grad().at({1}) == 7);
  sum(x).backward();
  REQUIRE(x.grad().at({1}) == 8);
}

TEST_CASE("outer product by broadcasting gives gradients of the inputs' shapes", "[tape]") {  // pytorch#1787, burn#181
  Tensor a = ones({4, 1}).requires_grad_(), b = ones({1, 4}).requires_grad_();
  sum(a * b).backward();
  REQUIRE(a.grad().shape() == Shape{4, 1});
  REQUIRE(b.grad().shape() == Shape{1, 4});
  Tensor x = ones({2, 3}).requires_grad_();
  sum(matmul(x, ones({3, 1})) + ones({1, 3})).backward();
  REQUIRE(x.grad().at({0, 0}) == 3);
}

TEST_CASE("a leaf owns its gradient", "[tape]") {
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  const Tensor upstream = tensor({1.0, 1.0});
  (a + b).backward(upstream);
  REQUIRE(!a.grad().shares_storage(b.grad()));
  REQUIRE(!a.grad().shares_storage(upstream));
  a.grad().mul_(0);
  REQUIRE(b.grad().at({0}) == 1);
}

TEST_CASE("NoGrad, detach and is_leaf", "[tape]") {
  Tensor x = leaf({1, 2});
  {
    const NoGrad guard;
    REQUIRE(!(x * 2.0).requires_grad());
  }
  const Tensor y = x * 2.0;
  REQUIRE(y.requires_grad());
  REQUIRE(!y.is_leaf());
  REQUIRE(x.is_leaf());
  REQUIRE(!y.detach().requires_grad());
  REQUIRE(y.detach().shares_storage(y));
  REQUIRE_THROWS_AS(Tensor(y).requires_grad_(false), AutogradError);
  REQUIRE_THROWS_AS(arange(3).requires_grad_(), DTypeError);
}

TEST_CASE("a second backward says what to do", "[tape]") {
  Tensor x = leaf({1, 2});
  const Tensor y = sum(tanh(x));
  y.backward(Tensor(), true);
  y.backward();
  REQUIRE_THROWS_WITH(y.backward(), test::contains("retain_graph"));
}

TEST_CASE("a saved tensor changed in place is found, both ops named", "[tape]") {  // pytorch#6990
  Tensor x = leaf({1, 2});
  const Tensor y = sigmoid(x);
  y.detach().zero_();
  REQUIRE_THROWS_WITH(sum(y).backward(), test::contains("sigmoid") && test::contains("fill_"));
  Tensor p = leaf({1, 2});
  const Tensor loss = sum(p * p);
  {
    const NoGrad guard;
    p.add_(tensor({1.0, 1.0}));
  }
  REQUIRE_THROWS_AS(loss.backward(), AutogradError);
}

TEST_CASE("in place: on the tape, expanded, overlapping", "[tape]") {  // pytorch#15358, #4664, #48401
  Tensor x = leaf({1, 2});
  REQUIRE_THROWS_AS(x.zero_(), AutogradError);
  REQUIRE_THROWS_AS(x.add_(tensor({1.0, 1.0})), AutogradError);
  Tensor wide = array::expand(zeros({1, 3}), {2, 3});
  REQUIRE_THROWS_AS(wide.fill_(1), ShapeError);
  REQUIRE_THROWS_AS(wide.copy_(zeros({2, 3})), ShapeError);
  REQUIRE_THROWS_AS(wide.add_(ones({2, 3})), ShapeError);
  REQUIRE_THROWS_AS(wide.mul_(2), ShapeError);
  Tensor a = tensor({1.0, 2.0, 3.0, 4.0}, {2, 2});
  const Tensor expected = a + transpose(a, 0, 1);
  a.add_(array::transpose(a, 0, 1));
  REQUIRE(equal(a, expected));
}

TEST_CASE("backward needs an output on the tape and a gradient that fits", "[tape]") {
  Tensor x = leaf({1, 2});
  REQUIRE_THROWS_AS(tensor({1.0}).backward(), AutogradError);
  REQUIRE_THROWS_AS((x * 2.0).backward(), AutogradError);
  REQUIRE_THROWS_AS((x * 2.0).backward(ones({3}, f64)), ShapeError);
  REQUIRE_THROWS_AS((x * 2.0).backward(ones({2}, f32)), ShapeError);
  REQUIRE_THROWS_AS(x.set_grad(ones({3}, f64)), ShapeError);
}

TEST_CASE("an op whose vjp returns the wrong shape is named", "[tape]") {
  Tensor x = leaf({1, 2});
  const Tensor y = record("test_wrong", {x}, array::clone(x), [](const Tensor&) { return ones({3}, f64); });
  REQUIRE_THROWS_WITH(y.backward(ones({2}, f64)), test::contains("test_wrong") && test::contains("f64[3]"));
  // The failed pass left nothing behind.
  sum(x * 3.0).backward();
  REQUIRE(x.grad().at({0}) == 3);
}

TEST_CASE("grad leaves leaves alone, prunes, and knows unused inputs", "[tape]") {
  Tensor x = leaf({1, 2}), y = leaf({3, 4}), z = leaf({5, 6});
  const Tensor loss = sum(x * y);
  REQUIRE(grad(loss, {x}, {.retain_graph = true})[0].at({0}) == 3);
  REQUIRE(!x.grad().defined());
  REQUIRE_THROWS_AS(grad(loss, {z}, {.retain_graph = true}), AutogradError);
  REQUIRE(!grad(loss, {z}, {.retain_graph = true, .allow_unused = true})[0].defined());
  const Tensor middle = x * 2.0;
  REQUIRE(grad(sum(middle * middle), {middle})[0].at({1}) == 8);
}

TEST_CASE("third derivative through create_graph", "[tape]") {
  Tensor x = tensor({0.7}).requires_grad_();
  Tensor y = sum(sin(x));
  for (int order = 0; order < 3; ++order) y = grad(y, {x}, {.create_graph = true})[0];
  REQUIRE(y.at({0}) == test::Approx(-std::cos(0.7)).epsilon(1e-12));
  Tensor t = tensor({0.3}).requires_grad_();
  const Tensor first = grad(sum(tanh(t)), {t}, {.create_graph = true})[0];
  const Tensor second = grad(first, {t})[0];
  const double h = std::tanh(0.3);
  REQUIRE(second.at({0}) == test::Approx(-2 * h * (1 - h * h)).epsilon(1e-12));
}

TEST_CASE("create_graph frees everything: no cycle", "[tape]") {  // pytorch#7343, #16744
  const int64_t before = memory_stats().live_bytes;
  for (int i = 0; i < 50; ++i) {
    Tensor x = leaf({1, 2});
    const Tensor first = grad(sum(tanh(x) * exp(x)), {x}, {.create_graph = true})[0];
    sum(first * first).backward();
  }
  REQUIRE(memory_stats().live_bytes == before);
}

TEST_CASE("hooks see and replace gradients", "[tape]") {
  Tensor x = leaf({1, 2});
  const Tensor y = x * 2.0;
  double seen = 0;
  register_hook(y, [&](const Tensor& g) {
    seen = g.at({0});
    return g * 10.0;
  });
  register_hook(x, [](const Tensor& g) { return g + 1.0; });
  sum(y).backward();
  REQUIRE(seen == 1);
  REQUIRE(x.grad().at({0}) == 21);
  REQUIRE_THROWS_AS(register_hook(tensor({1.0}), [](const Tensor& g) { return g; }), AutogradError);
  const Tensor z = x * 2.0;
  register_hook(z, [](const Tensor&) { return ones({5}, f64); });
  REQUIRE_THROWS_AS(sum(z).backward(), AutogradError);
}

TEST_CASE("anomaly mode names the op that first made NaN, forward and backward", "[tape]") {
  const AnomalyMode guard;
  Tensor x = leaf({-1, 4});
  REQUIRE_THROWS_WITH(log(x), test::contains("log"));
  Tensor zero = leaf({0, 4});
  const Tensor root = sum(sqrt(zero));
  REQUIRE_THROWS_WITH(root.backward(), test::contains("sqrt"));
}

TEST_CASE("the graph as DOT text", "[tape]") {
  Tensor x = leaf({1, 2});
  const std::string dot = to_dot(sum(tanh(x)));
  REQUIRE_THAT(dot,
               test::contains("digraph") && test::contains("tanh") && test::contains("leaf") && test::contains("->"));
}

TEST_CASE("a million nodes, chain and fan-in, on a 256 KiB stack", "[tape]") {  // pytorch#5534, #155322
  on_small_stack([] {
    Tensor x = tensor({1.0}).requires_grad_();
    {
      Tensor y = x;
      for (int i = 0; i < 1000000; ++i) y = y + y.detach() * 0.0;
      y.backward();
    }
    deep_gradient = x.grad().at({0});
  });
  REQUIRE(deep_gradient == 1);
  on_small_stack([] {
    Tensor x = tensor({1.0}).requires_grad_();
    {
      Tensor y = x;
      for (int i = 0; i < 500000; ++i) y = y + x * 1e-6;
      y.backward();
    }
    wide_gradient = x.grad().at({0});
  });
  REQUIRE(wide_gradient == test::Approx(1.5));
  on_small_stack([] {  // destroyed without a backward
    Tensor y = tensor({1.0}).requires_grad_();
    for (int i = 0; i < 1000000; ++i) y = y + 1e-6 * y;
  });
}

TEST_CASE("deep graphs: a sum that feeds itself, split and cat, destroyed without a backward", "[tape][slow]") {
  on_small_stack([] {
    Tensor x = tensor({1.0}).requires_grad_();
    {
      Tensor y = x;
      for (int i = 0; i < 1000000; ++i) y = y + 1e-6 * y;
      y.backward();
    }
    deep_gradient = x.grad().at({0});
  });
  REQUIRE(deep_gradient == test::Approx(std::pow(1 + 1e-6, 1000000)).epsilon(1e-9));
  on_small_stack([] {
    Tensor x = tensor({1.0, 2.0}).requires_grad_();
    for (int i = 0; i < 100000; ++i) x = cat(split(x, {1, 1}, 0), 0);
  });
}

TEST_CASE("accumulation never writes to a tensor that somebody else can see", "[tape]") {
  const Tensor shared = tensor({1.0, 2.0});
  const auto passes = [&](const char* name, const Tensor& x, const auto& gradient) {
    return record(name, {x}, array::clone(x), [gradient](const Tensor&) { return gradient; });
  };
  Tensor x = leaf({1, 2});
  // Twice the same tensor, a view of it, and then one that the pass may write to.
  const Tensor turned = array::slice(shared, 0, 0, 2);
  (passes("test_same", x, shared) + passes("test_same", x, shared) + passes("test_view", x, turned) + x * 3.0)
      .backward(tensor({1.0, 1.0}));
  REQUIRE(equal(shared, tensor({1.0, 2.0})));
  REQUIRE(equal(x.grad(), tensor({6.0, 9.0})));
  // A gradient that a hook has kept stays as it was.
  Tensor w = leaf({1, 2}), kept;
  const Tensor middle = w * 2.0;
  register_hook(middle, [&](const Tensor& g) { return kept = g; });
  sum(middle * 5.0 + w * 7.0).backward();
  sum(w).backward();
  REQUIRE(equal(kept, tensor({5.0, 5.0})));
  REQUIRE(equal(w.grad(), tensor({18.0, 18.0})));
  // The upstream gradient is the caller's.
  const Tensor upstream = tensor({1.0, 1.0});
  Tensor v = leaf({1, 2});
  (v + v).backward(upstream);
  REQUIRE(equal(upstream, tensor({1.0, 1.0})));
  REQUIRE(equal(v.grad(), tensor({2.0, 2.0})));
}

TEST_CASE("a gradient of another layout is accumulated in place by position", "[tape]") {
  Tensor x = tensor({1.0, 2.0, 3.0, 4.0}, {2, 2}).requires_grad_();
  const Tensor weight = tensor({1.0, 10.0, 100.0, 1000.0}, {2, 2});
  sum(x * weight + transpose(x, 0, 1) * weight + transpose(x, 0, 1)).backward();
  REQUIRE(equal(x.grad(), tensor({3.0, 111.0, 111.0, 2001.0}, {2, 2})));
}

TEST_CASE("nodes run in reverse order of recording whatever the shape of the graph", "[tape]") {
  Tensor x = leaf({1});
  std::vector<int> order;
  std::vector<Tensor> alive;
  const auto note = [&](const Tensor& y, int id) {
    register_hook(y, [&order, id](const Tensor& g) {
      order.push_back(id);
      return g;
    });
    return y;
  };
  const Tensor a = note(x * 2.0, 0), b = note(x * 3.0, 1), c = note(a + b, 2), d = note(a * b, 3), e = note(b * 1.0, 4);
  sum(e + c + d + a).backward();
  REQUIRE(order == std::vector<int>{4, 3, 2, 1, 0});
  REQUIRE(x.grad().item() == 2 + 3 + 12 + 3 + 2);
}

TEST_CASE("where nothing is recorded nothing is kept", "[tape]") {
  const int64_t before = memory_stats().live_bytes;
  Tensor y = ones({1000});
  const int64_t with_one = memory_stats().live_bytes;
  {
    const NoGrad guard;
    Tensor w = ones({1}).requires_grad_();
    for (int i = 0; i < 5; ++i) y = tanh(y * w);
  }
  REQUIRE(memory_stats().live_bytes == with_one);
  y = Tensor();
  REQUIRE(memory_stats().live_bytes == before);
}

TEST_CASE("live bytes are flat over ten thousand steps", "[tape]") {
  Tensor w = full({8, 8}, 0.1).requires_grad_();
  int64_t after_first = 0;
  for (int step = 0; step < 10000; ++step) {
    w.set_grad(Tensor());
    sum(tanh(matmul(w, w)) + w).backward();
    const NoGrad guard;
    w.add_(w.grad(), -1e-4);
    if (step == 0) after_first = memory_stats().live_bytes;
  }
  REQUIRE(memory_stats().live_bytes == after_first);
}

TEST_CASE("gradcheck rejects planted errors", "[gradcheck]") {
  const auto planted = [](const char* name, auto vjp) {
    return [=](const std::vector<Tensor>& x) {
      const Tensor y = softmax(x[0].detach(), -1);
      return std::vector<Tensor>{
          record(name, {x[0]}, array::clone(y), [y, vjp](const Tensor& g) { return vjp(y, g); })};
    };
  };
  Generator generator(5);
  const std::vector<Tensor> inputs{uniform({3, 4}, -1, 1, generator, f64).requires_grad_()};
  const auto right = [](const Tensor& y, const Tensor& g) { return y * (g - sum(g * y, -1, true)); };
  REQUIRE(gradcheck(planted("test_right", right), inputs).ok);
  REQUIRE(
      !gradcheck(planted("test_scaled", [=](const Tensor& y, const Tensor& g) { return right(y, g) * 3.0; }), inputs)
           .ok);
  REQUIRE(
      !gradcheck(planted("test_sign", [=](const Tensor& y, const Tensor& g) { return neg(right(y, g)); }), inputs).ok);
  REQUIRE(!gradcheck(planted("test_zero", [](const Tensor& y, const Tensor&) { return zeros_like(y); }), inputs).ok);
  REQUIRE(!gradcheck(planted("test_diagonal", [](const Tensor& y, const Tensor& g) { return y * g; }), inputs).ok);
  REQUIRE(!gradcheck(planted("test_shifted", [=](const Tensor& y, const Tensor& g) { return roll(right(y, g), 1, 0); }),
                     inputs)
               .ok);
  REQUIRE(!gradcheck(planted("test_slightly", [=](const Tensor& y, const Tensor& g) { return right(y, g) * 1.001; }),
                     inputs)
               .ok);
  const auto wrong_second = [](const std::vector<Tensor>& x) {  // first derivative right, not differentiable again
    const Tensor at = x[0].detach();
    return std::vector<Tensor>{
        record("test_second", {x[0]}, array::clone(at * at * at), [at](const Tensor& g) { return g * 3.0 * at * at; })};
  };
  REQUIRE(gradcheck(wrong_second, inputs).ok);
  REQUIRE(!gradgradcheck(wrong_second, inputs).ok);
  REQUIRE(!gradcheck(wrong_second, {inputs[0].detach()}).ok);
}
