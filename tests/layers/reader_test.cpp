// The readers: the contract, values from PyTorch (tests/golden/reader.py), and what must hold of them: weights sum to 1
// and are 0 past the end of a document, tokens past an end change nothing, an answer is named by its document, and
// entities exchange with their rows of the weights.
#include <fovea/autograd/mode.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/reader.h>
#include <fovea/layers/attention/weights.h>
#include <tests/layers/contract.h>
#include <tests/layers/golden_layers.h>

#include <cmath>
#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

constexpr ReaderOptions sizes{.vocabulary = 9, .entities = 4, .embed_dim = 3, .hidden_size = 2};

Tensor ids(std::initializer_list<int64_t> values, const Shape& shape) { return tensor<int64_t>(values, shape); }

// Of two rows, the second is shorter in both texts.
struct Texts {
  Tensor document = ids({0, 4, 2, 5, 8, 6, 3, 7, 1, 0, 2, 2}, {2, 6});
  Tensor query = ids({8, 5, 2, 4, 1, 8, 0, 0}, {2, 4});
  Tensor document_lengths = ids({6, 3}, {2}), query_lengths = ids({4, 2}, {2});
};

template <class M>
Tensor answer(const M& reader, const Texts& x) {
  return reader(x.document, x.query, x.document_lengths, x.query_lengths);
}

template <class M>
Contract<M> contract() {
  const Texts x;
  return {.make = [](Generator& generator) { return M(sizes, generator); },
          .call =
              [](const M& reader, const std::vector<Tensor>& in) {
                const Tensor log_p = reader(in[0], in[1], in[2], in[3]);
                return std::vector{exp(log_p), nll_loss(log_p, ids({2, 3}, {2}), {.reduction = Reduction::none})};
              },
          .inputs = {x.document, x.query, x.document_lengths, x.query_lengths},
          .masked_inputs = {ids({0, 4, 2, 5, 8, 6, 3, 7, 1, 2, 99, -7}, {2, 6}), ids({8, 5, 2, 4, 1, 8, 3, 77}, {2, 4}),
                            x.document_lengths, x.query_lengths}};
}

template <class M>
void check_golden(const std::string& name) {
  static const GoldenFile golden("reader");
  for (const DType dtype : {f64, f32}) {
    M reader(sizes);
    const WeightCollector collected;
    check_case(golden, name, reader, dtype, [&](const Named& in) {
      const Tensor log_p = reader(in.at("document"), in.at("query"), in.at("document_lengths"), in.at("query_lengths"));
      return Named{{"p", exp(log_p)}, {"loss", nll_loss(log_p, ids({2, 3}, {2}), {.reduction = Reduction::none})}};
    });
    require_close("weights", collected.over_time(""), array::to(golden[name + "/weights"], dtype));
  }
}

