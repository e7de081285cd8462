// The end-to-end memory network: the contract of a layer, golden values, and what must hold of it whatever its weights.
#include <fovea/layers/memory/memn2n.h>
#include <tests/layers/contract.h>
#include <tests/layers/golden_layers.h>

using namespace fovea;
using namespace fovea::test;

namespace {

struct Asked {
  Tensor story, question, mask;
};

// Words from 1 on; the second story has two sentences, the third none.
Asked some_stories() {
  Generator generator(4);
  const Tensor mask = tensor<int64_t>({1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0}, {3, 4});
  return {randint({3, 4, 5}, 1, 8, generator), randint({3, 5}, 1, 8, generator), gt(mask, scalar(0, i64))};
}

const MemN2NOptions small{.vocabulary = 8, .embed_dim = 3, .hops = 3, .memory_size = 6};

MemN2NOptions with(int64_t hops, bool layer_wise) {
  MemN2NOptions o = small;
  o.hops = hops, o.layer_wise = layer_wise;
  return o;
}

MemN2N in_f64(const MemN2NOptions& o) {
  Generator generator(5);
  MemN2N model(o, generator);
  to(model, f64);
  return model;
}

void scale(const MemN2N& model, double by) {
  for (const Tensor& p : parameters(model)) Tensor(p.detach()).copy_(p.detach() * by);
}

// (1), for sentences of J words.
Tensor encoding(int64_t J, int64_t d) {
  Tensor l = zeros({J, d}, f64);
  for (int64_t j = 1; j <= J; ++j)
    for (int64_t k = 1; k <= d; ++k) {
      const double place = static_cast<double>(j) / static_cast<double>(J);
      l.set({j - 1, k - 1}, (1 - place) - static_cast<double>(k) / static_cast<double>(d) * (1 - 2 * place));
    }
  return l;
}

}  // namespace

TEST_CASE("MemN2N keeps the contract of a layer", "[memn2n][contract]") {
  const Asked in = some_stories();
  const Tensor other = where(unsqueeze(in.mask, 2), in.story, full({1}, 7, i64));
  REQUIRE_FALSE(equal(other, in.story));
  for (const bool layer_wise : {false, true})
    for (const bool position_encoding : {true, false})
      for (const bool linear_start : {false, true})
        require_contract<MemN2N>(
            {[=](Generator& generator) {
               MemN2NOptions o = with(2, layer_wise);
               o.position_encoding = position_encoding;
               MemN2N model(o, generator);
               scale(model, 10);
               model.set_linear_start(linear_start);
               return model;
             },
             [](const MemN2N& model, const std::vector<Tensor>& x) { return std::vector{model(x[0], x[1], x[2])}; },
             {in.story, in.question, in.mask},
             {other, in.question, in.mask}});
}

TEST_CASE("MemN2N agrees with the paper's equations written out in PyTorch", "[memn2n][golden]") {
  const GoldenFile golden("memn2n");
  for (const std::string name : {"adjacent", "adjacent_linear", "layer_wise"})
    for (const DType dtype : {f64, f32}) {
      const bool layer_wise = name == "layer_wise";
      MemN2N model({.vocabulary = 9,
                    .embed_dim = 4,
                    .hops = 3,
                    .memory_size = 6,
                    .position_encoding = !layer_wise,
                    .layer_wise = layer_wise});
      check_case(golden, name, model, dtype, [&](const Named& in) {
        return Named{{"z", model(in.at("story"), in.at("question"), in.at("mask"), in.at("times"))}};
      });
      REQUIRE(model.linear_start() == (name == "adjacent_linear"));
    }
}

TEST_CASE("the weights of every hop are collected; they are shares, and 0 where the mask is false", "[memn2n]") {
  const Asked in = some_stories();
  for (const bool layer_wise : {false, true}) {
    MemN2N model = in_f64(with(3, layer_wise));
    scale(model, 20);
    name_paths(model);
    const WeightCollector collected;
    model(in.story, in.question, in.mask);
    const Tensor p = collected.over_time("attention");  // [B, K, N]
    REQUIRE(p.shape() == Shape{3, 3, 4});
    const Tensor shares = tensor<double>({1, 1, 1, 1, 1, 1, 0, 0, 0}, {3, 3});
    REQUIRE(allclose(sum(p, -1), shares, 1e-14, 1e-14));
    REQUIRE(max(abs(where(unsqueeze(in.mask, 1), scalar(0, f64), p))).item() == 0);
    REQUIRE_FALSE(allclose(select(p, 1, 0), select(p, 1, 1), 1e-3, 1e-3));
  }
}

