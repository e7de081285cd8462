// What each mechanism of the attention family promises beyond its gradient, and golden values.
#include <fovea/autograd/backward.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/feed_forward.h>
#include <fovea/layers/attention/lstmn.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/registry.h>
#include <fovea/layers/attention/self_attention.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/recurrent/cell.h>
#include <tests/layers/contract.h>
#include <tests/layers/random_input.h>

#include <cmath>
#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

void set(const Parameter& parameter, const Tensor& value) { Tensor(parameter.tensor().detach()).copy_(value); }

}  // namespace

TEST_CASE("weights are shares; keys in another order give the same context; one key is read as it is", "[attention]") {
  const auto attention = in_f64(BahdanauAttention(AdditiveScore(3, 4, 5)));
  const Tensor q = random_input({2, 3, 3}, 1), k = random_input({2, 6, 4}, 2),
               order = tensor<int64_t>({3, 1, 5, 0, 4, 2});
  const auto a = attention(q, k), b = attention(q, index_select(k, 1, order));
  REQUIRE(allclose(sum(a.alignment.weights, -1), ones({2, 3}, f64), 1e-14));
  REQUIRE(all(ge(a.alignment.weights, scalar(0, f64))));
  REQUIRE(allclose(index_select(a.alignment.weights, 2, order), b.alignment.weights, 1e-13));
  REQUIRE(allclose(a.context, b.context, 1e-13));
  const Tensor single = slice(k, 1, 0, 1);
  REQUIRE(equal(attention(q, single).context.detach(), array::contiguous(array::expand(single, {2, 3, 4}))));
}

TEST_CASE("keys that are prepared once serve every step", "[attention]") {
  const auto attention = in_f64(LuongConcatAttention(ConcatScore(3, 4, 5)));
  const Tensor q = random_input({2, 3, 3}, 1), k = random_input({2, 6, 4}, 2), v = random_input({2, 6, 2}, 3);
  const Tensor mask = padding_mask(tensor<int64_t>({6, 4}), 6);
  const auto whole = attention(q, k, v, mask);
  const AttentionMemory memory = attention.prepare(k, v, mask);
  for (int64_t t = 0; t < 3; ++t) {
    const auto step = attention(select(q, 1, t), memory);
    REQUIRE(step.context.shape() == Shape{2, 2});
    REQUIRE(step.alignment.weights.shape() == Shape{2, 6});
    REQUIRE(allclose(step.context, select(whole.context, 1, t), 1e-13));
    REQUIRE(allclose(step.alignment.weights, select(whole.alignment.weights, 1, t), 1e-13));
  }
  const Tensor last_only = reshape(eq(arange(6), tensor<int64_t>({3})), {1, 1, 6});
  REQUIRE(allclose(attention(select(q, 1, 0), memory, {.mask = last_only}).context, select(v, 1, 3), 1e-14));
}

TEST_CASE("general with the identity is the dot product; concat with split matrices is additive", "[attention]") {
  const Tensor q = random_input({2, 3, 4}, 1), k = random_input({2, 5, 4}, 2);
  const auto general = in_f64(GeneralScore(4, 4));
  set(general.weight, eye(4, f64));
  REQUIRE(allclose(general(q, k), DotScore()(q, k), 1e-13));
  REQUIRE(allclose(ScaledDotScore()(q, k) * 2.0, DotScore()(q, k), 1e-13));
  const auto concat = in_f64(ConcatScore(4, 4, 3));
  const auto additive = in_f64(AdditiveScore(4, 4, 3));
  set(additive.query_weight, array::slice(concat.weight.tensor().detach(), 1, 0, 4));
  set(additive.key_weight, array::slice(concat.weight.tensor().detach(), 1, 4, 8));
  set(additive.v, concat.v.tensor().detach());
  REQUIRE(allclose(concat(q, k), additive(q, k), 1e-14));
  const Tensor joined = cat({expand(unsqueeze(q, 2), {2, 3, 5, 4}), expand(unsqueeze(k, 1), {2, 3, 5, 4})}, -1);
  REQUIRE(allclose(concat(q, k), matmul(tanh(linear(joined, concat.weight)), concat.v), 1e-13));  // v.tanh(W [q ; k])
}

