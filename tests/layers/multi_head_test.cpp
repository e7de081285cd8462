// Scaled dot-product and multi-head attention: the contract, masks, NaN, the cache, threads and memory.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/sdpa.h>
#include <fovea/core/allocator.h>
#include <fovea/core/array.h>
#include <fovea/core/parallel.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/state.h>
#include <tests/catch.h>
#include <tests/layers/contract.h>

#include <cmath>
#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor random(const Shape& shape, uint64_t seed, DType dtype = f64) {
  Generator generator(seed);
  return uniform(shape, -1, 1, generator, dtype);
}

// x with `value` in row t of every sequence.
Tensor with_row(const Tensor& x, int64_t t, double value) {
  Tensor changed = array::clone(x);
  array::select(changed, x.dim() - 2, t).fill_(value);
  return changed;
}

struct Heads {
  Tensor q, k, v;
  explicit Heads(const Shape& shape, DType dtype = f64)
      : q(random(shape, 1, dtype)), k(random(shape, 2, dtype)), v(random(shape, 3, dtype)) {}
};

std::vector<Tensor> result_and_gradients(const Heads& x, const SdpaOptions& options) {
  const std::vector<Tensor> leaves{array::clone(x.q).requires_grad_(), array::clone(x.k).requires_grad_(),
                                   array::clone(x.v).requires_grad_()};
  const Tensor y = scaled_dot_product_attention(leaves[0], leaves[1], leaves[2], options);
  std::vector<Tensor> out = grad({y}, leaves, {.grad_outputs = {random(y.shape(), 4, y.dtype())}});
  out.push_back(y.detach());
  return out;
}

}  // namespace

TEST_CASE("multi-head attention keeps the contract", "[layers][attention]") {
  const Tensor query = random({2, 3, 4}, 1), key = random({2, 5, 4}, 2);
  const Tensor mask = padding_mask(tensor<int64_t>({4, 4}), 5);
  for (const bool fused : {true, false}) {
    Contract<MultiHeadAttention> contract;
    contract.make = [](Generator& g) { return MultiHeadAttention({.embed_dim = 4, .heads = 2}, g); };
    contract.call = [=](const MultiHeadAttention& layer, const std::vector<Tensor>& x) {
      return std::vector<Tensor>{layer(x[0], x[1], x[1], {.mask = mask, .need_weights = !fused}).output};
    };
    contract.inputs = {query, key};
    contract.masked_inputs = {query, with_row(key, 4, 7)};
    require_contract(contract);
  }
  Contract<MultiHeadAttention> sizes;
  sizes.make = [](Generator& g) {
    return MultiHeadAttention({.embed_dim = 4, .heads = 1, .key_size = 3, .value_size = 2}, g);
  };
  sizes.call = [](const MultiHeadAttention& layer, const std::vector<Tensor>& x) {
    return std::vector<Tensor>{layer(x[0], x[1], x[2]).output};
  };
  sizes.inputs = {query, random({2, 5, 3}, 3), random({2, 5, 2}, 4)};
  require_contract(sizes);
}

// pytorch#101967
TEST_CASE("NaN in masked keys and values changes no bit, forward or backward", "[layers][attention]") {
  MultiHeadAttention layer({.embed_dim = 4, .heads = 2});
  to(layer, f64);
  const Tensor query = random({2, 3, 4}, 1).requires_grad_(), key = random({2, 5, 4}, 2);
  const Tensor mask = padding_mask(tensor<int64_t>({4, 4}), 5);
  std::vector<Tensor> watched = parameters(layer);
  watched.push_back(query);
  const auto run = [&](double value, bool weights) {
    const Tensor memory = with_row(key, 4, value);
    const Tensor y = layer(query, memory, memory, {.mask = mask, .need_weights = weights}).output;
    std::vector<Tensor> out = grad({y}, watched, {.grad_outputs = {random({2, 3, 4}, 5)}});
    out.push_back(y);
    return out;
  };
  for (const bool weights : {false, true})
    for (const double value : {kNan, std::numeric_limits<double>::infinity()})
      REQUIRE(all_equal(run(value, weights), run(0, weights)));
  // Who may see it gets NaN.
  const Tensor seen = with_row(key, 2, kNan);
  REQUIRE_FALSE(any(isfinite(layer(query, seen, seen, {.mask = mask}).output)));
}

