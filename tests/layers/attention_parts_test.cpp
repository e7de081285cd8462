// The parts of an attention: reads, heads around any pair, NTM addressing, the registry, and masks that change between
// forward and backward.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/ntm.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/attention/read/crops.h>
#include <fovea/layers/attention/registry.h>
#include <tests/data_file.h>
#include <tests/layers/contract.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor random(const Shape& shape, uint64_t seed, double low = -1, double high = 1) {
  Generator generator(seed);
  return uniform(shape, low, high, generator, f64);
}

// x with NaN at position t of every sequence.
Tensor broken_at(const Tensor& x, int64_t t) {
  Tensor changed = array::clone(x);
  array::select(changed, 1, t).fill_(kNan);
  return changed;
}

}  // namespace

TEST_CASE("a picked value is the weighted sum of a draw, and zero where nothing may be drawn", "[attention]") {
  const Attention<DotScore, Hard> summed{DotScore()};
  const Attention<DotScore, Hard, PickedValue> picked{DotScore()};
  const Tensor q = random({2, 3, 4}, 1), k = random({2, 5, 4}, 2), v = random({2, 5, 3}, 3);
  const Tensor mask = padding_mask(tensor<int64_t>({4, 0}), 5);
  Generator a(7), b(7);
  const Attended<Drawn> x = summed(q, summed.prepare(k, v, mask), {.generator = a}),
                        y = picked(q, picked.prepare(k, v, mask), {.generator = b});
  REQUIRE(equal(x.context, y.context));
  REQUIRE(equal(select(y.context, 0, 1), zeros({3, 3}, f64)));
  REQUIRE(equal(gather(x.alignment.weights, 2, unsqueeze(x.alignment.choice, 2)),
                to(expand(tensor({1.0, 0.0}, {2, 1, 1}), {2, 3, 1}), f64)));
  const AnyAlign soft({.align = "soft"});
  REQUIRE_THROWS_AS(PickedValue()(soft.weigh({random({1, 1, 2}, 1), Tensor(), Tensor()}), random({1, 2, 2}, 2)),
                    ValueError);
  REQUIRE_THROWS_AS(LogRead()(soft.weigh({random({1, 1, 2}, 1), Tensor(), Tensor()}), Tensor()), ValueError);
  Hard expects;
  expects.set_expectation(1);
  REQUIRE_THROWS_AS(PickedValue()(expects.weigh({random({1, 1, 2}, 1), Tensor(), Tensor()}), random({1, 2, 2}, 2)),
                    ValueError);
}

TEST_CASE("a pointer's read is its log-probabilities", "[attention]") {
  PointerAttention attention(AdditiveScore(3, 3, 4));
  to(attention, f64);
  const auto [read, alignment] = attention(random({2, 3}, 1), attention.prepare(random({2, 4, 3}, 2)));
  REQUIRE(equal(read, alignment.log_weights));
  REQUIRE(read.shape() == Shape{2, 4});
}

TEST_CASE("crops keep the contract; sharp filters cut out what is there, a constant stays constant", "[attention]") {
  Contract<Crops> contract;
  contract.make = [](Generator&) { return Crops(); };
  contract.call = [](const Crops& crops, const List& x) {
    const Filters soft{gaussian_filters(x[1], x[2], x[3], 3, 6), gaussian_filters(x[2], x[1], x[3], 2, 5)};
    const Filters tents{tent_filters(x[1], x[2], 3, 6), tent_filters(x[2], x[1], 2, 5)};
    return List{crops(soft, x[0]), crops(tents, x[0])};
  };
  contract.inputs = {random({2, 2, 6, 5}, 1), random({2, 3}, 2, 0.6, 1.4), random({2, 3}, 3, 0.6, 1.4),
                     random({2, 3}, 4, 0.5, 1)};
  require_contract(contract);

  const Tensor image = random({1, 2, 6, 5}, 1), top = tensor({1.0, 2.0}, {1, 2}), one = ones({1, 2}, f64);
  const Tensor left = tensor({0.0, 3.0}, {1, 2}), sharp = full({1, 2}, 0.05, f64);
  const Tensor first = slice(slice(image, 2, 1, 4), 3, 0, 2), second = slice(slice(image, 2, 2, 5), 3, 3, 5);
  const Tensor wanted = stack(List{first, second}, 1);  // [1, K, C, 3, 2]
  REQUIRE(allclose(Crops()({gaussian_filters(top, one, sharp, 3, 6), gaussian_filters(left, one, sharp, 2, 5)}, image),
                   wanted, 1e-7, 1e-7));
  REQUIRE(
      equal(Crops()({tent_filters(top, one, 3, 6), tent_filters(left, one, 2, 5)}, image), array::contiguous(wanted)));
  const Tensor flat = Crops()({gaussian_filters(top, one, one, 3, 6), gaussian_filters(left, one, one, 2, 5)},
                              full({1, 2, 6, 5}, 3, f64));
  REQUIRE(allclose(flat, full({1, 2, 2, 3, 2}, 3, f64), 1e-6));
  REQUIRE_THROWS_AS(tent_filters(top, ones({1, 3}, f64), 3, 6), ShapeError);
  REQUIRE_THROWS_AS(Crops()({tent_filters(top, one, 3, 6), tent_filters(left, one, 2, 6)}, image), ShapeError);
}

