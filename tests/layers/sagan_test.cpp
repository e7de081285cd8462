// The parts of a self-attention GAN: the contract of each, and their section's invariants.
#include <fovea/layers/attention/image_attention.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/conditional_batch_norm.h>
#include <fovea/layers/vision/sagan.h>
#include <tests/layers/contract.h>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

Tensor numbers(const Shape& shape, DType dtype = f64, double low = -1, double high = 1) {
  Generator generator(3);
  return uniform(shape, low, high, generator, dtype);
}

// With γ as in the middle of training: at 0 no gradient passes W_v.
template <class Map>
Contract<ImageAttention<Map>> attention_contract(const ImageAttentionOptions& options) {
  return {[=](Generator& g) {
            ImageAttention<Map> block(options, g);
            block.gamma->detach().fill_(0.7);
            return block;
          },
          [](const ImageAttention<Map>& m, const List& in) { return List{m(in[0])}; },
          {numbers({2, options.channels, 4, 5})},
          {}};
}

}  // namespace

TEST_CASE("attention over pixels keeps the contract, in the paper's form and in the code's",
          "[layers][contract][sagan]") {
  require_contract(attention_contract<Conv2d>({.channels = 8, .key_channels = 2}));
  require_contract(attention_contract<SpectralNorm<Conv2d>>({.channels = 6, .value_channels = 3, .pool = 2}));
}

TEST_CASE("attention over pixels begins as nothing, bit by bit", "[layers][sagan]") {
  Generator generator(1);
  const ImageAttention<> block({.channels = 16}, generator);
  REQUIRE(parameter_count(block) == 16 * 2 * 4 + 1);  // C̄ = C / 8
  const Tensor x = numbers({2, 16, 5, 3}, f32);
  REQUIRE(equal(block(x), x));
  block.gamma->detach().fill_(1);
  REQUIRE(!allclose(block(x), x, 1e-3, 1e-3));
}

TEST_CASE("β is a softmax over the pixels that are looked at, and the fused form is the plain one", "[layers][sagan]") {
  for (const int64_t pool : {1, 2}) {
    Generator generator(1);
    ImageAttention<> block({.channels = 3, .key_channels = 2, .value_channels = 4, .pool = pool}, generator);
    to(block, f64);
    block.gamma->detach().fill_(0.5);
    name_paths(block, "block");
    const Tensor x = numbers({2, 3, 4, 6}, f64, -5, 5), fused = block(x);
    const WeightCollector collected;
    REQUIRE(allclose(block(x), fused, 1e-12, 1e-12));
    const Tensor beta = collected.over_time("block");
    REQUIRE(beta.shape() == Shape{2, 24, 24 / (pool * pool)});
    REQUIRE(allclose(sum(beta, -1), ones({2, 24}, f64), 1e-12, 1e-12));
    REQUIRE(max(beta).item() > 0.2);
  }
}

TEST_CASE("attention over pixels is the paper's sum, written out", "[layers][sagan]") {
  Generator generator(1);
  ImageAttention<> block({.channels = 2, .key_channels = 1, .value_channels = 3}, generator);
  to(block, f64);
  block.gamma->detach().fill_(-0.8);
  const auto named = named_parameters(block);
  const auto of = [&](std::string_view name) {
    for (const auto& [key, value] : named)
      if (key == name) return flatten(value.detach(), 1);
    FAIL("no " << name);
    return Tensor();
  };
  const Tensor image = numbers({1, 2, 2, 3}), x = flatten(image[0], 1);
  const Tensor f = matmul(of("f.weight"), x), g = matmul(of("g.weight"), x), h = matmul(of("h.weight"), x);
  Tensor expected = zeros({2, 6}, f64);
  for (int64_t j = 0; j < 6; ++j) {
    Tensor read = zeros({3}, f64);
    double total = 0;
    for (int64_t i = 0; i < 6; ++i) {
      const double weight = std::exp(f.at({0, i}) * g.at({0, j}));
      total += weight;
      read = read + select(h, 1, i) * weight;
    }
    select(expected, 1, j).copy_(matmul(of("v.weight"), read / total) * -0.8 + select(x, 1, j));
  }
  REQUIRE(allclose(flatten(block(image)[0], 1), expected, 1e-12, 1e-12));
}