TEST_CASE("causal attention to a later NaN leaves the rows before it", "[layers][attention]") {
  const Heads x({1, 1, 70, 3});
  Heads non_finite = x;
  non_finite.k = with_row(x.k, 66, kNan);
  const Tensor clean = scaled_dot_product_attention(x.q, x.k, x.v, {.causal = true});
  const Tensor y = scaled_dot_product_attention(non_finite.q, non_finite.k, non_finite.v, {.causal = true});
  REQUIRE(equal(array::contiguous(slice(y, 2, 0, 66)), array::contiguous(slice(clean, 2, 0, 66))));
  REQUIRE_FALSE(any(isfinite(slice(y, 2, 66))));
}

// pytorch#103749, #103963
TEST_CASE("a row masked wholly reads zero with zero gradient, whatever it holds", "[layers][attention]") {
  Heads x({1, 2, 6, 3});
  Tensor mask = ones({6, 6}, boolean);
  array::select(mask, 0, 2).fill_(0);
  x.q = with_row(x.q, 2, kNan);
  for (const bool plain : {false, true}) {
    const std::unique_ptr<ReferenceMode> mode = plain ? std::make_unique<ReferenceMode>() : nullptr;
    const auto found = result_and_gradients(x, {.mask = mask});
    REQUIRE(equal(array::contiguous(select(found[3], 2, 2)), zeros({1, 2, 3}, f64)));
    REQUIRE(equal(array::contiguous(select(found[0], 2, 2)), zeros({1, 2, 3}, f64)));
    for (const Tensor& each : found) REQUIRE(all(isfinite(each)));
  }
  // Through the layer what is left is the bias.
  MultiHeadAttention layer({.embed_dim = 4, .heads = 2});
  layer.out_proj.bias.tensor().detach().fill_(0.5);
  const Tensor h = random({1, 3, 4}, 9, f32);
  const Tensor y = layer(h, {.mask = zeros({1, 3, 3}, boolean)}).output;
  REQUIRE(equal(y, full({1, 3, 4}, 0.5)));
}

TEST_CASE("identical keys give equal weights: the mean of the values", "[layers][attention]") {
  const Heads x({1, 1, 6, 4});
  const Tensor same = array::contiguous(array::expand(slice(x.k, 2, 0, 1), {1, 1, 6, 4}));
  const Tensor y = scaled_dot_product_attention(x.q, same, x.v);
  REQUIRE(allclose(y, array::expand(mean(x.v, 2, true), {1, 1, 6, 4}), 1e-12));
}

TEST_CASE("long sequences, in several tiles, agree with the plain formula", "[layers][attention]") {
  const Tensor mask = padding_mask(tensor<int64_t>({530}), 530);
  for (const SdpaOptions& options :
       {SdpaOptions{}, SdpaOptions{.mask = mask}, SdpaOptions{.causal = true, .offset = -3}}) {
    const Heads x({1, 1, 530, 5});
    const auto fused = result_and_gradients(x, options);
    const ReferenceMode plain;
    const auto formula = result_and_gradients(x, options);
    for (size_t i = 0; i < fused.size(); ++i) REQUIRE(allclose(fused[i], formula[i], 1e-10, 1e-13));
  }
}

TEST_CASE("attention is the same for any number of threads", "[layers][attention][threads]") {
  const int before = num_threads();
  for (const Shape& shape : {Shape{1, 1, 600, 8}, Shape{2, 5, 130, 8}})
    for (const bool causal : {false, true}) {
      const Heads x(shape, f32);
      set_num_threads(1);
      const auto one = result_and_gradients(x, {.causal = causal});
      for (const int threads : {2, 4, 7}) {
        set_num_threads(threads);
        REQUIRE(all_equal(result_and_gradients(x, {.causal = causal}), one));
      }
    }
  set_num_threads(before);
}

// On one thread: on several the peak depends on how many of them found work before it was done.
TEST_CASE("memory of attention grows with T, not with its square", "[layers][attention]") {
  const int threads = num_threads();
  set_num_threads(1);
  const auto peak = [](int64_t T) {
    const Heads x({1, 1, T, 64}, f32);
    reset_peak_memory();
    const int64_t before = memory_stats().live_bytes;
    result_and_gradients(x, {});
    return memory_stats().peak_bytes - before;
  };
  const int64_t short_peak = peak(2048), long_peak = peak(4096);
  set_num_threads(threads);
  INFO("T = 2048: " << short_peak << " bytes, T = 4096: " << long_peak);
  REQUIRE(short_peak < 2048 * 2048 * 4);
  REQUIRE(static_cast<double>(long_peak) < 2.2 * static_cast<double>(short_peak));
}

