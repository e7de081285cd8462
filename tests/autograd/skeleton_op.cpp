// The skeleton of an op, made to be copied; CONTRIBUTING.md says where each part goes in the library.
//
// softsign, Glorot & Bengio 2010, "Understanding the Difficulty of Training Deep Feedforward Neural Networks".
//
//   y = x / (1 + |x|)                                                            (1)
//   dy/dx = 1 / (1 + |x|)²                                                       (2)
//
// y has x's shape and type. Errors: DTypeError unless x is f32 or f64. Cost: one pass over x.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/loops.h>
#include <tests/catch.h>

#include <algorithm>
#include <cmath>

// ---- core/kernels/<family>.h and .cpp: raw pointers and sizes; neither Tensor nor tape ----
namespace fovea::skeleton::kernels {

using namespace fovea::kernels;

void softsign(DType dtype, int64_t n, const void* x, void* y) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = static_cast<const T*>(x);
    T* to = static_cast<T*>(y);
    parallel_for(n, kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = from[i] / (T(1) + std::abs(from[i]));  // (1)
    });
  });
}

}  // namespace fovea::skeleton::kernels

// ---- autograd/ops/<family>.cpp: checks, forward and gradient in one function; declared in autograd/ops.h ----
namespace fovea::skeleton {

Tensor softsign(const Tensor& x) {
  check::floating("softsign", x);
  const Tensor from = array::contiguous(x);
  Tensor y = empty_like(from);
  kernels::softsign(x.dtype(), from.numel(), from.raw(), y.raw());
  return record("softsign", {x}, y, [x = saved(x)](const Tensor& g) {
    return g / square(1.0 + abs(x.get()));  // (2), in differentiable ops: second derivatives come with it
  });
}

}  // namespace fovea::skeleton

// ---- autograd/ops/<family>_spec.cpp: formula, samples, calls that must throw; only tests link it ----
namespace fovea::skeleton {
namespace {

const OpSpec softsign_spec = OpSpec::add({
    .name = "softsign",
    .formula = "y = x / (1 + |x|)",
    .samples =
        [](SampleMaker& make) {
          const SampleCall call = [](const std::vector<Tensor>& x) { return softsign(x[0]); };
          std::vector<OpSample> samples = elementwise_samples(make, call, 1, -2, 2);
          samples.push_back({"extreme values", {tensor({-1e30, 1e30})}, call});
          return samples;
        },
    .invalid = {{"i64 input", [] { softsign(arange(3)); }}, {"undefined input", [] { softsign(Tensor()); }}},
});

}  // namespace
}  // namespace fovea::skeleton

// ---- tests/autograd/: only what the spec cannot say; op_specs.cpp has found the spec above and tests it ----
using namespace fovea;

TEST_CASE("the skeleton op is tested by its spec", "[skeleton]") {
  const auto is_softsign = [](const OpSpec& spec) { return spec.name == "softsign"; };
  REQUIRE(std::count_if(op_specs().begin(), op_specs().end(), is_softsign) == 1);
}

TEST_CASE("softsign has the values and slopes of its formula", "[skeleton]") {
  const Tensor x = tensor({-3.0, 0.0, 1.0}).requires_grad_();
  const Tensor y = skeleton::softsign(x);
  REQUIRE(allclose(y, tensor({-0.75, 0.0, 0.5}), 1e-15));
  sum(y).backward();
  REQUIRE(allclose(x.grad(), tensor({0.0625, 1.0, 0.25}), 1e-15));
}
