// Bugs that others had, each in its smallest form. Those with a better place are tested there, beside their number.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/hook.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/allocator.h>
#include <fovea/core/array.h>
#include <tests/catch.h>

#include <vector>

using namespace fovea;

TEST_CASE("a factor that is repeated along the last dimension gets the sum along it", "[bugs]") {  // tt-metal#40008
  const int64_t B = 2, T = 4, H = 64;
  Generator generator(1);
  Tensor h = normal({B, 1, T, H}, 0, 1, generator, f64).requires_grad_();
  Tensor mask = normal({B, 1, T, 1}, 0, 1, generator, f64).requires_grad_();
  const Tensor upstream = normal({B, 1, T, H}, 0, 1, generator, f64);
  ((h * mask) * 1.0).backward(upstream);
  REQUIRE(allclose(mask.grad(), sum(upstream * h.detach(), -1, true), 1e-12, 1e-12));
  REQUIRE(allclose(h.grad(), upstream * mask.detach(), 1e-12, 1e-12));
}

TEST_CASE("a product plus a row runs backward, every gradient of its input's shape", "[bugs]") {  // burn#181
  Tensor a = ones({2, 3}).requires_grad_(), b = ones({3, 1}).requires_grad_(), c = ones({1, 3}).requires_grad_();
  sum(matmul(a, b) + c).backward();
  REQUIRE(equal(a.grad(), full({2, 3}, 3)));
  REQUIRE(equal(b.grad(), full({3, 1}, 6)));
  REQUIRE(equal(c.grad(), full({1, 3}, 2)));
}

TEST_CASE("softmax and log_softmax of rows of nothing", "[bugs]") {  // pytorch#17262
  for (const int64_t dim : {0, 1})
    for (const auto f : {softmax, log_softmax}) {
      Tensor x = zeros({10, 0}).requires_grad_();
      const Tensor y = f(x, dim, Tensor());
      REQUIRE(y.shape() == Shape{10, 0});
      sum(y).backward();
      REQUIRE(x.grad().shape() == Shape{10, 0});
    }
}

TEST_CASE("unit vectors of zero and of constant rows have finite gradients", "[bugs]") {  // pytorch#3264
  for (const double value : {0.0, 3.0}) {
    Tensor x = full({2, 5}, value).requires_grad_();
    const Tensor y = x / maximum(norm(x, -1, true), full({}, 1e-12));
    REQUIRE(all(isfinite(y)));
    sum(square(y)).backward();
    REQUIRE(all(isfinite(x.grad())));
  }
}

TEST_CASE("a gradient that is on the tape may be the leaf's own, and frees with it",
          "[bugs]") {  // pytorch#7343, #16744
  const int64_t before = memory_stats().live_bytes;
  for (int i = 0; i < 10; ++i) {
    Tensor x = tensor({1.0, 2.0}).requires_grad_();
    x.set_grad(grad(sum(tanh(x)), {x}, {.create_graph = true})[0]);
  }
  REQUIRE(memory_stats().live_bytes == before);
}

// Every gradient on the way is needed by two that follow. Where hooks hold them all nothing can be reused.
TEST_CASE("a long backward pass that reuses buffers gives what one that keeps all gives", "[bugs]") {  // ggml#1501
  const auto gradients = [](bool keep) {
    Generator generator(3);
    std::vector<Tensor> weights, kept;
    const Tensor input = normal({5, 16}, 0, 1, generator);
    Tensor x = input;
    const auto watched = [&](const Tensor& y) {
      if (keep) register_hook(y, [&kept](const Tensor& g) { return kept.emplace_back(g); });
      return y;
    };
    for (int layer = 0; layer < 30; ++layer) {
      weights.push_back(normal({16, 16}, 0, 0.2, generator).requires_grad_());
      const Tensor h = watched(linear(layer_norm(x, Tensor(), Tensor()), weights.back()));
      x = watched(x + watched(h * sigmoid(h)) * watched(tanh(h)));
    }
    return grad(sum(square(x)), weights);
  };
  const std::vector<Tensor> reused = gradients(false), kept = gradients(true);
  for (size_t i = 0; i < reused.size(); ++i) REQUIRE(equal(reused[i], kept[i]));
}
