// The Transformer: the contract of its layers and models, what causality and padding promise, decoding by the step.
#include <fovea/core/array.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/transformer/language_model.h>
#include <fovea/layers/transformer/transformer.h>
#include <tests/catch.h>
#include <tests/layers/contract.h>

using namespace fovea;
using namespace fovea::test;

namespace {

Tensor random(const Shape& shape, uint64_t seed, DType dtype = f64) {
  Generator generator(seed);
  return uniform(shape, -1, 1, generator, dtype);
}

TransformerOptions small(bool norm_first) {
  return {.embed_dim = 4,
          .heads = 2,
          .feed_forward = 6,
          .layers = 2,
          .dropout = 0.3,
          .activation = Activation::gelu,
          .norm_first = norm_first};
}

TransformerModelOptions model_options() {
  return {.transformer = small(false), .source_vocabulary = 7, .positions = Positions::sinusoidal};
}

LanguageModelOptions language_options(bool tied, Positions positions = Positions::learned) {
  return {.transformer = small(true), .vocabulary = 9, .positions = positions, .max_length = 12, .tied = tied};
}

Tensor ids(const Shape& shape, int64_t count, uint64_t seed) {
  Generator generator(seed);
  return randint(shape, 0, count, generator);
}

Tensor dense(const Tensor& x) { return array::contiguous(x.detach()); }

}  // namespace

TEST_CASE("encoder and decoder keep the contract", "[layers][transformer]") {
  const Tensor x = random({2, 5, 4}, 1), mask = padding_mask(tensor<int64_t>({3, 3}), 5);
  Tensor padded = array::clone(x);
  array::slice(padded, 1, 3, 5).fill_(9);
  for (const bool norm_first : {false, true}) {
    Contract<TransformerEncoder> encoder;
    encoder.make = [=](Generator& g) { return TransformerEncoder(small(norm_first), norm_first, g); };
    encoder.call = [=](const TransformerEncoder& m, const std::vector<Tensor>& in) {
      return std::vector<Tensor>{slice(m(in[0], {.mask = mask}), 1, 0, 3)};
    };
    encoder.inputs = {x};
    encoder.masked_inputs = {padded};
    const auto faults = contract_faults(encoder);
    for (const std::string& fault : faults) FAIL_CHECK(fault);
    Contract<TransformerDecoder> decoder;
    decoder.make = [=](Generator& g) { return TransformerDecoder(small(norm_first), norm_first, g); };
    decoder.call = [=](const TransformerDecoder& m, const std::vector<Tensor>& in) {
      return std::vector<Tensor>{m(in[0], in[1], {.memory_mask = mask})};
    };
    decoder.inputs = {random({2, 4, 4}, 2), x};
    decoder.masked_inputs = {decoder.inputs[0], padded};
    require_contract(decoder);
  }
}

TEST_CASE("models over ids keep the contract", "[layers][transformer]") {
  for (const bool tied : {true, false}) {
    Contract<TransformerModel> model;
    model.make = [=](Generator& g) {
      TransformerModelOptions options = model_options();
      options.tied = tied;
      return TransformerModel(options, g);
    };
    const Tensor source = ids({2, 4}, 7, 1), lengths = tensor<int64_t>({3, 3});
    Tensor padded = array::clone(source);
    array::slice(padded, 1, 3, 4).fill_(0);
    model.call = [=](const TransformerModel& m, const std::vector<Tensor>& in) {
      return std::vector<Tensor>{m(in[0], lengths, in[1]).logits};
    };
    model.inputs = {source, ids({2, 3}, 7, 2)};
    model.masked_inputs = {padded, model.inputs[1]};
    require_contract(model);

    Contract<TransformerLanguageModel> language;
    language.make = [=](Generator& g) { return TransformerLanguageModel(language_options(tied), g); };
    language.call = [](const TransformerLanguageModel& m, const std::vector<Tensor>& in) {
      return std::vector<Tensor>{m(in[0])};
    };
    language.inputs = {ids({2, 12}, 9, 3)};  // as long as the table of positions, so that every row is reached
    require_contract(language);
  }
}