TEST_CASE("under a linear start the weights are the scores themselves, and then no more", "[memn2n]") {
  const Asked in = some_stories();
  MemN2N model = in_f64(with(1, false));
  scale(model, 10);
  name_paths(model);
  const Tensor soft = model(in.story, in.question, in.mask);
  model.set_linear_start(true);
  const WeightCollector collected;
  const Tensor z = model(in.story, in.question, in.mask);
  const Tensor p = collected.over_time("linear_attention");
  REQUIRE_FALSE(allclose(sum(p, -1), ones({3, 1}, f64), 1e-3));
  REQUIRE(max(abs(where(unsqueeze(in.mask, 1), scalar(0, f64), p))).item() == 0);
  REQUIRE_FALSE(allclose(z, soft, 1e-3));
  REQUIRE(clone(model).linear_start());
  model.set_linear_start(false);
  REQUIRE(equal(model(in.story, in.question, in.mask), soft));
}

TEST_CASE("adjacent tying: one tensor and one gradient for C of a hop and A of the next", "[memn2n]") {
  const Asked in = some_stories();
  const MemN2N model = in_f64(with(3, false));
  for (size_t k = 0; k + 1 < 3; ++k) {
    REQUIRE(model.A[k + 1]->shares_storage(model.C[k]));
    REQUIRE(model.T_A[k + 1]->shares_storage(model.T_C[k]));
  }
  REQUIRE(model.B->shares_storage(model.A[0]));
  REQUIRE(model.W->shares_storage(model.C[2]));
  REQUIRE_FALSE(model.H.defined());
  REQUIRE(parameters(model).size() == 8);
  REQUIRE(parameter_count(model) == 4 * (8 * 3 + 7 * 3));
  sum(model(in.story, in.question, in.mask)).backward();
  REQUIRE(model.A[1]->grad().shares_storage(model.C[0]->grad()));
  const MemN2N copy = clone(model);
  REQUIRE(copy.A[1]->shares_storage(copy.C[0]));
  REQUIRE_FALSE(copy.A[1]->shares_storage(model.A[1]));
}

TEST_CASE("layer-wise tying: the same tables in every hop, and a map between them", "[memn2n]") {
  const MemN2N model = in_f64(with(3, true));
  for (size_t k = 1; k < 3; ++k) {
    REQUIRE(model.A[k]->shares_storage(model.A[0]));
    REQUIRE(model.C[k]->shares_storage(model.C[0]));
    REQUIRE(model.T_A[k]->shares_storage(model.T_A[0]));
    REQUIRE(model.T_C[k]->shares_storage(model.T_C[0]));
  }
  REQUIRE_FALSE(model.C[0]->shares_storage(model.A[0]));
  REQUIRE(parameter_count(model) == 4 * 8 * 3 + 2 * 7 * 3 + 3 * 3);
}

TEST_CASE("one hop with C = A is attention by the dot product, and what was asked", "[memn2n]") {
  const Asked in = some_stories();
  MemN2N model = in_f64(with(1, false));
  scale(model, 10);
  Tensor(model.C[0]->detach()).copy_(model.A[0]->detach());
  Tensor(model.T_C[0]->detach()).copy_(model.T_A[0]->detach());
  const Tensor l = encoding(5, 3);
  const Tensor times = tensor<int64_t>({4, 3, 2, 1, 2, 1, 0, 0, 0, 0, 0, 0}, {3, 4});
  const Tensor m = sum(embedding(model.A[0], in.story) * l, 2) + embedding(model.T_A[0], times);
  const Tensor u = sum(embedding(model.B, in.question) * l, 1);
  const LuongDotAttention attention{DotScore()};
  const Tensor read = u + attention(u, m, m, unsqueeze(in.mask, 1)).context;
  REQUIRE(allclose(model(in.story, in.question, in.mask), linear(read, model.W), 1e-13, 1e-14));
}

TEST_CASE("the nil rows are 0 and stay it; nil words and what stands past a story add nothing", "[memn2n]") {
  Asked in = some_stories();
  select(in.story, 2, 4).fill_(0);
  select(in.question, 1, 4).fill_(0);
  for (const bool layer_wise : {false, true}) {
    const MemN2N model = in_f64(with(2, layer_wise));
    for (int step = 0; step < 3; ++step) {
      zero_grad(model);
      cross_entropy(model(in.story, in.question, in.mask), tensor<int64_t>({1, 0, 3})).backward();
      for (const Tensor& p : parameters(model)) p.detach().add_(p.grad(), -0.5);
    }
    for (const auto& [name, table] : named_parameters(model)) {
      if (name == "H") continue;
      INFO(name);
      REQUIRE(max(abs(select(table, 0, 0))).item() == 0);
      REQUIRE(max(abs(select(table, 0, 1))).item() > 0);
    }
    const Tensor z = model(in.story, in.question, in.mask);
    REQUIRE(max(abs(select(z, 1, 0))).item() == 0);
    const Tensor wider = model(pad(in.story, {0, 0, 0, 2}), in.question, pad(in.mask, {0, 2}));
    REQUIRE(equal(wider, z));
    // A story without sentences: what was asked goes through.
    const Tensor u = sum(embedding(model.B, slice(in.question, 1, 0, 4)) * encoding(4, 3), 1);
    const Tensor last = layer_wise ? linear(linear(u, model.H), model.H) : u;
    REQUIRE(allclose(select(z, 0, 2), select(linear(last, model.W), 0, 2), 1e-14, 1e-14));
  }
}