TEST_CASE("cosine: lengths do not matter, values lie within the strength, no strength is uniform", "[attention]") {
  const Tensor q = random_input({2, 3, 4}, 1), k = random_input({2, 5, 4}, 2);
  const auto score = in_f64(CosineScore(3));
  const Tensor e = score(q, k);
  REQUIRE(allclose(e, score(q * 7.0, k * 0.1), 1e-12));
  REQUIRE(all(le(abs(e), scalar(3.000001, f64))));
  REQUIRE(allclose(max(score(k, k), -1), expand(softplus(score.raw_strength), {2, 5}),
                   1e-12));  // each key is nearest to itself
  const auto weak = in_f64(ContentAttention(CosineScore(1e-9)));
  REQUIRE(allclose(weak(q, k).alignment.weights, full({2, 3, 5}, 0.2, f64), 1e-8));
  const Tensor nothing = zeros({1, 2, 4}, f64).requires_grad_();
  sum(score(nothing, nothing)).backward();
  REQUIRE(all(isfinite(nothing.grad())));
}

TEST_CASE("location looks at the query alone", "[attention]") {
  const auto score = in_f64(LocationScore(3, 8));
  const Tensor q = random_input({2, 3, 3}, 1);
  REQUIRE(equal(score(q, random_input({2, 5, 4}, 2)).detach(), score(q, random_input({2, 5, 4}, 3)).detach()));
}

TEST_CASE("local monotonic attention stays in its window, which follows the query", "[attention]") {
  const Tensor scores = random_input({2, 6, 6}, 1);
  const LocalMonotonic local(1);
  const Tensor weights = local(scores, padding_mask(tensor<int64_t>({6, 3}), 6));
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t i = 0; i < 6; ++i)
      for (int64_t j = 0; j < 6; ++j) {
        const int64_t T = b == 0 ? 6 : 3, centre = std::min(i, T - 1);
        REQUIRE((weights.at({b, i, j}) != 0) == (std::abs(j - centre) <= 1 && j < T));
      }
  REQUIRE(allclose(sum(weights, -1), ones({2, 6}, f64)));
  REQUIRE(equal(LocalMonotonic(6)(scores), Soft()(scores)));
  const Tensor step = local.weigh({slice(scores, 1, 4, 5), Tensor(), Tensor(), 4}).weights;  // the fifth query alone
  REQUIRE(equal(step, array::contiguous(array::slice(local(scores), 1, 4, 5))));
}

TEST_CASE("local predictive attention: the Gaussian around a centre, golden values", "[attention]") {
  const auto local = in_f64(LocalPredictive(1, 1, 2));  // D = 2, so that the deviation is 1
  set(local.weight, full({1, 1}, 100, f64));            // tanh gives 1
  set(local.v, full({1}, std::log(0.43 / 0.57), f64));  // (T - 1) sigmoid = 10 * 0.43 = 4.3
  const Tensor scores = zeros({1, 1, 11}, f64), query = ones({1, 1, 1}, f64);
  REQUIRE(local.centre({scores, Tensor(), query}).item() == Approx(4.3).epsilon(1e-12));
  const Tensor weights = local.weigh({scores, Tensor(), query}).weights * 5.0;  // five equal scores in the window
  const double golden[] = {0.429557, 0.955997, 0.782705, 0.235746};
  for (int64_t s = 3; s <= 6; ++s) REQUIRE(weights.at({0, 0, s}) == Approx(golden[s - 3]).margin(5e-7));
  for (int64_t s : {0, 1, 7, 8, 9, 10}) REQUIRE(weights.at({0, 0, s}) == 0);
}

TEST_CASE("equal keys share alike; a constant on all scores changes nothing", "[attention]") {
  const auto attention = in_f64(ScaledDotAttention(ScaledDotScore()));
  const Tensor q = random_input({1, 2, 3}, 1), k = expand(random_input({1, 1, 3}, 2), {1, 4, 3}),
               v = random_input({1, 4, 2}, 3);
  REQUIRE(allclose(attention(q, k, v).context, expand(mean(v, 1, true), {1, 2, 2}), 1e-14));
  const Tensor scores = random_input({2, 3, 4}, 4);
  REQUIRE(allclose(Soft()(scores), Soft()(scores + 5.0), 1e-13));
}