TEST_CASE("later targets change no bit of earlier outputs", "[layers][transformer]") {
  TransformerModel model(model_options());
  model.eval();
  const Tensor source = ids({2, 4}, 7, 1), target = ids({2, 6}, 7, 2);
  Tensor other = array::clone(target);
  array::slice(other, 1, 3, 6).fill_(1);
  REQUIRE_FALSE(equal(target, other));
  const Tensor a = model(source, {}, target).logits, b = model(source, {}, other).logits;
  REQUIRE(equal(dense(slice(a, 1, 0, 3)), dense(slice(b, 1, 0, 3))));
  REQUIRE_FALSE(equal(dense(a), dense(b)));
}

TEST_CASE("padding the source leaves the outputs", "[layers][transformer]") {
  TransformerModel model(model_options());
  to(model, f64);
  model.eval();
  const Tensor source = ids({2, 4}, 7, 1), target = ids({2, 3}, 7, 2), lengths = tensor<int64_t>({4, 4});
  const Tensor a = model(source, lengths, target).logits, b = model(pad(source, {0, 3}, 5), lengths, target).logits;
  REQUIRE(allclose(a, b, 1e-12, 1e-12));
}

TEST_CASE("decoding by the step gives what the whole pass gives", "[layers][transformer]") {
  const NoGrad quiet;
  for (const bool norm_first : {false, true}) {
    TransformerModelOptions options = model_options();
    options.transformer = small(norm_first);
    TransformerModel model(options);
    to(model, f64);
    model.eval();
    const Tensor source = ids({2, 4}, 7, 1), target = ids({2, 6}, 7, 2), lengths = tensor<int64_t>({4, 2});
    const Tensor whole = model(source, lengths, target).logits;
    TransformerModel::Decoding state = model.encode(source, lengths);
    for (int64_t u = 0; u < 6; ++u)
      REQUIRE(allclose(model.step(slice(target, 1, u, u + 1), state), slice(whole, 1, u, u + 1), 1e-12, 1e-12));
  }
}

TEST_CASE("trained and decoded as every model from sequence to sequence", "[layers][transformer][decoding]") {
  TransformerModel model(model_options());
  model.eval();
  const SequenceModel& any = model;
  const Tensor source = ids({3, 4}, 7, 1), lengths = tensor<int64_t>({4, 2, 3});
  const Decoded output = greedy(*any.decoder(source, lengths), {.begin = 0, .end = -1, .max_length = 5});
  REQUIRE(output.ids.shape() == Shape{3, 5});
  const Tensor fed = cat({zeros({3, 1}, i64), slice(output.ids, 1, 0, 4)}, 1);
  const SequenceOutput forced = any(source, lengths, fed);
  REQUIRE(equal(dense(forced.logits), dense(model(source, lengths, fed).logits)));
  REQUIRE_FALSE(forced.log_probability.defined());
  REQUIRE(equal(argmax(forced.logits, -1), output.ids));
  REQUIRE_THROWS_AS(any(source, lengths, fed, {.ratio = 0.5}), ValueError);
}

TEST_CASE("a beam's probability is what teaching gives its sentence", "[layers][transformer][decoding]") {
  for (const bool padded : {true, false}) {
    TransformerModel model(model_options());
    model.eval();
    const Tensor source = ids({4, 5}, 7, 3);
    const Tensor lengths = padded ? tensor<int64_t>({5, 2, 4, 3}) : Tensor();
    const Decoded output =
        beam_search(*model.decoder(source, lengths), {.begin = 0, .end = 2, .max_length = 6}, {.width = 3});
    const int64_t L = output.ids.size(1);
    const Tensor fed = cat({zeros({4, 1}, i64), slice(output.ids, 1, 0, L - 1)}, 1);
    const Tensor log_p = log_softmax(to(model(source, lengths, fed).logits, f64), -1);
    for (int64_t b = 0; b < 4; ++b) {
      double sum = 0;
      for (int64_t t = 0; t < std::min(L, output.lengths.at<int64_t>({b}) + 1); ++t)
        sum += log_p.at({b, t, output.ids.at<int64_t>({b, t})});
      REQUIRE(output.log_probability.at({b}) == Approx(sum).margin(1e-5));
    }
  }
}

