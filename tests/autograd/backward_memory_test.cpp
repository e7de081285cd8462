// What a backward pass keeps, reuses and frees: products, gradients, what ops saved.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/autograd/shared_weights.h>
#include <fovea/core/array.h>
#include <tests/catch.h>

#include <cmath>
#include <memory>
#include <string_view>
#include <vector>

using namespace fovea;

namespace {

Tensor leaf(std::initializer_list<double> values) { return tensor(values).requires_grad_(); }

// How many products a backward pass computes: ops report themselves also where nothing is recorded.
class Products {
 public:
  Products() : before_(detail::record_listener) {
    count = 0;
    detail::record_listener = [](const char* op) { count += std::string_view(op) == "matmul" ? 1 : 0; };
  }
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;
  ~Products() { detail::record_listener = before_; }
  static inline int count = 0;

 private:
  void (*before_)(const char* op);
};

}  // namespace

TEST_CASE("a shared weight's products are collected while their factors are smaller than the weight", "[tape]") {
  const auto products = [](int64_t rows, int64_t m, int64_t n, bool create_graph) {
    Generator generator(2);
    Tensor weight = normal({m, n}, 0, 1, generator, f64).requires_grad_();
    Tensor loss = zeros({}, f64);
    {
      const SharedWeights shared;
      for (int t = 0; t < 5; ++t) loss = loss + sum(linear(normal({rows, n}, 0, 1, generator, f64), weight));
    }
    const Products counted;
    grad(loss, {weight}, {.create_graph = create_graph});
    return Products::count;
  };
  CHECK(products(3, 4, 12, false) == 1);  // 3 (4 + 12) = 4 * 12
  CHECK(products(4, 4, 12, false) == 5);
  CHECK(products(3, 12, 4, false) == 1);
  CHECK(products(4, 12, 4, false) == 5);
  CHECK(products(1, 2, 2, false) == 1);
  CHECK(products(3, 4, 12, true) == 1);
  const AnomalyMode guard;
  CHECK(products(3, 4, 12, false) == 1);
}

TEST_CASE("a leaf takes over a gradient that nobody else holds, and adds to its own in place", "[tape]") {
  Tensor x = leaf({1, 2});
  const void* arrived = nullptr;
  register_hook(x, [&arrived](const Tensor& g) {
    Tensor made = g + 1.0;
    arrived = made.raw();
    return made;
  });
  sum(x * 2.0).backward();
  CHECK(x.grad().raw() == arrived);
  const void* first = x.grad().raw();
  sum(x * 5.0).backward();
  CHECK(x.grad().raw() == first);
  CHECK(equal(x.grad(), tensor({9.0, 9.0})));
  // Somebody holds it now: what they see does not change.
  const Tensor held = x.grad();
  sum(x).backward();
  CHECK(equal(held, tensor({9.0, 9.0})));
  CHECK(equal(x.grad(), tensor({11.0, 11.0})));
}

TEST_CASE("backward frees what an op over a list saved, unless the graph is retained", "[tape]") {
  Tensor x = leaf({1, 2});
  const auto kept = std::make_shared<int>(1);
  const std::vector<Tensor> inputs = {x};
  Tensor y = array::clone(x);
  record_many("test_keeps", inputs, {&y, 1},
              [kept](std::span<const Tensor> g, std::span<Tensor> found) { found[0] = g[0] * 1.0; });
  CHECK(kept.use_count() == 2);
  sum(y).backward(Tensor(), true);
  CHECK(kept.use_count() == 2);
  sum(y).backward();
  CHECK(kept.use_count() == 1);
  CHECK_THROWS_WITH(sum(y).backward(), test::contains("test_keeps was already run through"));
}

TEST_CASE("an op with two outputs that saves one of them can be differentiated again", "[tape]") {
  Tensor x = leaf({0.5});
  const auto both = [](const Tensor& at) {
    std::array<Tensor, 2> outputs{square(at.detach()), exp(at.detach())};
    record_many("test_both", {&at, 1}, outputs,
                [p = saved(at), e = saved(outputs[1])](std::span<const Tensor> g, std::span<Tensor> found) {
                  found[0] = zeros({1}, f64);
                  if (g[0].defined()) found[0] = found[0] + g[0] * p.get() * 2.0;
                  if (g[1].defined()) found[0] = found[0] + g[1] * e.get();
                });
    return outputs;
  };
  const auto y = both(x);
  const Tensor first = grad({y[0], y[1]}, {x}, {.create_graph = true})[0];
  CHECK(first.item() == test::Approx(1 + std::exp(0.5)));
  CHECK(grad({first}, {x})[0].item() == test::Approx(2 + std::exp(0.5)));
}

TEST_CASE("anomaly mode switched on within a vjp names the op whose backward it is", "[tape]") {
  Tensor x = leaf({1});
  const Tensor y = record("test_outer", {x}, array::clone(x), [](const Tensor& g) {
    const AnomalyMode guard;
    return log(neg(g));
  });
  CHECK_THROWS_WITH(y.backward(), test::contains("in the backward of test_outer: log: its result"));
  const AnomalyMode guard;
  CHECK_THROWS_WITH(log(tensor({-1.0})), !test::contains("in the backward") && test::contains("log: its result"));
}
