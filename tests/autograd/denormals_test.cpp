// Denormal numbers: forward keeps them, backward takes them for zero, on every thread, and leaves the mode as it was.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/node.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/denormals.h>
#include <tests/catch.h>
#include <tests/threads.h>

#include <bit>
#include <stdexcept>

using namespace fovea;

namespace {

constexpr double kTiny = 1e-40;  // denormal in f32

// Of no library function, so that no compiler computes it beforehand.
bool flushes_here() {
  volatile float tiny = 1e-30F;
  return tiny * 1e-10F == 0;
}

// How many elements of x are 0, denormals not counted: taking them for zero is what is tested.
int64_t zeros_in(const Tensor& x) {
  int64_t n = 0;
  const float* values = x.data<float>();
  for (int64_t i = 0; i < x.numel(); ++i) n += std::bit_cast<uint32_t>(values[i]) << 1 == 0;
  return n;
}

}  // namespace

#if defined(__x86_64__) || defined(__aarch64__)

TEST_CASE("a gradient that becomes denormal is zero, on every thread; forward keeps what it has",
          "[denormals][threads]") {
  for (const int threads : {1, 2, 4, 7}) {
    const test::Threads guard(threads);
    INFO(threads << " threads");
    Tensor x = full({300000}, 1e-20).requires_grad_();
    const Tensor y = x * x;
    REQUIRE(zeros_in(y) == 0);
    REQUIRE(zeros_in(y * 1.0) == 0);
    y.backward(full({300000}, 1e-20));
    REQUIRE(zeros_in(x.grad()) == x.numel());
    x.set_grad(Tensor());
    (x * 1e-20).backward(full({300000}, 1e-10));
    REQUIRE(zeros_in(x.grad()) == 0);  // 1e-30 is a normal number
  }
}

TEST_CASE("vanishing through many steps ends in zero", "[denormals]") {  // chainer#2554
  Tensor x = full({16}, 0.5).requires_grad_();
  Tensor y = x;
  for (int i = 0; i < 200; ++i) y = sigmoid(y * 0.1);
  y.backward(ones({16}));
  REQUIRE(zeros_in(x.grad()) == 16);
}

TEST_CASE("the floating-point mode is the caller's again after a pass, also one that fails", "[denormals]") {
  Tensor x = full({1}, kTiny).requires_grad_();
  REQUIRE_FALSE(flushes_here());
  Tensor y = x * 2.0;
  bool within = false;
  register_hook(y, [&](const Tensor& g) {
    within = flushes_here();
    return g;
  });
  y.backward();
  REQUIRE(within);
  REQUIRE_FALSE(flushes_here());
  REQUIRE_THROWS_AS(y.backward(), AutogradError);
  REQUIRE_FALSE(flushes_here());
  Tensor z = x * 2.0;
  register_hook(z, [](const Tensor&) -> Tensor { throw std::runtime_error("in a hook"); });
  REQUIRE_THROWS_AS(z.backward(), std::runtime_error);
  REQUIRE_FALSE(flushes_here());
  grad(x * 2.0, {x});
  REQUIRE_FALSE(flushes_here());
}

TEST_CASE("FlushDenormals holds in parallel loops, nests, and leaves other threads' loops as they were",
          "[denormals][threads]") {
  for (const int threads : {1, 2, 4, 7}) {
    const test::Threads guard(threads);
    INFO(threads << " threads");
    const Tensor x = full({300000}, 1e-20);
    {
      const FlushDenormals outer;
      {
        const FlushDenormals inner;
        REQUIRE(zeros_in(x * x) == x.numel());
      }
      REQUIRE(flushes_here());
      REQUIRE(zeros_in(x * x) == x.numel());
    }
    REQUIRE_FALSE(flushes_here());
    REQUIRE(zeros_in(x * x) == 0);
  }
}

#endif