TEST_CASE("a decoder's rows may be copied, left out and put in another order", "[layers][transformer][decoding]") {
  TransformerModel model(model_options());
  model.eval();
  const Tensor source = ids({3, 4}, 7, 1), lengths = tensor<int64_t>({4, 2, 3}), order = tensor<int64_t>({2, 0, 2, 1});
  const auto chosen = [&](const Tensor& x) { return index_select(x, 0, order); };
  const auto decoder = model.decoder(source, lengths);
  const auto other = model.decoder(chosen(source), chosen(lengths));
  REQUIRE(decoder->rows() == 3);
  const Tensor first = tensor<int64_t>({1, 2, 3}), second = tensor<int64_t>({4, 5, 6, 1});
  decoder->step(first);
  decoder->reorder(order);
  REQUIRE(decoder->rows() == 4);
  other->step(chosen(first));
  for (const Tensor& last : {second, first}) {
    if (last.is_same(first)) {
      decoder->reorder(tensor<int64_t>({3, 1, 0}));
      other->reorder(tensor<int64_t>({3, 1, 0}));
    }
    const Tensor found = decoder->step(last);
    REQUIRE(found.shape() == Shape{last.numel(), 7});
    REQUIRE(allclose(found, other->step(last), 1e-6, 1e-6));
  }
}

TEST_CASE("a language model's cached generation", "[layers][transformer]") {
  for (const Positions positions : {Positions::learned, Positions::sinusoidal, Positions::none}) {
    TransformerLanguageModel model(language_options(true, positions));
    model.eval();
    const Tensor prompt = ids({2, 3}, 9, 4);
    const Tensor output = model.generate(prompt, {.count = 6, .temperature = 0});
    const Tensor all_ids = cat({prompt, output}, 1);
    const Tensor logits = model(slice(all_ids, 1, 0, 8));
    REQUIRE(equal(argmax(slice(logits, 1, 2), -1), output));
    Generator first(3), second(3);
    const Tensor drawn = model.generate(prompt, {.count = 5, .top_k = 3, .generator = first});
    REQUIRE(equal(drawn, model.generate(prompt, {.count = 5, .top_k = 3, .generator = second})));
    REQUIRE(equal(model.generate(prompt, {.count = 6, .top_k = 1}), output));
  }
  TransformerLanguageModel model(language_options(false));
  model.eval();
  // Rows that have generated the end mark leave; the others go on as they would have alone.
  const Tensor prompt = ids({4, 2}, 9, 6);
  const Tensor output = model.generate(prompt, {.count = 8, .temperature = 0, .end = 5});
  for (int64_t b = 0; b < 4; ++b) {
    const Tensor alone = model.generate(slice(prompt, 0, b, b + 1), {.count = 8, .temperature = 0, .end = 5});
    const int64_t L = alone.size(1);
    REQUIRE(equal(dense(slice(slice(output, 0, b, b + 1), 1, 0, L)), alone));
    REQUIRE(all(eq(slice(slice(output, 0, b, b + 1), 1, L), scalar(5, i64))));
  }
  REQUIRE_THROWS_AS(model.generate(zeros({2, 0}, i64), {}), ShapeError);
  REQUIRE_THROWS_AS(model.generate(zeros({1, 1}, i64), {.temperature = -1}), ValueError);
  REQUIRE_THROWS_AS(model(zeros({1, 13}, i64)), IndexError);
}