TEST_CASE("a conditional batch norm is a batch norm, scaled and moved by class", "[layers][contract][sagan]") {
  const Tensor label = tensor({2, 0, 2, 1});
  require_contract(
      Contract<ConditionalBatchNorm2d>{[](Generator&) { return ConditionalBatchNorm2d(3, 3); },
                                       [&](const auto& m, const List& in) { return List{m(in[0], label)}; },
                                       {numbers({4, 3, 2, 2})},
                                       {}});
  const ConditionalBatchNorm2d conditional(3, 3);
  const BatchNorm2d plain({.channels = 3, .affine = false});
  const Tensor x = numbers({4, 3, 2, 5}, f32);
  REQUIRE(equal(conditional(x, label), plain(x)));
  conditional.weight->detach()[0].fill_(3);
  conditional.bias->detach()[2].fill_(7);
  const Tensor y = conditional(x, label), normal = plain(x);
  REQUIRE(allclose(y[0], normal[0] + 7));
  REQUIRE(allclose(y[1], normal[1] * 3));
  REQUIRE(equal(clone(y[3]), clone(normal[3])));
}

TEST_CASE("the projection head is a linear one for each class", "[layers][contract][sagan]") {
  const Tensor label = tensor({1, 0, 2});
  require_contract(Contract<ProjectionHead>{[](Generator& g) { return ProjectionHead(4, 3, g); },
                                            [&](const auto& m, const List& in) { return List{m(in[0], label)}; },
                                            {numbers({3, 4})},
                                            {}});
  Generator generator(1);
  const ProjectionHead head(4, 3, generator);
  const Tensor phi = numbers({3, 4}, f32);
  const Tensor y = head(phi, label), other = head(phi, tensor({1, 1, 2}));
  REQUIRE(y.shape() == Shape{3});
  REQUIRE(y.at({0}) == Approx(other.at({0})).epsilon(1e-3));
  REQUIRE(std::abs(y.at({1}) - other.at({1})) > 1e-3);
}

TEST_CASE("the hinge losses", "[layers][sagan]") {
  const Tensor real = tensor({2.0, 0.5, -1.0}), generated = tensor({-3.0, 1.0});
  REQUIRE(hinge_discriminator_loss(real, generated).item() == Approx((0 + 0.5 + 2) / 3 + (0 + 2) / 2.0));
  REQUIRE(hinge_generator_loss(generated).item() == Approx(1));
  // A score beyond the margin teaches the discriminator nothing.
  const Tensor sure = tensor({1.5, 3.0}).requires_grad_();
  hinge_discriminator_loss(sure, -sure).backward();
  REQUIRE(max(abs(sure.grad())).item() == 0);
}

TEST_CASE("the parts of a self-attention GAN refuse what does not fit", "[layers][sagan][errors]") {
  REQUIRE_THROWS_AS(ImageAttention<>({.channels = 0}), ValueError);
  REQUIRE_THROWS_AS(ImageAttention<>({.channels = 8, .pool = 0}), ValueError);
  REQUIRE_THROWS_AS(ImageAttention<>({.channels = 8, .value_channels = -1}), ValueError);
  const ImageAttention<> block({.channels = 3, .pool = 3});
  REQUIRE_THROWS_WITH(block(ones({2, 4, 5, 5})), contains("[B, 3, H, W]"));
  REQUIRE_THROWS_AS(block(ones({3, 5, 5})), ShapeError);
  REQUIRE_THROWS_AS(block(ones({2, 3, 2, 5})), ShapeError);
  REQUIRE_THROWS_AS(ConditionalBatchNorm2d(3, 0), ValueError);
  const ConditionalBatchNorm2d norm(3, 2);
  REQUIRE_THROWS_WITH(norm(ones({2, 3, 4, 4}), tensor({1})), contains("[B, C, H, W] and [B]"));
  REQUIRE_THROWS_AS(norm(ones({2, 3, 4, 4}), tensor({1, 2})), IndexError);
  REQUIRE_THROWS_AS(norm(ones({2, 4, 4, 4}), tensor({1, 0})), ShapeError);
  REQUIRE_THROWS_WITH(ProjectionHead(4, 2)(ones({2, 4}), tensor({1, 1, 0})), contains("[B, C] and [B]"));
  REQUIRE_THROWS_AS(ProjectionHead(4, 0), ValueError);
}