TEST_CASE("hard attention reads the drawn key and draws as often as the weights say", "[attention]") {
  const auto attention = in_f64(Attention<DotScore, Hard>(DotScore()));
  const Tensor q = expand(random_input({1, 1, 3}, 1), {1, 20000, 3}), k = random_input({1, 4, 3}, 2);
  Generator generator(3);
  const AttentionMemory memory = attention.prepare(k);
  const auto out = attention(q, memory, {.generator = generator});
  REQUIRE(equal(sum(out.alignment.weights, -1), ones({1, 20000}, f64)));
  const Tensor soft = select(Soft()(DotScore()(q, k)), 1, 0), share = mean(out.alignment.weights, 1);
  for (int64_t j = 0; j < 4; ++j) {
    const double p = soft.at({0, j});
    REQUIRE(std::abs(share.at({0, j}) - p) < 4 * std::sqrt(p * (1 - p) / 20000));
  }
  const Tensor drawn = argmax(select(out.alignment.weights, 1, 7), -1);
  REQUIRE(equal(select(out.context, 1, 7), select(index_select(k, 1, drawn), 1, 0)));
  REQUIRE(out.alignment.log_probability.at({0, 7}) == Approx(std::log(soft.at({0, drawn.item<int64_t>()}))));
  const double entropy = -sum(soft * log(soft)).item();
  REQUIRE(out.alignment.entropy.at({0, 7}) == Approx(entropy));
}

TEST_CASE("hard and soft agree where one weight is all; gumbel grows hard as it cools", "[attention]") {
  const Tensor scores = tensor({0.0, 900.0, 0.0}, {1, 1, 3});
  for (const std::string& name : align_names()) {
    if (name == "local-p" || name == "ntm") continue;
    AnyAlign align({.align = name, .query = 1, .half_width = 3});
    REQUIRE(allclose(align(scores), tensor({0.0, 1.0, 0.0}, {1, 1, 3}), 1e-12));
  }
  GumbelSoftmax cold(0.01);
  Generator generator(2);
  const Tensor weights = cold.weigh({random_input({50, 1, 3}, 1), Tensor(), Tensor(), 0, generator}).weights;
  REQUIRE(mean(max(weights, -1)).item() > 0.98);
  cold.eval();
  const Tensor e = random_input({2, 2, 3}, 1);
  REQUIRE(allclose(cold(e), softmax(e * 100.0, -1), 1e-12));
}

TEST_CASE("pointer: log-probabilities of what may be chosen", "[attention]") {
  const auto attention = in_f64(PointerAttention(AdditiveScore(3, 3, 4)));
  const Tensor q = random_input({1, 3}, 1), k = random_input({1, 4, 3}, 2);
  const Tensor visited = reshape(ne(arange(4), tensor<int64_t>({2})), {1, 1, 4});
  const LogWeights out = attention(q, attention.prepare(k), {.mask = visited}).alignment;
  REQUIRE(out.log_weights.shape() == Shape{1, 4});
  REQUIRE(out.log_weights.at({0, 2}) == -std::numeric_limits<double>::infinity());
  REQUIRE(sum(out.weights).item() == Approx(1));
}

TEST_CASE("the weights of every attention in a model are collected by name", "[attention]") {
  struct Model final : Module {
    BahdanauAttention first{AdditiveScore(3, 3, 4)};
    LuongDotAttention second{DotScore()};
    FeedForwardAttention summary{3};
    void members(Members& m) override { m("first", first)("second", second)("summary", summary); }
    Tensor operator()(const Tensor& x) const {
      const Tensor h = second(first(x, x).context, x).context;
      const AttentionMemory memory = first.prepare(x);
      return summary(h) + first(select(h, 1, 0), memory).context;
    }
  };
  Model model;
  to(model, f64);
  name_paths(model, "model");
  const Tensor x = random_input({2, 4, 3}, 1);
  model(x);
  WeightCollector outer;
  {
    const WeightCollector collected;
    model(x);
    REQUIRE(collected.weights().size() == 3);
    REQUIRE(collected.weights()[0].first == "model.first");
    REQUIRE(collected.weights()[0].second.size() == 2);
    REQUIRE(collected.weights()[1].first == "model.second");
    REQUIRE(collected.over_time("model.first").shape() == Shape{2, 5, 4});
    REQUIRE(collected.over_time("model.summary").shape() == Shape{2, 1, 4});
    REQUIRE(!collected.weights()[0].second[0].requires_grad());
    REQUIRE_THROWS_AS(collected.over_time("first"), IndexError);
  }
  REQUIRE(outer.weights().empty());
  REQUIRE(observing_attention());
}

