// Spectral normalisation: against PyTorch (tests/golden/spectral_norm.py), the contract of what it wraps, and its
// section's invariant.
#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/spectral_norm.h>
#include <tests/layers/contract.h>
#include <tests/layers/golden_layers.h>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

const GoldenFile& golden() {
  static const GoldenFile file("spectral_norm");
  return file;
}

template <class Layer, class Make>
void check_golden(const std::string& name, const Make& make, bool training = true) {
  for (const DType dtype : {f64, f32}) {
    SpectralNorm<Layer> wrapped(make());
    wrapped.train(training);
    check_case(golden(), name, wrapped, dtype, [&](const Named& in) { return Named{{"y", wrapped(in.at("x"))}}; });
    for (const auto& [key, after] : part_of_case(golden(), name, "after", dtype))
      require_close(key, key == "u" ? wrapped.u : wrapped.v, after);
  }
}

Conv2d small_conv(Generator& generator) {
  return Conv2d({.in_channels = 3, .out_channels = 4, .kernel = 2, .stride = 2}, generator);
}

}  // namespace

TEST_CASE("spectral normalisation agrees with PyTorch's, in training and after it", "[layers][golden][spectral_norm]") {
  check_golden<Linear>("linear", [] { return Linear(4, 3); });
  check_golden<Linear>(
      "linear_eval", [] { return Linear(4, 3); }, false);
  check_golden<Conv2d>("conv2d", [] {
    return Conv2d({.in_channels = 2, .out_channels = 4, .kernel = {3, 2}, .stride = 2, .padding = 1});
  });
  check_golden<ConvTranspose2d>("conv_transpose2d", [] {
    return ConvTranspose2d({.in_channels = 3, .out_channels = 2, .kernel = 3, .stride = 2, .bias = false});
  });
  check_golden<ConvTranspose2d>(
      "conv_transpose2d_eval", [] { return ConvTranspose2d({.in_channels = 3, .out_channels = 2, .kernel = 3}); },
      false);
  check_golden<Embedding>("embedding", [] { return Embedding(5, 3); });
}

TEST_CASE("a spectrally normalised layer keeps the contract", "[layers][contract][spectral_norm]") {
  Generator generator(3);
  const Tensor image = uniform({2, 3, 4, 5}, -1, 1, generator, f64), x = uniform({2, 3}, -1, 1, generator, f64);
  require_contract(Contract<SpectralNorm<Conv2d>>{[](Generator& g) { return SpectralNorm(small_conv(g), g); },
                                                  [](const auto& m, const List& in) { return List{m(in[0])}; },
                                                  {image},
                                                  {}});
  require_contract(Contract<SpectralNorm<Linear>>{[](Generator& g) { return SpectralNorm(Linear(3, 2, true, g), g); },
                                                  [](const auto& m, const List& in) { return List{m(in[0])}; },
                                                  {x},
                                                  {}});
}

TEST_CASE("the largest singular value of matrices that show it", "[layers][spectral_norm]") {
  REQUIRE(largest_singular_value(tensor({3.0, 0.0, 0.0, 0.0, -5.0, 0.0}, {2, 3})) == Approx(5));
  REQUIRE(largest_singular_value(outer(tensor({1.0, 2.0, 2.0}), tensor({3.0, 4.0}))) == Approx(15));
  // Two that lie near each other: σ grows by little for long, and stops no sooner for that.
  REQUIRE(largest_singular_value(tensor({1.0F, 0.0F, 0.0F, 0.99F}, {2, 2})) == Approx(1).margin(2e-5));
  REQUIRE(largest_singular_value(zeros({2, 3})) == 0);
}

