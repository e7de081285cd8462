// Pooling and batch normalisation: against PyTorch (tests/golden/images.py), the contract, and what must hold whatever
// the weights are.
#include <fovea/layers/batch_norm.h>
#include <fovea/layers/pool.h>
#include <tests/layers/contract.h>
#include <tests/layers/golden_layers.h>

#include <cmath>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

const GoldenFile& golden() {
  static const GoldenFile file("images");
  return file;
}

// Values and gradients, and the buffers after the call.
template <class M>
void check_batch_norm(const std::string& name, const BatchNormLayerOptions& options, bool training = true) {
  for (const DType dtype : {f64, f32}) {
    M module(options);
    module.train(training);
    check_case(golden(), name, module, dtype, [&](const Named& in) { return Named{{"y", module(in.at("x"))}}; });
    const Named after = part_of_case(golden(), name, "after", dtype);
    REQUIRE(after.size() == named_buffers(module).size());
    for (const auto& [key, buffer] : named_buffers(module)) {
      if (is_floating(buffer.dtype()))
        require_close(key, buffer, after.at(key));
      else
        REQUIRE(equal(buffer, after.at(key)));
    }
  }
}

Tensor numbers(const Shape& shape, DType dtype = f64, double low = -1, double high = 1) {
  Generator generator(3);
  return uniform(shape, low, high, generator, dtype);
}

template <class M>
Contract<M> contract_of(const BatchNormLayerOptions& options, const Shape& shape) {
  return {[=](Generator& generator) {
            M module(options);
            if (module.running_mean.defined()) {
              module.running_mean->copy_(uniform({options.channels}, -1, 1, generator));
              module.running_var->copy_(uniform({options.channels}, 0.5, 2, generator));
            }
            return module;
          },
          [](const M& module, const List& in) { return List{module(in[0])}; },
          {numbers(shape)},
          {}};
}

}  // namespace

TEST_CASE("batch normalisation agrees with PyTorch, in training and after it", "[layers][golden][batch_norm]") {
  check_batch_norm<BatchNorm1d>("batch_norm1d", {.channels = 4});
  check_batch_norm<BatchNorm1d>("batch_norm1d_sequence", {.channels = 3, .eps = 1e-2, .momentum = 0.3});
  check_batch_norm<BatchNorm2d>("batch_norm2d", {.channels = 3});
  check_batch_norm<BatchNorm2d>("batch_norm2d_eval", {.channels = 3}, false);
  check_batch_norm<BatchNorm2d>("batch_norm2d_mean", {.channels = 2, .momentum = {}});
  check_batch_norm<BatchNorm2d>("batch_norm2d_plain", {.channels = 2, .affine = false});
  check_batch_norm<BatchNorm2d>("batch_norm2d_untracked", {.channels = 2, .track_running_stats = false}, false);
}

TEST_CASE("BatchNorm1d, BatchNorm2d and MaxPool2d keep the contract", "[layers][contract][batch_norm][pool]") {
  require_contract(contract_of<BatchNorm1d>({.channels = 3}, {4, 3}));
  require_contract(contract_of<BatchNorm1d>({.channels = 2, .affine = false}, {4, 2, 3}));
  require_contract(contract_of<BatchNorm2d>({.channels = 3, .track_running_stats = false}, {2, 3, 2, 4}));
  require_contract(Contract<MaxPool2d>{[](Generator&) {
                                         return MaxPool2d({2, 3}, {.stride = 2, .padding = {0, 1}});
                                       },
                                       [](const MaxPool2d& pool, const List& in) { return List{pool(in[0])}; },
                                       {numbers({2, 3, 6, 5})},
                                       {}});
}

template <class Layer>
Contract<Layer> resizing(Layer (*make)(Generator&)) {
  return {make, [](const Layer& layer, const List& in) { return List{layer(in[0])}; }, {numbers({2, 3, 6, 5})}, {}};
}

TEST_CASE("the other layers that change an image's size keep the contract", "[layers][contract][pool]") {
  require_contract(resizing<AvgPool2d>([](Generator&) { return AvgPool2d(3, {.stride = 2, .padding = 1}); }));
  require_contract(resizing<AdaptiveMaxPool2d>([](Generator&) { return AdaptiveMaxPool2d({2, 3}); }));
  require_contract(resizing<AdaptiveAvgPool2d>([](Generator&) { return AdaptiveAvgPool2d({4, 3}); }));
  require_contract(resizing<Upsample>([](Generator&) { return Upsample({2, 3}, {InterpolateMode::bilinear}); }));
  const Tensor x = numbers({2, 3, 6, 5}, f64);
  REQUIRE(equal(Upsample(2)(x), repeat_interleave(repeat_interleave(x, 2, 2), 2, 3)));
  REQUIRE(allclose(AvgPool2d(2)(Upsample(2)(x)), x, 1e-12));
  REQUIRE(allclose(AdaptiveAvgPool2d(1)(x), mean(x, {2, 3}, true), 1e-12));
  REQUIRE(equal(flatten(AdaptiveMaxPool2d(1)(x), 1), max(flatten(x, 2, 3), 2)));
}