TEST_CASE("attention without positions does not see the order", "[layers][transformer]") {
  TransformerEncoder encoder(small(false), false);
  encoder.eval();
  const Tensor x = random({1, 5, 4}, 1, f32), order = tensor<int64_t>({3, 0, 4, 1, 2});
  REQUIRE(allclose(encoder(index_select(x, 1, order)), index_select(encoder(x), 1, order), 1e-5, 1e-6));
}

TEST_CASE("a sample that is only padding has finite outputs and gradients", "[layers][transformer]") {  // pytorch#41508
  TransformerModel model(model_options());
  const Tensor source = ids({2, 4}, 7, 1), target = ids({2, 3}, 7, 2), lengths = tensor<int64_t>({0, 4});
  const Tensor y = model(source, lengths, target).logits;
  REQUIRE(all(isfinite(y)));
  for (const Tensor& gradient : grad({sum(square(y))}, parameters(model))) REQUIRE(all(isfinite(gradient)));
}

// pytorch#63271
TEST_CASE("key padding beside a mask of queries and keys hides columns alone", "[layers][transformer]") {
  MultiHeadAttention layer({.embed_dim = 4, .heads = 2});
  const Tensor x = random({2, 4, 4}, 1, f32), before = causal_mask(4, 4);
  const Tensor each = cat({before, flip(before, 1)}, 0);  // one mask a sample, [2, 4, 4]
  const Tensor mask = both_masks(padding_mask(tensor<int64_t>({2, 3}), 4), each);
  const Tensor weights = mean(layer(x, {.mask = mask, .need_weights = true}).alignment.weights, 1);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t i = 0; i < 4; ++i)
      for (int64_t j = 0; j < 4; ++j)
        REQUIRE((weights.at({b, i, j}) > 0) == (j < 2 + b && (b == 0 ? j <= i : j <= 3 - i)));
}

TEST_CASE("wrong arguments of the Transformer", "[layers][transformer]") {
  TransformerOptions none = small(false);
  none.layers = 0;
  REQUIRE_THROWS_AS(TransformerEncoder(none, true), ValueError);
  REQUIRE_THROWS_AS(TransformerDecoder(none, true), ValueError);
  REQUIRE_THROWS_AS(TransformerModel({.transformer = small(false), .source_vocabulary = 0}), ValueError);
  REQUIRE_THROWS_AS(sinusoidal_positions(-1, 4), ValueError);
  TransformerEncoder encoder(small(false), false);
  std::vector<KeyValueCache> caches(1);
  REQUIRE_THROWS_AS(encoder(ones({1, 1, 4}), {}, &caches), ShapeError);
  REQUIRE_THROWS_AS(encoder(ones({1, 1, 5})), ShapeError);
}

TEST_CASE("what encoder and decoder cannot give is refused, what they can is given", "[transformer]") {
  const TransformerOptions o{.embed_dim = 4, .heads = 2, .feed_forward = 6, .layers = 2, .dropout = 0};
  const TransformerEncoder encoder(o, false);
  const TransformerDecoder decoder(o, false);
  const Tensor x = randn({1, 3, 4}), memory = randn({1, 2, 4});
  KeyValueCache cache;
  DecoderCache seen;
  CHECK_THROWS_WITH(encoder(x, {.causal = true, .cache = &cache}), contains("one for each of the 2 layers"));
  CHECK_THROWS_WITH(decoder(x, memory, {.cache = &seen}), contains("one for each of the 2 layers"));
  CHECK(cache.length() == 0);
  CHECK_THROWS_WITH(encoder(x, {.need_weights = true}), contains("WeightCollector"));
  CHECK_THROWS_WITH(encoder.layers[0](x, {.need_weights = true}), contains("WeightCollector"));
  encoder.layers[0](x, {.causal = true, .cache = &cache});
  decoder.layers[0](x, memory, {.cache = &seen});
  CHECK(cache.length() == 3);
  CHECK(seen.own.length() == 3);
}