TEST_CASE("times count back from the last sentence, and stop at the last row", "[memn2n]") {
  const Asked in = some_stories();
  const MemN2N model = in_f64(with(2, false));
  const Tensor counted = tensor<int64_t>({4, 3, 2, 1, 2, 1, 0, 0, 0, 0, 0, 0}, {3, 4});
  const Tensor z = model(in.story, in.question, in.mask);
  REQUIRE(equal(model(in.story, in.question, in.mask, counted), z));
  REQUIRE_FALSE(equal(model(in.story, in.question, in.mask, counted + 1.0), z));
  REQUIRE(equal(model(in.story, in.question, in.mask, counted + 6.0),
                model(in.story, in.question, in.mask, counted + 9.0)));
  // The order of the sentences is known by their times alone.
  const Tensor order = tensor<int64_t>({3, 1, 0, 2});
  const auto mixed = [&](const Tensor& x) { return index_select(x, 1, order); };
  REQUIRE(allclose(model(mixed(in.story), in.question, mixed(in.mask), mixed(counted)), z, 1e-13, 1e-14));
}

TEST_CASE("the order of words counts under position encoding alone", "[memn2n]") {
  const Asked in = some_stories();
  const Tensor turned = flip(in.story, 2);
  MemN2NOptions bag = with(1, false);
  bag.position_encoding = false;
  const MemN2N words = in_f64(bag), places = in_f64(with(1, false));
  REQUIRE(allclose(words(turned, in.question), words(in.story, in.question), 1e-14, 1e-14));
  REQUIRE_FALSE(allclose(places(turned, in.question), places(in.story, in.question), 1e-6));
  // J is a sentence's own: places that are filled up change nothing.
  const Tensor filled = pad(in.story, {0, 2}), asked = pad(in.question, {0, 2});
  REQUIRE(allclose(places(filled, asked), places(in.story, in.question), 1e-14, 1e-14));
}

TEST_CASE("sentences without words are empty memories, which are attended where there is no mask", "[memn2n]") {
  Asked in = some_stories();
  in.story = in.story * to(unsqueeze(in.mask, 2), i64);
  for (const bool linear_start : {false, true}) {
    MemN2N model = in_f64(small);
    scale(model, 10);
    model.set_linear_start(linear_start);
    const Tensor all = ones({3, 4}, boolean), times = tensor<int64_t>({4, 3, 2, 1, 2, 1, 0, 0, 0, 0, 0, 0}, {3, 4});
    const WeightCollector collected;
    const Tensor z = model(in.story, in.question);
    CHECK(equal(z, model(in.story, in.question, all, times)));
    CHECK(equal(select(z, 0, 0), select(model(in.story, in.question, in.mask), 0, 0)));
    // Where p is a softmax, what is empty takes a part of it; where it is none, nothing can be read there.
    CHECK(allclose(select(z, 0, 1), select(model(in.story, in.question, in.mask), 0, 1)) == linear_start);
    const Tensor p = select(collected.over_time(collected.weights().front().first), 0, 1);  // [K, N]
    if (!linear_start) CHECK(equal(select(p, 1, 2), select(p, 1, 3)));
    CHECK((p.at({0, 2}) == 0) == linear_start);
  }
}

TEST_CASE("MemN2N refuses what does not fit", "[memn2n]") {
  const MemN2N model(small);
  const Asked in = some_stories();
  REQUIRE_THROWS_AS(model(in.question, in.question), ShapeError);
  REQUIRE_THROWS_AS(model(in.story, slice(in.question, 1, 1)), ShapeError);
  REQUIRE_THROWS_AS(model(in.story, in.question, slice(in.mask, 1, 1)), ShapeError);
  REQUIRE_THROWS_AS(model(in.story, in.question, in.mask, slice(to(in.mask, i64), 0, 1)), ShapeError);
  REQUIRE_THROWS_AS(model(Tensor(), in.question), ShapeError);
  REQUIRE_THROWS_WITH(model(in.story, slice(in.question, 1, 1)),
                      contains("MemN2N: story i64[3, 4, 5], question i64[3, 4]"));
  REQUIRE_THROWS_AS(model(in.story, in.question, to(in.mask, f32)), DTypeError);
  REQUIRE_THROWS_AS(model(to(in.story, f32), in.question), DTypeError);
  REQUIRE_THROWS_AS(model(in.story + 1.0, in.question), IndexError);  // 8 is no word
  REQUIRE_THROWS_AS(MemN2N({.vocabulary = 0}), ValueError);
  REQUIRE_THROWS_AS(MemN2N({.vocabulary = 3, .hops = 0}), ValueError);
}