// The rows of a table, the first so many, in another order.
void exchange_rows(Module& reader, const std::string& name, const Tensor& order) {
  for (const auto& [each, value] : named_parameters(reader)) {
    if (each != name) continue;
    const Tensor table = value.detach(), rows = slice(table, 0, 0, order.size(0));
    rows.copy_(array::clone(index_select(rows, 0, order)));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("readers keep the contract", "[layers][contract][reader]", AttentiveReader, ImpatientReader,
                   UniformReader) {
  require_contract(contract<TestType>());
}

TEST_CASE("readers agree with PyTorch", "[layers][golden][reader]") {
  check_golden<AttentiveReader>("attentive");
  check_golden<ImpatientReader>("impatient");
  check_golden<UniformReader>("uniform");
}

TEMPLATE_TEST_CASE("a reader's weights sum to 1 and are 0 past the end", "[layers][reader]", AttentiveReader,
                   ImpatientReader, UniformReader) {
  Generator generator(4);
  const TestType reader(sizes, generator);
  const WeightCollector collected;
  answer(reader, {});
  const Tensor s = collected.over_time("");  // [2, 1, 6]; of the impatient [2, 4, 6]
  REQUIRE(s.size(1) == (std::is_same_v<TestType, ImpatientReader> ? 4 : 1));
  REQUIRE(allclose(sum(s, 2), ones({2, s.size(1)})));
  REQUIRE(min(s).item() >= 0);
  REQUIRE(max(slice(select(s, 0, 1), 1, 3)).item() == 0);
  const double equal_share = max(abs(select(select(s, 0, 1), 1, 0) - scalar(1.0 / 3))).item();
  REQUIRE((equal_share < 1e-6) == (std::is_same_v<TestType, UniformReader>));
}

TEMPLATE_TEST_CASE("an answer is one of the entities that the document names", "[layers][reader]", AttentiveReader,
                   ImpatientReader, UniformReader) {
  Generator generator(5);
  const TestType reader(sizes, generator);
  const Tensor log_p = answer(reader, {});
  // 0 and 2; 3 and 1, and 0 and 2 past the end.
  for (const auto& [b, e] : {std::pair{0, 1}, {0, 3}, {1, 0}, {1, 2}})
    REQUIRE(log_p.at({b, e}) == -std::numeric_limits<double>::infinity());
  REQUIRE(allclose(sum(exp(log_p), 1), ones({2})));
  REQUIRE(max(sum(exp(reader(ids({4, 5}, {1, 2}), ids({8}, {1, 1}))), 1)).item() == 0);  // no entity
}

TEMPLATE_TEST_CASE("entities are exchanged with their rows of embedding and answer, and by them alone",
                   "[layers][reader]", AttentiveReader, ImpatientReader, UniformReader) {
  Generator generator(6);
  TestType reader(sizes, generator);
  to(reader, f64);
  const Tensor order = ids({2, 0, 3, 1}, {4});  // the entity now called e was order[e]
  const Tensor before = exp(answer(reader, {}));
  Texts renamed;
  for (Tensor* text : {&renamed.document, &renamed.query}) {
    Tensor now = array::clone(*text);
    for (int64_t e = 0; e < 4; ++e) now = where(eq(*text, scalar(order.at({e}), i64)), full({}, e, i64), now);
    *text = now;
  }
  const Tensor expected = index_select(before, 1, order);
  REQUIRE(!allclose(exp(answer(reader, renamed)), expected));
  exchange_rows(reader, "embedding.weight", order);
  exchange_rows(reader, "answer.weight", order);
  REQUIRE(allclose(exp(answer(reader, renamed)), expected));
}

TEST_CASE("the impatient reader steps through the query, and stops at its end", "[layers][reader]") {
  Generator generator(7);
  const ImpatientReader reader(sizes, generator);
  const Texts x;
  const Tensor whole = exp(answer(reader, x));
  const Tensor alone = exp(reader(slice(slice(x.document, 0, 1), 1, 0, 3), slice(slice(x.query, 0, 1), 1, 0, 2)));
  REQUIRE(allclose(slice(whole, 0, 1), alone));
  const Tensor another = exp(reader(slice(slice(x.document, 0, 1), 1, 0, 3), ids({1, 4}, {1, 2})));
  REQUIRE(!allclose(another, alone));
}

TEST_CASE("what does not fit a reader", "[layers][reader]") {
  const AttentiveReader reader(sizes);
  const Texts x;
  REQUIRE_THROWS_AS(reader(x.document, slice(x.query, 0, 0, 1)), ShapeError);
  REQUIRE_THROWS_AS(reader(select(x.document, 0, 0), x.query), ShapeError);
  REQUIRE_THROWS_AS(reader(x.document, {}), ShapeError);
  REQUIRE_THROWS_AS(reader(to(x.document, f32), x.query), DTypeError);
  REQUIRE_THROWS_AS(reader(x.document, x.query, ids({7, 3}, {2})), IndexError);
  REQUIRE_THROWS_AS(reader(ids({9, 0, 0, 0}, {2, 2}), x.query), IndexError);
  REQUIRE_THROWS_AS(AttentiveReader({.vocabulary = 4, .entities = 4}), ValueError);
  REQUIRE_THROWS_AS(AttentiveReader({.vocabulary = 4, .entities = 0}), ValueError);
}
