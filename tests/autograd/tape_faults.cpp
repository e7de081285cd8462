// The tape under threads and without memory: nothing is shared that should not be, nothing is lost.
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/allocator.h>
#include <fovea/core/array.h>
#include <tests/catch.h>

#include <cmath>
#include <new>
#include <thread>

using namespace fovea;

namespace {

// A little training: the parameters after `steps` steps.
struct Training {
  Tensor w, b;
  explicit Training(uint64_t seed) {
    Generator generator(seed);
    w = uniform({16, 16}, -0.5, 0.5, generator).requires_grad_();
    b = uniform({16}, -0.5, 0.5, generator).requires_grad_();
  }
  void step() {
    w.set_grad(Tensor());
    b.set_grad(Tensor());
    const Tensor h = sigmoid(matmul(tanh(matmul(w, w) + b), w) * b);
    mean(square(h - 0.3)).backward();
    const NoGrad guard;
    w.add_(w.grad(), -0.5);
    b.add_(b.grad(), -0.5);
  }
};

}  // namespace

TEST_CASE("two trainings in two threads at once each equal their solo run bit by bit", "[tape][threads]") {
  const auto run = [](uint64_t seed) {
    Training training(seed);
    for (int i = 0; i < 200; ++i) training.step();
    return training.w.detach();
  };
  const Tensor solo[2] = {run(1), run(2)};
  Tensor together[2];
  std::thread first([&] { together[0] = run(1); }), second([&] { together[1] = run(2); });
  first.join();
  second.join();
  REQUIRE(equal(together[0], solo[0]));
  REQUIRE(equal(together[1], solo[1]));
}

TEST_CASE("a graph built in one thread runs backward in another", "[tape][threads]") {
  Tensor x = tensor({1.0, 2.0}).requires_grad_(), y;
  std::thread([&] { y = sum(exp(x) * x); }).join();
  std::thread([&] { y.backward(); }).join();
  y = Tensor();
  REQUIRE(x.grad().at({0}) == test::Approx(2 * std::exp(1.0)));
}

TEST_CASE("out of memory anywhere in a step: an error, parameters as before, nothing lost", "[tape]") {
  Training expected(3), training(3);
  expected.step();
  const Tensor w = array::clone(training.w.detach()), b = array::clone(training.b.detach());
  training.step();  // what is built once is built
  {
    const NoGrad guard;
    training.w.copy_(w);
    training.b.copy_(b);
  }
  training.w.set_grad(Tensor());
  training.b.set_grad(Tensor());
  const int64_t live = memory_stats().live_bytes;
  int failures = 0;
  for (int64_t n = 0;; ++n) {
    bool failed = false;
    fail_allocation_after(n);
    try {
      training.step();
    } catch (const std::bad_alloc&) {
      failed = true;
    } catch (const Error&) {
      failed = true;
    }
    fail_allocation_after(-1);
    if (!failed) break;
    ++failures;
    REQUIRE(equal(training.w.detach(), w));
    REQUIRE(equal(training.b.detach(), b));
    training.w.set_grad(Tensor());
    training.b.set_grad(Tensor());
    REQUIRE(memory_stats().live_bytes == live);
  }
  REQUIRE(failures > 30);
  REQUIRE(equal(training.w.detach(), expected.w.detach()));  // the step that went through is the right one
}