TEST_CASE("NTM addressing as an alignment is the fused op of the heads", "[attention]") {
  const int64_t B = 2, H = 2, M = 3, N = 6;
  const Tensor parameters = random({B, H, NtmAlign::head_size(M, 1)}, 1, -2, 2), memory = random({B, M, N}, 2);
  const Tensor previous = softmax(random({B, H, N}, 3), -1);
  const List part = split(parameters, {M, 1, 1, 3, 1}, -1);
  const Tensor k = tanh(part[0]), slots = transpose(memory, 1, 2);
  const Tensor cosine = matmul(k, memory) / (norm(k, -1, true) * transpose(norm(slots, -1, true), 1, 2));
  const Tensor content = softmax(softplus(part[1]) * cosine, -1);
  const Tensor w = NtmAlign::moved(content, previous, sigmoid(part[2]), softmax(part[3], -1), 1.0 + softplus(part[4]));
  REQUIRE(allclose(w, NtmAlign::of_heads(parameters, memory, previous).weights, 1e-6, 1e-7));

  // An open gate goes by content, a closed one stays where the query before looked.
  NtmAlign align(2, 1);
  to(align, f64);
  for (const Tensor& x : {align.parameters.weight.tensor(), align.parameters.bias.tensor()}) x.detach().fill_(0);
  const auto set = [&](int64_t i, double value) { align.parameters.bias.tensor().detach().set({i}, value); };
  set(2, 50), set(4, 50);  // no shift; sharp
  const Tensor scores = random({1, 2, N}, 4, -9, 9), query = random({1, 2, 2}, 5);
  set(0, 100);
  const Tensor by_content = align.weigh({scores, Tensor(), query}).weights;
  REQUIRE(equal(argmax(by_content, -1), argmax(scores, -1)));
  set(0, -100);
  Tensor start = zeros({1, N}, f64);
  start.set({0, 4}, 1);
  const Tensor stays = align.weigh({scores, Tensor(), query, 0, default_generator(), start}).weights;
  REQUIRE(allclose(stays, expand(unsqueeze(start, 1), {1, 2, N}), 1e-9, 1e-9));
  REQUIRE_THROWS_AS(align.weigh({scores, Tensor(), Tensor()}), ShapeError);
}

TEST_CASE("heads wrap any score and any alignment", "[attention]") {
  const Tensor query = random({2, 3, 4}, 1), key = random({2, 5, 4}, 2);
  const Tensor mask = padding_mask(tensor<int64_t>({4, 3}), 5);
  Tensor broken = broken_at(key, 4);
  array::select(array::select(broken, 0, 1), 0, 3).fill_(kNan);
  for (const std::string& score : score_names())
    for (const std::string& align : {std::string("soft"), std::string("local-p"), std::string("hard")}) {
      INFO(score << " x " << align);
      using Heads = MultiHead<AnyScore, AnyAlign>;
      Contract<Heads> contract;
      contract.make = [&](Generator& g) {
        const AttentionChoice choice{.score = score, .align = align, .query = 2, .key = 2, .half_width = 2};
        AnyScore scoring(choice, g);
        return Heads({.embed_dim = 4, .heads = 2}, std::move(scoring), AnyAlign(choice, g), g);
      };
      contract.call = [&](const Heads& heads, const List& x) {
        const auto out = heads(x[0], x[1], x[1], {.mask = mask});
        REQUIRE(weights_of(out.alignment).shape() == Shape{2, 2, 3, 5});
        return List{out.output, weights_of(out.alignment)};
      };
      contract.inputs = {query, key};
      contract.masked_inputs = {query, broken};
      // The largest weight of a hard alignment has no gradient.
      if (align != "hard") require_contract(contract);
      Generator g(3);
      Heads heads = contract.make(g);
      to(heads, f64);
      heads.eval();
      for (const bool causal : {false, true})
        REQUIRE(equal(heads(query, key, key, {.mask = mask, .causal = causal}).output,
                      heads(query, broken, broken, {.mask = mask, .causal = causal}).output));
    }
}