TEST_CASE("in training a channel has mean 0 and variance 1, whatever comes in", "[layers][batch_norm]") {
  const BatchNorm2d norm({.channels = 3, .eps = 1e-12});
  const Tensor x = numbers({4, 3, 5, 6}, f32, 1000, 1010);
  const Tensor y = to(norm(x), f64);
  for (int64_t c = 0; c < 3; ++c) {
    REQUIRE(mean(select(y, 1, c)).item() == Approx(0).margin(1e-5));
    REQUIRE(var(select(y, 1, c), {}, false).item() == Approx(1).epsilon(1e-5));
  }
}

TEST_CASE("batch normalisation of f32 numbers whose squares do not fit", "[layers][batch_norm]") {
  const BatchNorm1d norm({.channels = 3, .track_running_stats = false});
  const Tensor x = numbers({4, 3, 5}, f32);
  const Tensor large = (x * 1e30).requires_grad_();
  const Tensor y = norm(large), wanted = norm(x);
  REQUIRE(allclose(y.detach(), wanted, 1e-3, 1e-3));  // eps counts for the small ones alone
  sum(y * x).backward();
  REQUIRE(all(isfinite(large.grad())));
}

TEST_CASE("BatchNorm1d of a matrix is that of sequences of one step", "[layers][batch_norm]") {
  const BatchNorm1d norm({.channels = 5}), other({.channels = 5});
  const Tensor x = numbers({37, 5}, f32);
  REQUIRE(allclose(norm(x), squeeze(other(unsqueeze(x, 2)), 2), 1e-5, 1e-6));
  REQUIRE(allclose(norm.running_var, other.running_var, 1e-6, 1e-7));
}

TEST_CASE("the running statistics follow training alone, and eval mode uses them", "[layers][batch_norm]") {
  BatchNorm1d norm({.channels = 2, .eps = 1e-9});
  const Tensor x = tensor({1.f, 10.f, 3.f, 30.f}).reshape({2, 2});
  norm.eval();
  REQUIRE(allclose(norm(x), x, 1e-6));
  REQUIRE(norm.num_batches_tracked->item() == 0);
  norm.train();
  for (int i = 0; i < 400; ++i) norm(x);
  REQUIRE(norm.num_batches_tracked->item() == 400);
  REQUIRE(allclose(norm.running_mean, tensor({2.f, 20.f}), 1e-5));
  REQUIRE(allclose(norm.running_var, tensor({2.f, 200.f}), 1e-5));  // of n - 1
  norm.eval();
  REQUIRE(norm(x).at({0, 0}) == Approx(-1 / std::sqrt(2.0)));
  REQUIRE(norm.num_batches_tracked->item() == 400);
}

TEST_CASE("in eval mode an example does not depend on the others", "[layers][batch_norm]") {
  BatchNorm2d norm({.channels = 3});
  const Tensor x = numbers({4, 3, 2, 5}, f32);
  norm(x);
  norm.eval();
  REQUIRE(equal(contiguous(slice(norm(x), 0, 2, 3)), norm(slice(x, 0, 2, 3))));
}

TEST_CASE("BatchNorm and MaxPool2d refuse what does not fit", "[layers][batch_norm][pool][errors]") {
  REQUIRE_THROWS_AS(BatchNorm1d({.channels = 0}), ValueError);
  REQUIRE_THROWS_AS(BatchNorm2d({.channels = 1, .eps = 0}), ValueError);
  REQUIRE_THROWS_AS(BatchNorm2d({.channels = 1, .momentum = 2}), ValueError);
  const BatchNorm1d one({.channels = 2});
  REQUIRE_THROWS_WITH(one(ones({2, 2, 2, 2})), contains("BatchNorm1d") && contains("[N, C]"));
  REQUIRE_THROWS_AS(one(ones({2, 3})), ShapeError);
  REQUIRE_THROWS_AS(one(ones({2, 2}, f64)), DTypeError);
  const BatchNorm2d two({.channels = 2});
  REQUIRE_THROWS_WITH(two(ones({2, 2, 2})), contains("[N, C, H, W]"));
  REQUIRE_THROWS_WITH(two(ones({1, 2, 1, 1})), contains("one value a channel"));
  REQUIRE(two.num_batches_tracked->item() == 0);
  REQUIRE_THROWS_AS(MaxPool2d(0), ValueError);
  REQUIRE_THROWS_AS(MaxPool2d(2, {.stride = {{1, 0}}}), ValueError);
  REQUIRE_THROWS_AS(MaxPool2d(2, {.dilation = 0}), ValueError);
  REQUIRE_THROWS_AS(MaxPool2d(3, {.padding = 2}), ValueError);
  REQUIRE_THROWS_AS(MaxPool2d(2)(ones({1, 2, 2})), ShapeError);
  REQUIRE_THROWS_AS(AvgPool2d({2, 0}), ValueError);
  REQUIRE_THROWS_AS(AvgPool2d(3, {.padding = 2}), ValueError);
  REQUIRE_THROWS_AS(AdaptiveAvgPool2d(0), ValueError);
  REQUIRE_THROWS_AS(AdaptiveMaxPool2d({1, -1}), ValueError);
  REQUIRE_THROWS_AS(Upsample(0), ValueError);
  REQUIRE_THROWS_AS(Upsample(2, {.align_corners = true}), ValueError);
  REQUIRE_THROWS_AS(Upsample((int64_t{1} << 62) + 1)(ones({1, 1, 4, 4})), ShapeError);
  REQUIRE_THROWS_WITH(Upsample(2)(ones({1, 2, 2})), contains("Upsample") && contains("[B, C, H, W]"));
}
