// A weight that many nodes share: the engine collects the factors of its gradient and makes one product of them.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/node.h>
#include <fovea/autograd/ops.h>
#include <tests/catch.h>

using namespace fovea;

namespace {

constexpr int kSteps = 7;

// h = tanh(h Wᵀ) again and again; `product` is linear, or the same by matmul, whose gradients are never collected.
template <class Product>
Tensor recurrence(const Tensor& first, const Tensor& weight, Product&& product) {
  Tensor h = first;
  for (int t = 0; t < kSteps; ++t) h = tanh(product(h, weight));
  return sum(h * h);
}

const auto kLinear = [](const Tensor& x, const Tensor& w) { return linear(x, w); };
const auto kMatmul = [](const Tensor& x, const Tensor& w) { return matmul(x, transpose(w, 0, 1)); };

double distance(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

struct Case {
  Tensor x, weight;
};
Case fresh_case() {
  Generator generator(3);
  Case made{normal({2, 6}, 0, 1, generator, f64), normal({6, 6}, 0, 0.5, generator, f64)};
  made.x.requires_grad_();
  made.weight.requires_grad_();
  return made;
}

}  // namespace

TEST_CASE("a weight used at every step gets the sum of its gradients", "[tape]") {
  const Case collected = fresh_case(), added = fresh_case();
  recurrence(collected.x, collected.weight, kLinear).backward();
  recurrence(added.x, added.weight, kMatmul).backward();
  CHECK(distance(collected.weight.grad(), added.weight.grad()) < 1e-13);
  CHECK(distance(collected.x.grad(), added.x.grad()) < 1e-13);

  recurrence(collected.x, collected.weight, kLinear).backward();  // a second pass adds to the first
  CHECK(distance(collected.weight.grad(), added.weight.grad() * 2.0) < 1e-13);
}

TEST_CASE("collected products: a weight that was computed, one with a hook, and one that is used otherwise too",
          "[tape]") {
  const Case here = fresh_case(), there = fresh_case();
  int calls = 0;
  Tensor seen;
  const Tensor twice = here.weight * 2.0;
  register_hook(twice, [&](const Tensor& g) {
    ++calls;
    seen = g;
    return g * 3.0;
  });
  (recurrence(here.x, twice, kLinear) + sum(twice)).backward();
  const Tensor other = there.weight * 2.0;
  (recurrence(there.x, other, kMatmul) + sum(other)).backward();
  CHECK(calls == 1);
  CHECK(distance(seen * 2.0, there.weight.grad()) < 1e-13);
  CHECK(distance(here.weight.grad(), there.weight.grad() * 3.0) < 1e-13);
}

TEST_CASE("collected products: grad() of a weight, twice over one graph, and through create_graph", "[tape]") {
  const Case here = fresh_case();
  const Tensor loss = recurrence(here.x, here.weight, kLinear);
  const Tensor once = grad({loss}, {here.weight}, {.retain_graph = true})[0];
  const Tensor again = grad({loss}, {here.weight}, {.retain_graph = true})[0];
  const Tensor recorded = grad({loss}, {here.weight}, {.create_graph = true})[0];
  CHECK(distance(once, again) == 0);
  CHECK(distance(once, recorded.detach()) < 1e-13);
  CHECK(recorded.requires_grad());
}
