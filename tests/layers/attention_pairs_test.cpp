// Every score with every alignment: gradients against central differences with the noise held fixed, and the contract
// of every layer.
#include <fovea/autograd/gradcheck.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/registry.h>
#include <tests/layers/contract.h>
#include <tests/layers/random_input.h>

#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

constexpr int64_t kWidth = 3;  // of queries and keys, so that every score fits

AnyAttention attention_of(const std::string& score, const std::string& align, Generator& generator) {
  AnyAttention attention = make_attention({.score = score,
                                           .align = align,
                                           .width = 4,
                                           .predictor = 2,
                                           .max_length = 6,
                                           .half_width = 1.5,
                                           .strength = 2,
                                           .temperature = 0.7},
                                          kWidth, kWidth, generator);
  to(attention, f64);
  return attention;
}

bool is_biased(std::string_view align) { return align == "straight-through" || align == "gumbel-hard"; }

struct Example {
  Tensor query = random_input({2, 3, kWidth}, 1), keys = random_input({2, 4, kWidth}, 2),
         values = random_input({2, 4, 2}, 3);
  Tensor mask = padding_mask(tensor<int64_t>({4, 2}), 4);
};

// Everything an attention has to say, with 0 in place of -inf.
List outputs_of(Attended<AnyOutcome> out) {
  List all{out.context};
  for_each_tensor(out.alignment, [&](const StateName&, const Tensor& x, int64_t) {
    if (x.dtype() == f64) all.push_back(where(isfinite(x.detach()), x, scalar(0, f64)));
  });
  return all;
}

List run(const AnyAttention& attention, const List& x, const Tensor& mask) {
  Generator noise(17);
  const AttentionMemory memory = attention.prepare(x[1], x[2], mask);
  return outputs_of(attention(x[0], memory, {.generator = noise}));
}

}  // namespace

TEST_CASE("every score with every alignment has the right gradient", "[attention]") {
  const Example in;
  for (const std::string& score : score_names()) {
    for (const std::string& align : align_names()) {
      if (is_biased(align)) continue;
      INFO(score << " x " << align);
      Generator generator(5);
      const AnyAttention attention = attention_of(score, align, generator);
      for (const Tensor& mask : {Tensor(), in.mask}) {
        const GradcheckResult result =
            gradcheck([&](const List& x) { return run(attention, x, mask); },
                      {array::clone(in.query).requires_grad_(), array::clone(in.keys).requires_grad_(),
                       array::clone(in.values).requires_grad_()});
        INFO(result.message);
        REQUIRE(result.ok);
      }
    }
  }
}

TEST_CASE("every score with every alignment keeps the contract", "[attention]") {
  const Example in;
  Tensor spoiled_keys = array::clone(in.keys), spoiled_values = array::clone(in.values);
  array::slice(array::select(spoiled_keys, 0, 1), 0, 2, 4).fill_(std::numeric_limits<double>::quiet_NaN());
  array::slice(array::select(spoiled_values, 0, 1), 0, 2, 4).fill_(-std::numeric_limits<double>::infinity());
  for (const std::string& score : score_names()) {
    for (const std::string& align : align_names()) {
      if (is_biased(align)) continue;
      INFO(score << " x " << align);
      require_contract<AnyAttention>(
          {[=](Generator& generator) { return attention_of(score, align, generator); },
           [&in](const AnyAttention& attention, const List& x) { return run(attention, x, in.mask); },
           {in.query, in.keys, in.values},
           {in.query, spoiled_keys, spoiled_values}});
    }
  }
}

TEST_CASE("straight-through alignments read one key and learn as their soft form", "[attention]") {
  const Example in;
  Generator generator(5);
  for (const std::string& score : score_names()) {
    for (const auto& [hard, soft] : {std::pair{"straight-through", "soft"}, std::pair{"gumbel-hard", "gumbel"}}) {
      INFO(score << " x " << hard);
      Generator a(5), b(5);
      const AnyAttention one = attention_of(score, hard, a), other = attention_of(score, soft, b);
      List gradients[2];
      Tensor weights;
      for (const AnyAttention* attention : {&one, &other}) {
        const Tensor query = array::clone(in.query).requires_grad_();
        const List out = run(*attention, {query, in.keys, in.values}, in.mask);
        if (attention == &one) weights = out[1].detach();
        Generator cotangent(9);
        List wanted = parameters(*attention);
        wanted.push_back(query);
        gradients[attention == &other] = grad(
            out[0], wanted, {.allow_unused = true, .grad_outputs = {uniform(out[0].shape(), -1, 1, cotangent, f64)}});
      }
      REQUIRE(equal(sum(weights, -1), ones({2, 3}, f64)));
      REQUIRE(equal(weights * weights, weights));  // each is 0 or 1
      REQUIRE(gradients[0].size() == gradients[1].size());
      for (size_t i = 0; i < gradients[0].size(); ++i) {
        REQUIRE(gradients[0][i].defined() == gradients[1][i].defined());
        if (gradients[0][i].defined()) REQUIRE(allclose(gradients[0][i], gradients[1][i], 1e-12, 1e-14));
      }
    }
  }
}

TEST_CASE("a name that is not known is answered with those that are", "[attention]") {
  REQUIRE_THROWS_WITH(AnyScore({.score = "dots"}), contains("dot, scaled-dot, general"));
  REQUIRE_THROWS_WITH(AnyAlign({.align = "softly"}), contains("soft, local-m"));
  REQUIRE_THROWS_AS(AnyAlign({.align = "local-p", .query = 0}), ValueError);
  REQUIRE_THROWS_AS(AnyScore({.score = "general", .query = 0, .key = 1}), ValueError);
  REQUIRE_THROWS_AS(CosineScore(0), ValueError);
  REQUIRE_THROWS_AS(GumbelSoftmax(0), ValueError);
  REQUIRE_THROWS_AS(LocalMonotonic(-1), ValueError);
}