TEST_CASE("decoding with a cache gives what the whole pass gives", "[layers][attention]") {
  MultiHeadAttention layer({.embed_dim = 8, .heads = 2});
  const Tensor x = random({2, 70, 8}, 1, f32);
  const NoGrad quiet;
  const Tensor whole = layer(x, {.causal = true}).output;
  KeyValueCache cache;
  for (int64_t t = 0, step = 1; t < 70; t += step, step = t == 5 ? 9 : 1) {
    const Tensor y = layer(slice(x, 1, t, t + step), {.causal = true, .cache = &cache}).output;
    REQUIRE(allclose(y, slice(whole, 1, t, t + step), 0, 1e-6));
  }
  REQUIRE(cache.length() == 70);
  cache.shorten(3);
  reorder(cache, tensor<int64_t>({1, 1}));
  const Tensor row = slice(x, 0, 1, 2), both = cat({row, row}, 0);
  const Tensor again = layer(slice(both, 1, 3, 4), {.causal = true, .cache = &cache}).output;
  REQUIRE(allclose(again, slice(cat({slice(whole, 0, 1, 2), slice(whole, 0, 1, 2)}, 0), 1, 3, 4), 0, 1e-6));
  REQUIRE_THROWS_AS(cache.shorten(9), IndexError);
}

TEST_CASE("dropout of weights acts in training alone", "[layers][attention]") {  // pytorch#124464
  MultiHeadAttention layer({.embed_dim = 4, .heads = 2, .dropout = 0.5});
  const Tensor x = random({1, 6, 4}, 1, f32);
  const auto run = [&](uint64_t seed) {
    Generator generator(seed);
    return layer(x, {.generator = generator}).output;
  };
  REQUIRE_FALSE(equal(run(1), run(2)));
  REQUIRE(equal(run(1), run(1)));
  layer.eval();
  REQUIRE(equal(run(1), run(2)));
  MultiHeadAttention without({.embed_dim = 4, .heads = 2});
  load_state(without, state(layer));
  REQUIRE(equal(run(1), without(x).output));
}

TEST_CASE("weights are returned and collected by name", "[layers][attention]") {
  MultiHeadAttention layer({.embed_dim = 4, .heads = 2});
  name_paths(layer, "here");
  const Tensor x = random({2, 3, 4}, 1, f32);
  const auto plain = layer(x);
  REQUIRE_FALSE(plain.alignment.weights.defined());
  const Tensor each = layer(x, {.need_weights = true}).alignment.weights;
  REQUIRE(each.shape() == Shape{2, 2, 3, 3});
  REQUIRE(allclose(sum(each, -1), ones({2, 2, 3}), 1e-6));
  const WeightCollector collected;
  REQUIRE(allclose(layer(x).output, plain.output, 1e-5, 1e-6));
  REQUIRE(collected.weights().size() == 1);
  REQUIRE(collected.weights()[0].first == "here");
  REQUIRE(equal(collected.weights()[0].second[0], each.detach()));
}

TEST_CASE("wrong arguments of multi-head attention", "[layers][attention]") {
  REQUIRE_THROWS_AS(MultiHeadAttention({.embed_dim = 6, .heads = 4}), ValueError);
  REQUIRE_THROWS_AS(MultiHeadAttention({.embed_dim = 6, .heads = 0}), ValueError);
  MultiHeadAttention layer({.embed_dim = 4, .heads = 2});
  const Tensor x = ones({1, 3, 4});
  KeyValueCache cache;
  REQUIRE_THROWS_WITH(layer(ones({1, 3, 5})), contains("MultiHeadAttention"));
  REQUIRE_THROWS_AS(layer(x, ones({1, 3, 4}), ones({1, 2, 4})), ShapeError);
  REQUIRE_THROWS_AS(layer(x, x, x, {.cache = &cache}), ValueError);
  REQUIRE_THROWS_AS(layer(x, {.mask = ones({3, 3})}), DTypeError);
  REQUIRE_THROWS_AS(layer(x, {.mask = ones({3, 2}, boolean)}), ShapeError);
  layer(x, {.cache = &cache});
  REQUIRE_THROWS_AS(layer(ones({2, 1, 4}), {.cache = &cache}), ShapeError);
}
