// The fused additive score beyond its op spec: threads, small and large sums in f32, keys that count for nothing.
#include <fovea/autograd/attention.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/parallel.h>
#include <tests/catch.h>

#include <cmath>
#include <limits>

using namespace fovea;

TEST_CASE("the additive score is bitwise the same for any number of threads", "[attention][threads]") {
  Generator generator(3);
  const auto make = [&](const Shape& shape) { return uniform(shape, -1, 1, generator).requires_grad_(); };
  const Tensor q = make({9, 5, 70}), k = make({9, 40, 70}), v = make({70});
  const Tensor upstream = uniform({9, 5, 40}, -1, 1, generator);
  const int before = num_threads();
  std::vector<std::vector<Tensor>> results;
  for (int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    const Tensor e = additive_score(q, k, v);
    results.push_back(grad({e}, {q, k, v}, {.grad_outputs = {upstream}}));
    results.back().push_back(e.detach());
  }
  set_num_threads(before);
  for (const auto& result : results)
    for (size_t i = 0; i < result.size(); ++i) REQUIRE(equal(result[i], results[0][i]));
}

TEST_CASE("f32 keeps its digits for small sums and large ones", "[attention]") {
  for (double size : {1e-30, 1e-8, 1e-4, 0.01, 0.3, 1.0, 3.0, 8.9, 9.1, 40.0, 1e30}) {
    INFO(size);
    const Tensor q = tensor({size, -size}, {1, 2, 1}), none = zeros({1, 1, 1}, f64), v = ones({1}, f64);
    const Tensor e = additive_score(to(q, f32), to(none, f32), to(v, f32));
    REQUIRE(std::abs(e.at({0, 0, 0}) / std::tanh(size) - 1) < 5e-7);
    REQUIRE(e.at({0, 0, 0}) == -e.at({0, 1, 0}));
  }
  const Tensor nan = full({1, 1, 1}, std::numeric_limits<double>::quiet_NaN());
  REQUIRE(std::isnan(additive_score(nan, zeros({1, 1, 1}), ones({1})).item()));
}

TEST_CASE("an element does not depend on its place in the row", "[attention]") {
  Generator generator(4);
  const Tensor q = uniform({1, 1, 45}, -1, 1, generator), v = ones({1});
  for (int64_t a = 0; a < 45; ++a) {
    Tensor alone = zeros({45});
    alone.set({a}, 1);
    const Tensor single = array::contiguous(array::slice(q, 2, a, a + 1));
    REQUIRE(additive_score(q, zeros({1, 1, 45}), alone).item() == additive_score(single, zeros({1, 1, 1}), v).item());
  }
}

TEST_CASE("a pair without a gradient leaves no trace, not even NaN", "[attention]") {
  Generator generator(5);
  const Tensor q = uniform({1, 2, 3}, -1, 1, generator, f64).requires_grad_(), v = ones({3}, f64).requires_grad_();
  const Tensor k = uniform({1, 2, 3}, -1, 1, generator, f64);
  array::select(k, 1, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  const Tensor upstream = tensor({1.0, 0.0, 1.0, 0.0}, {1, 2, 2});
  const auto found = grad({additive_score(q, k, v)}, {q, v}, {.grad_outputs = {upstream}});
  const Tensor kept = array::contiguous(array::slice(k, 1, 0, 1));
  const auto expected = grad({sum(additive_score(q, kept, v))}, {q, v});
  for (size_t i = 0; i < 2; ++i) REQUIRE(allclose(found[i], expected[i], 1e-14));
}