TEST_CASE("feed-forward attention: no order, bounded weights, padding without effect", "[attention]") {
  const auto attention = in_f64(FeedForwardAttention(3));
  const Tensor h = random_input({1, 5, 3}, 1) * 50.0;
  const WeightCollector collected;
  attention(h);
  const Tensor weights = collected.weights()[0].second[0];
  REQUIRE(max(weights).item() / min(weights).item() <= std::exp(2.0));
  Generator generator(7);
  const auto free = in_f64(FeedForwardAttention(3, generator, false));
  const WeightCollector of_free;
  const Tensor level = free(h);
  const Tensor far = of_free.weights()[0].second[0];
  REQUIRE(max(far).item() / min(far).item() > std::exp(2.0));
  // A softmax of linear scores is the same at any level: moved along the weight, h is moved and nothing else.
  const Tensor along = free.weight.tensor() * 3.0;
  REQUIRE(allclose(free(h + along), level + along, 1e-10));
  REQUIRE(allclose(attention(slice(h, 1, 0, 1)), select(h, 1, 0), 1e-14));
  REQUIRE(allclose(attention(h), attention(flip(h, 1)), 1e-12));
  const Tensor x = random_input({2, 5, 2}, 2), lengths = tensor<int64_t>({5, 3});
  Tensor non_finite = array::clone(x);
  array::slice(array::select(non_finite, 0, 1), 0, 3, 5).fill_(std::numeric_limits<double>::quiet_NaN());
  for (const auto& [unweighted, bounded] : {std::pair{false, true}, {true, true}, {false, false}})
    require_contract<FeedForwardAttentionNetwork>(
        {[unweighted = unweighted, bounded = bounded](Generator& g) {
           return FeedForwardAttentionNetwork(
               {.input_size = 2, .hidden_size = 4, .unweighted = unweighted, .bounded = bounded}, g);
         },
         [](const FeedForwardAttentionNetwork& net, const List& in) { return List{net(in[0], in[1])}; },
         {x, lengths},
         {non_finite, lengths}});
}

TEST_CASE("LSTMN: one step is an LSTM's, the past is fixed, padding has no effect", "[attention]") {
  const auto lstmn = in_f64(Lstmn(2, 3));
  const Tensor x = random_input({2, 4, 2}, 1);
  auto cell = in_f64(LSTMCell({2, 3}));
  set(cell.weight_ih, lstmn.weight_ih.tensor().detach());
  set(cell.weight_hh, lstmn.weight_hh.tensor().detach());
  set(cell.bias_ih, lstmn.bias_ih.tensor().detach());
  set(cell.bias_hh, lstmn.bias_hh.tensor().detach());
  const Tensor first = cell(select(x, 1, 0)).output;
  REQUIRE(allclose(select(lstmn(slice(x, 1, 0, 1)).hidden, 1, 0), first, 1e-14));
  const WeightCollector collected;
  const Tensor h = lstmn(x).hidden;
  const std::vector<Tensor>& weights = collected.weights()[0].second;
  REQUIRE(weights.size() == 3);
  for (size_t t = 0; t < 3; ++t) {
    REQUIRE(weights[t].size(2) == static_cast<int64_t>(t) + 1);
    REQUIRE(allclose(sum(weights[t], -1), ones({2, 1}, f64)));
  }
  REQUIRE(collected.over_time("").shape() == Shape{2, 3, 3});
  Tensor other = array::clone(x);
  array::select(other, 1, 3).fill_(5);
  REQUIRE(equal(slice(lstmn(other).hidden, 1, 0, 3).detach(), slice(h, 1, 0, 3).detach()));
  const Tensor lengths = tensor<int64_t>({4, 2});
  Tensor non_finite = array::clone(x);
  array::slice(array::select(non_finite, 0, 1), 0, 2, 4).fill_(std::numeric_limits<double>::quiet_NaN());
  require_contract<Lstmn>({[](Generator& g) { return Lstmn(2, 3, g); },
                           [](const Lstmn& module, const List& in) {
                             const Lstmn::Output y = module(in[0], in[1]);
                             return List{y.hidden, y.cell};
                           },
                           {x, lengths},
                           {non_finite, lengths}});
  REQUIRE_THROWS_AS(lstmn(random_input({2, 4, 3}, 1)), ShapeError);
  REQUIRE_THROWS_AS(Lstmn(0, 3), ValueError);
}
