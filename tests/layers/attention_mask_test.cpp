// Masks, and what they promise: rows without keys read zeros, non-finite keys that are masked change nothing, every
// misuse is an error.
#include <fovea/autograd/backward.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/attention/registry.h>
#include <fovea/layers/attention/self_attention.h>
#include <tests/catch.h>
#include <tests/layers/random_input.h>

#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor bools(std::initializer_list<bool> values, const Shape& shape) { return tensor<bool>(values, shape); }

bool all_finite(const Tensor& x) { return all(isfinite(x)); }

AnyAttention attention_of(const std::string& score, const std::string& align = "soft") {
  Generator generator(4);
  AnyAttention attention =
      make_attention({.score = score, .align = align, .max_length = 8, .half_width = 2}, 3, 3, generator);
  to(attention, f64);
  return attention;
}

}  // namespace

TEST_CASE("masks have the shapes and values they are named after", "[attention][mask]") {
  const Tensor lengths = tensor<int64_t>({2, 0, 3});
  REQUIRE(
      equal(padding_mask(lengths, 3), bools({true, true, false, false, false, false, true, true, true}, {3, 1, 3})));
  REQUIRE(query_padding_mask(lengths, 3).shape() == Shape{3, 3, 1});
  REQUIRE(equal(causal_mask(2, 3), bools({true, false, false, true, true, false}, {1, 2, 3})));
  REQUIRE(equal(causal_mask(2, 3, 1), bools({true, true, false, true, true, true}, {1, 2, 3})));
  REQUIRE(equal(causal_mask(2, 2, 0, true), bools({false, false, true, false}, {1, 2, 2})));
  REQUIRE(equal(branching_mask(3, 1), causal_mask(3, 3)));
  REQUIRE(equal(branching_mask(3, 2), bools({true, false, false, true, true, false, true, false, true}, {1, 3, 3})));
  REQUIRE(equal(window_mask(tensor({0.0, 2.0}, {1, 2, 1}), 4, 1),
                bools({true, true, false, false, false, true, true, true}, {1, 2, 4})));
  REQUIRE(both_masks(padding_mask(lengths, 3), causal_mask(3, 3)).shape() == Shape{3, 3, 3});
  REQUIRE(equal(both_masks({}, lengths), lengths));
  REQUIRE(for_heads(causal_mask(2, 3)).shape() == Shape{1, 1, 2, 3});
  const std::vector<Tensor> heads{causal_mask(2, 2), causal_mask(2, 2, 0, true)};
  REQUIRE(for_heads(heads).shape() == Shape{1, 2, 2, 2});
  REQUIRE(equal(attended_length(padding_mask(lengths, 3)), tensor<int64_t>({2, 0, 3}, {3, 1, 1})));
}

TEST_CASE("masks of the wrong kind are refused", "[attention][mask]") {
  REQUIRE_THROWS_AS(padding_mask(tensor<int64_t>({4}), 3), IndexError);
  REQUIRE_THROWS_AS(padding_mask(tensor<int64_t>({-1}), 3), IndexError);
  REQUIRE_THROWS_AS(padding_mask(ones({3}), 3), ShapeError);
  REQUIRE_THROWS_AS(padding_mask(Tensor(), 3), ShapeError);
  REQUIRE_THROWS_AS(causal_mask(-1, 3), ValueError);
  REQUIRE_THROWS_AS(window_mask(ones({2, 3}), 4, 1), ShapeError);
  REQUIRE_THROWS_AS(for_heads(std::vector<Tensor>{}), ShapeError);
  REQUIRE_THROWS_AS(for_heads(std::vector<Tensor>{ones({2, 2})}), DTypeError);

  const AnyAttention attention = attention_of("dot");
  const Tensor q = random_input({2, 2, 3}, 1), k = random_input({2, 4, 3}, 2);
  REQUIRE_THROWS_AS(attention(q, k, k, ones({2, 1, 4})), DTypeError);
  REQUIRE_THROWS_AS(attention(q, k, k, ones({2, 1, 3}, boolean)), ShapeError);
  REQUIRE_THROWS_AS(attention(q, k, k, ones({3, 4}, boolean)), ShapeError);
  REQUIRE_THROWS_AS(attention(q, k, k, ones({1, 2, 2, 4}, boolean)), ShapeError);
  REQUIRE_NOTHROW(attention(q, k, k, ones({2, 1, 4}, boolean)));
}

TEST_CASE("a mask of rank 2 is one of queries and keys, also where there are as many queries as sequences",
          "[attention][mask]") {
  const Tensor q = random_input({3, 3, 3}, 1), k = random_input({3, 4, 3}, 2);
  const Tensor mask = le(arange(4), unsqueeze(arange(3), 1));  // [3, 4]
  MultiHeadAttention heads({.embed_dim = 3, .heads = 1});
  to(heads, f64);
  const AnyAttention attention = attention_of("dot");
  REQUIRE(equal(attention(q, k, k, mask).context, attention(q, k, k, unsqueeze(mask, 0)).context));
  REQUIRE_FALSE(allclose(attention(q, k, k, mask).context, attention(q, k, k, unsqueeze(mask, 1)).context));
  const auto attend = [&](const Tensor& allowed) { return heads(q, k, k, {.mask = allowed}).output; };
  REQUIRE(equal(attend(mask), attend(unsqueeze(mask, 0))));
  REQUIRE_FALSE(allclose(attend(mask), attend(unsqueeze(mask, 1))));
}

