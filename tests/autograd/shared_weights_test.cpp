// A weight that many nodes share: the factors of its gradient are gathered and make one product.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/node.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/shared_weights.h>
#include <fovea/core/allocator.h>
#include <tests/catch.h>

using namespace fovea;

namespace {

constexpr int kSteps = 7;

// h = tanh(h Wᵀ) again and again; `product` is linear, or the same by matmul, whose gradients are never gathered.
template <class Product>
Tensor recurrence(const Tensor& first, const Tensor& weight, Product&& product) {
  const SharedWeights shared;
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

TEST_CASE("gathered products: a weight that was computed, one with a hook, and one that is used otherwise too",
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

TEST_CASE("gathered products: grad() of a weight, twice over one graph, and through create_graph", "[tape]") {
  const Case here = fresh_case();
  const Tensor loss = recurrence(here.x, here.weight, kLinear);
  const Tensor once = grad({loss}, {here.weight}, {.retain_graph = true})[0];
  const Tensor again = grad({loss}, {here.weight}, {.retain_graph = true})[0];
  const Tensor recorded = grad({loss}, {here.weight}, {.create_graph = true})[0];
  CHECK(distance(once, again) == 0);
  CHECK(distance(once, recorded.detach()) < 1e-13);
  CHECK(recorded.requires_grad());
  const Case there = fresh_case();
  const Tensor plain = recurrence(there.x, there.weight, kMatmul);
  const Tensor wanted = grad({plain}, {there.weight}, {.create_graph = true})[0];
  const Tensor second = grad({sum(square(recorded))}, {here.weight})[0];
  CHECK(distance(second, grad({sum(square(wanted))}, {there.weight})[0]) < 1e-12);
}

TEST_CASE("gathered products: anomaly mode changes no bit and still finds what is not finite", "[tape]") {
  const Case here = fresh_case(), there = fresh_case();
  recurrence(here.x, here.weight, kLinear).backward();
  const AnomalyMode guard;
  recurrence(there.x, there.weight, kLinear).backward();
  CHECK(equal(here.weight.grad(), there.weight.grad()));
  const SharedWeights shared;
  const Tensor y = linear(there.x, there.weight);
  CHECK_THROWS_WITH(sum(y * 1e308 * 10.0).backward(), test::contains("NaN or inf"));
}

TEST_CASE("gathered products: an undefined gradient is none, and a guard outlives its graphs", "[tape]") {
  const Case here = fresh_case();
  const SharedWeights shared;
  const Tensor unused = linear(here.x, here.weight);  // on the tape, never asked for
  for (int pass = 1; pass <= 2; ++pass) {
    sum(linear(here.x, here.weight)).backward();
    CHECK(distance(here.weight.grad(), expand(sum(here.x.detach(), 0), {6, 6}) * static_cast<double>(pass)) < 1e-13);
  }
  CHECK(grad({sum(unused)}, {here.x})[0].defined());
  const Case other = fresh_case();
  CHECK_THROWS_WITH(grad({sum(unused * 1.0)}, {other.weight}), test::contains("no output depends on input 0"));
}

TEST_CASE("gathered products keep no graph alive", "[tape]") {
  const MemoryStats before = memory_stats();
  {
    const Case here = fresh_case();
    recurrence(here.x, here.weight, kLinear);  // forward alone
  }
  CHECK(memory_stats().live_blocks == before.live_blocks);
}