TEST_CASE("after 20 power iterations the largest singular value is 1", "[layers][spectral_norm]") {
  Generator generator(1);
  const auto check = [](const auto& wrapped, int64_t dim) {
    for (int i = 0; i < 20; ++i) wrapped.weight();
    const Tensor W = flatten(transpose(wrapped.weight(), 0, dim), 1).detach();
    REQUIRE(largest_singular_value(W) == Approx(1).margin(1e-3));
  };
  check(SpectralNorm(small_conv(generator), generator), 0);
  check(SpectralNorm(Linear(7, 5, true, generator), generator), 0);
  check(SpectralNorm(Embedding(6, 4, -1, generator), generator), 0);
  check(SpectralNorm(ConvTranspose2d({.in_channels = 5, .out_channels = 3, .kernel = 2}, generator), generator), 1);
}

TEST_CASE("the gradient through a spectral norm is the paper's formula", "[layers][spectral_norm]") {
  Generator generator(2);
  SpectralNorm wrapped(Linear(4, 3, false, generator), generator);
  to(wrapped, f64);
  const Tensor W = parameters(wrapped).front(), G = uniform({3, 4}, -1, 1, generator, f64);
  const Tensor normalized = wrapped.weight();
  const Tensor gradient = grad({sum(G * normalized)}, {W}).front();
  const Tensor sigma = sum(wrapped.u * matmul(W, wrapped.v));
  const Tensor expected = (G - sum(G * normalized) * outer(wrapped.u, wrapped.v)) / sigma;
  REQUIRE(allclose(gradient, expected, 1e-12, 1e-13));
}

TEST_CASE("u and v move in training mode alone, and a later call leaves a backward as it was",
          "[layers][spectral_norm]") {
  Generator generator(4);
  SpectralNorm wrapped(Linear(6, 5, true, generator), generator);
  const Tensor W = parameters(wrapped).front();
  W.detach().copy_(uniform(W.shape(), -1, 1, generator));
  const Tensor u = clone(wrapped.u), x = uniform({2, 6}, -1, 1, generator);
  wrapped.eval();
  const Tensor y = wrapped(x);
  REQUIRE(equal(wrapped.u, u));
  wrapped.train();
  const Tensor loss = sum(wrapped(x)), second = sum(wrapped(x));  // the second call moves u and v
  REQUIRE(!equal(wrapped.u, u));
  (sum(y) + loss + second).backward();
  REQUIRE(W.grad().defined());
  // One iteration a call: two calls of one are one call of two.
  SpectralNorm twice(Linear(6, 5, true, generator), generator, 2);
  load_state(twice, state(wrapped));
  wrapped.weight(), wrapped.weight(), twice.weight();
  REQUIRE(equal(wrapped.u, twice.u));
  REQUIRE(equal(wrapped.v, twice.v));
}

TEST_CASE("an average of weights, of u and of v is normalised once it has settled", "[layers][spectral_norm]") {
  Generator generator(6);
  SpectralNorm first(Linear(6, 5, true, generator), generator), second(Linear(6, 5, true, generator), generator);
  const NamedTensors one = state(first), other = state(second);
  for (size_t i = 0; i < one.size(); ++i) Tensor(one[i].second.detach()).mul_(0.5).add_(other[i].second, 0.5);
  first.eval();
  REQUIRE(std::abs(largest_singular_value(first.weight()) - 1) > 0.1);
  first.settle(100);
  REQUIRE(std::abs(largest_singular_value(first.weight()) - 1) < 1e-3);
}

TEST_CASE("spectral normalisation refuses what has no largest singular value", "[layers][spectral_norm][errors]") {
  Generator generator(1);
  REQUIRE_THROWS_AS(SpectralDirections(ones({3})), ShapeError);
  REQUIRE_THROWS_AS(SpectralNorm(Linear(2, 2), generator, 0), ValueError);
  REQUIRE_THROWS_AS(SpectralDirections(ones({3, 2}), {.eps = 0}), ValueError);
  REQUIRE_THROWS_WITH(SpectralDirections(ones({3, 2})).normalized(ones({2, 3})), contains("[3, 2], as at the start"));
  SpectralNorm wrapped(Linear(3, 2), generator);
  parameters(wrapped).front().detach().zero_();
  wrapped.eval();
  REQUIRE_THROWS_WITH(wrapped(ones({1, 3})), contains("not all 0"));
}