TEST_CASE("operands that do not fit are refused with the layer's place in the model", "[attention]") {
  AnyAttention attention = attention_of("additive");
  name_paths(attention, "decoder.attention");
  const Tensor q = random_input({2, 2, 3}, 1), k = random_input({2, 4, 3}, 2);
  REQUIRE_THROWS_WITH(attention(q, random_input({2, 4, 5}, 1)), test::contains("decoder.attention"));
  REQUIRE_THROWS_AS(attention(random_input({2, 2, 4}, 1), k), ShapeError);
  REQUIRE_THROWS_AS(attention(random_input({3, 2, 3}, 1), k), ShapeError);
  REQUIRE_THROWS_AS(attention(q, k, random_input({2, 3, 3}, 1)), ShapeError);
  REQUIRE_THROWS_AS(attention(q, k, random_input({2, 4}, 1)), ShapeError);
  REQUIRE_THROWS_AS(attention(q, Tensor()), ShapeError);
  REQUIRE_THROWS_AS(attention(to(q, f32), k), DTypeError);
  REQUIRE_THROWS_AS(attention_of("dot")(random_input({2, 2, 4}, 1), k), ShapeError);
  REQUIRE_THROWS_AS(attention_of("location")(q, random_input({2, 9, 3}, 1)), ShapeError);
  REQUIRE_THROWS_AS(attention_of("location")(random_input({1, 2, 3}, 1), k), ShapeError);
  REQUIRE_THROWS_AS(LocalPredictive(3, 2)(random_input({2, 2, 4}, 1)), ShapeError);
}

// pytorch#103749, #103963
TEST_CASE("a row that is masked wholly reads exact zeros with zero gradient", "[attention][mask]") {
  for (const std::string& score : score_names()) {
    for (const std::string& align : align_names()) {
      INFO(score << " x " << align);
      const AnyAttention attention = attention_of(score, align);
      const Tensor q = random_input({2, 2, 3}, 1).requires_grad_(), v = random_input({2, 4, 2}, 3).requires_grad_();
      Tensor k = random_input({2, 4, 3}, 2);
      array::select(k, 0, 1).fill_(kNan);  // the masked sequence holds nothing but NaN
      k.requires_grad_();
      const auto out = attention(q, k, v, padding_mask(tensor<int64_t>({3, 0}), 4));
      REQUIRE(equal(select(out.context, 0, 1), zeros({2, 2}, f64)));
      REQUIRE(equal(select(weights_of(out.alignment), 0, 1), zeros({2, 4}, f64)));
      Tensor loss = sum(out.context);
      if (const auto* drawn = std::get_if<Drawn>(&out.alignment))
        loss = loss + sum(drawn->log_probability) + sum(drawn->entropy);
      REQUIRE(all_finite(loss));
      loss.backward();
      for (const Tensor& x : {q, k, v}) {
        if (!x.grad().defined()) continue;
        REQUIRE(all_finite(x.grad()));
        REQUIRE(equal(abs(select(x.grad(), 0, 1)), zeros(select(x, 0, 1).shape(), f64)));
      }
      for (const Tensor& parameter : parameters(attention))
        if (parameter.grad().defined()) REQUIRE(all_finite(parameter.grad()));
    }
  }
}

TEST_CASE("damage that some rows may not see reaches the others alone", "[attention][mask]") {
  for (const std::string& score : score_names()) {
    INFO(score);
    const AnyAttention attention = attention_of(score);
    Tensor x = random_input({1, 4, 3}, 1), non_finite = array::clone(x);
    non_finite.set({0, 3, 1}, kNan);
    x.requires_grad_();
    non_finite.requires_grad_();
    const Tensor causal = causal_mask(4, 4);
    const Tensor clean_query = x.detach();
    const Tensor a = attention(clean_query, x, x, causal).context,
                 b = attention(clean_query, non_finite, non_finite, causal).context;
    REQUIRE(equal(slice(a, 1, 0, 3).detach(), slice(b, 1, 0, 3).detach()));
    REQUIRE(std::isnan(b.at({0, 3, 0})));  // this row may attend to the damage
    sum(slice(a, 1, 0, 3)).backward();
    sum(slice(b, 1, 0, 3)).backward();
    REQUIRE(all_finite(non_finite.grad()));
    REQUIRE(allclose(x.grad(), non_finite.grad(), 1e-12, 1e-14));
  }
}

TEST_CASE("a causal mask together with padding takes away columns only", "[attention][mask]") {  // pytorch#63271
  const AnyAttention attention = attention_of("scaled-dot");
  const Tensor x = random_input({2, 4, 3}, 1);
  const Tensor mask = both_masks(padding_mask(tensor<int64_t>({2, 4}), 4), causal_mask(4, 4));
  const Tensor weights = weights_of(attention(x, x, x, mask).alignment);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t i = 0; i < 4; ++i)
      for (int64_t j = 0; j < 4; ++j) {
        const bool allowed = j <= i && j < (b == 0 ? 2 : 4);
        REQUIRE((weights.at({b, i, j}) > 0) == allowed);
      }
  REQUIRE(allclose(sum(weights, -1), ones({2, 4}, f64)));
}

TEST_CASE("self-attention: nothing flows back from the future, padded steps read zeros", "[attention][mask]") {
  const AnyAttention attention = attention_of("additive");
  const Tensor x = random_input({2, 4, 3}, 1).requires_grad_();
  const auto out = self_attention(attention, x, {.lengths = tensor<int64_t>({4, 2}), .causal = true});
  REQUIRE(equal(slice(select(out.context, 0, 1), 0, 2, 4).detach(), zeros({2, 3}, f64)));
  sum(select(select(out.context, 0, 0), 0, 1)).backward();
  REQUIRE(equal(abs(slice(select(x.grad(), 0, 0), 0, 2, 4)), zeros({2, 3}, f64)));
}