TEST_CASE("heads of the scaled dot product are the fused ones", "[attention]") {
  Generator g(3);
  MultiHeadAttention fused({.embed_dim = 6, .heads = 3}, g);
  MultiHead<AnyScore, AnyAlign> any({.embed_dim = 6, .heads = 3}, AnyScore({.score = "scaled-dot"}), AnyAlign({}), g);
  to(fused, f64);
  to(any, f64);
  load_state(any, state(fused));
  const Tensor x = random({2, 5, 6}, 1), mask = padding_mask(tensor<int64_t>({5, 2}), 5);
  for (const bool causal : {false, true}) {
    const auto a = fused(x, {.mask = mask, .causal = causal, .need_weights = true});
    const auto b = any(x, {.mask = mask, .causal = causal});
    REQUIRE(allclose(a.output, b.output, 1e-12, 1e-13));
    REQUIRE(allclose(a.alignment.weights, weights_of(b.alignment), 1e-12, 1e-13));
  }
}

TEST_CASE("without a mask NaN and inf reach every row", "[attention]") {
  for (const DType dtype : {f32, f64})
    for (const int64_t queries : {1, 3, 70})
      for (const double value : {kNan, std::numeric_limits<double>::infinity()}) {
        const Tensor q = to(random({1, 2, queries, 4}, 1), dtype), k = to(random({1, 2, 66, 4}, 2), dtype);
        Tensor bad = array::clone(k);
        array::select(bad, 2, 9).fill_(value);
        REQUIRE_FALSE(any(isfinite(scaled_dot_product_attention(q, bad, bad))));
        Tensor bad_query = array::clone(q);
        array::select(bad_query, 2, 0).fill_(kNan);
        const Tensor y = scaled_dot_product_attention(bad_query, k, k);
        REQUIRE_FALSE(any(isfinite(select(y, 2, 0))));
        REQUIRE(all(isfinite(slice(y, 2, 1))));
      }
}

TEST_CASE("a mask that a step brings keeps NaN from the result", "[attention]") {
  const Attention<DotScore, Soft> attention{DotScore()};
  const Tensor q = random({1, 3}, 1), k = random({1, 4, 3}, 2), bad = broken_at(k, 2);
  const Tensor not_two = reshape(ne(arange(4), tensor<int64_t>({2})), {1, 1, 4});
  REQUIRE(equal(attention(q, attention.prepare(k), {.mask = not_two}).context,
                attention(q, attention.prepare(bad), {.mask = not_two}).context));
  const Tensor two = logical_not(not_two);
  REQUIRE_FALSE(any(isfinite(attention(q, attention.prepare(bad), {.mask = two}).context)));
}

TEST_CASE("a mask that is refilled between forward and backward is caught", "[attention]") {
  const Tensor q = random({1, 2, 3, 4}, 1).requires_grad_(), k = random({1, 2, 5, 4}, 2).requires_grad_();
  Tensor mask = padding_mask(tensor<int64_t>({4}), 5);
  const Tensor y = sum(scaled_dot_product_attention(q, k, k, {.mask = unsqueeze(mask, 1)}));
  mask.fill_(1);
  REQUIRE_THROWS_WITH(y.backward(), contains("in place"));
  Tensor buffer = padding_mask(tensor<int64_t>({4}), 5);
  const ReferenceMode plain;
  const Tensor z = sum(scaled_dot_product_attention(q, k, k, {.mask = unsqueeze(buffer, 1)}));
  buffer.fill_(1);
  REQUIRE_THROWS_WITH(z.backward(), contains("in place"));
}

TEST_CASE("the registry's parts stand in README's table, under the files they come from", "[attention][readme]") {
  std::ifstream in(test::data_file("../../README.md"));
  std::ostringstream text;
  text << in.rdbuf();
  const std::string readme = text.str();
  for (const std::string& name : score_names()) CHECK(readme.find("`--score " + name + "`") != std::string::npos);
  for (const std::string& name : align_names()) CHECK(readme.find("`--align " + name + "`") != std::string::npos);
}
