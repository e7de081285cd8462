// Models from sequence to sequence: the contract of a layer, what must hold of each, and what they refuse.
#include <fovea/autograd/mode.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/seq2seq/encoder_decoder.h>
#include <fovea/layers/seq2seq/luong.h>
#include <fovea/layers/seq2seq/rnn_search.h>
#include <tests/catch.h>
#include <tests/layers/contract.h>

#include <cmath>
#include <functional>
#include <memory>

using namespace fovea;
using test::Contract;
using test::require_contract;

namespace {

constexpr int64_t kWords = 7;
constexpr const char* kKinds[] = {"rnn", "lstm", "gru", "min_gru"};

Tensor ids(const Shape& shape, uint64_t seed) {
  Generator generator(seed);
  return randint(shape, 0, kWords, generator);
}

// Two sources, the second of length 3; `other` differs past it.
struct Padded {
  Tensor lengths = tensor({int64_t{5}, int64_t{3}});
  Tensor source = ids({2, 5}, 1), input_ids = ids({2, 4}, 2), other = array::clone(source);
  Padded() {
    other.set({1, 3}, static_cast<double>((source.at<int64_t>({1, 3}) + 1) % kWords));
    other.set({1, 4}, static_cast<double>((source.at<int64_t>({1, 4}) + 2) % kWords));
  }
};

template <class Model, class Options>
void check_contract(const Options& options) {
  const Padded in;
  Contract<Model> contract;
  contract.make = [=](Generator& own) { return Model(options, own); };
  contract.call = [](const Model& m, const std::vector<Tensor>& x) {
    return std::vector<Tensor>{m(x[0], x[1], x[2]).logits};
  };
  contract.inputs = {in.source, in.lengths, in.input_ids};
  contract.masked_inputs = {in.other, in.lengths, in.input_ids};
  require_contract(contract);
}

std::vector<std::unique_ptr<SequenceModel>> all_models() {
  std::vector<std::unique_ptr<SequenceModel>> models;
  Generator g(5);
  for (const std::string cell : kKinds) {
    for (bool context : {false, true})
      models.push_back(std::make_unique<EncoderDecoder>(EncoderDecoderOptions{.source_vocabulary = kWords,
                                                                              .embed_dim = 3,
                                                                              .hidden_size = 4,
                                                                              .layers = 2,
                                                                              .cell = cell,
                                                                              .constant_context = context,
                                                                              .reverse_source = context},
                                                        g));
    models.push_back(std::make_unique<RnnSearch>(
        RnnSearchOptions{.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .cell = cell}, g));
    for (bool feeding : {false, true})
      models.push_back(std::make_unique<LuongModel>(LuongOptions{.source_vocabulary = kWords,
                                                                 .embed_dim = 3,
                                                                 .hidden_size = 4,
                                                                 .layers = 2,
                                                                 .cell = cell,
                                                                 .input_feeding = feeding},
                                                    g));
  }
  for (std::unique_ptr<SequenceModel>& model : models) {
    to(*model, f64);
    model->eval();
  }
  return models;
}

// The logits that a decoder gives that is given `input_ids` step by step.
Tensor by_steps(const SequenceModel& model, const Tensor& source, const Tensor& lengths, const Tensor& input_ids) {
  const auto decoder = model.decoder(source, lengths);
  std::vector<Tensor> logits;
  for (const Tensor& last : unbind(input_ids, 1)) logits.push_back(decoder->step(last));
  return stack(logits, 1);
}

LuongOptions luong(const AttentionChoice& choice, bool feeding = true) {
  return {.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .attention = choice, .input_feeding = feeding};
}

// Weights of every step of `model` under teacher forcing, [B, U, T].
Tensor weights_of(LuongModel& model, const Tensor& source, const Tensor& lengths, const Tensor& input_ids) {
  name_paths(model);
  const NoGrad quiet;
  WeightCollector collected;
  model(source, lengths, input_ids);
  return collected.over_time("attention");
}

}  // namespace

TEST_CASE("recurrent models from sequence to sequence keep the contract of a layer", "[seq2seq]") {
  for (const std::string cell : kKinds) {
    for (bool context : {false, true})
      check_contract<EncoderDecoder>(EncoderDecoderOptions{.source_vocabulary = kWords,
                                                           .target_vocabulary = kWords,
                                                           .embed_dim = 3,
                                                           .hidden_size = 4,
                                                           .layers = 2,
                                                           .cell = cell,
                                                           .constant_context = context,
                                                           .reverse_source = !context});
    check_contract<RnnSearch>(RnnSearchOptions{.source_vocabulary = kWords,
                                               .embed_dim = 3,
                                               .encoder_size = 2,
                                               .hidden_size = 4,
                                               .cell = cell,
                                               .start_from_both_ends = cell == "gru",
                                               .output_sees_token = cell != "gru"});
    for (bool feeding : {false, true}) check_contract<LuongModel>(luong({.score = "general"}, feeding));
  }
}

TEST_CASE("any score goes with any alignment in both attentive models", "[seq2seq]") {
  const Padded in;
  for (const std::string& score : score_names())
    for (const std::string& align : align_names()) {
      INFO(score << " x " << align);
      const AttentionChoice choice{.score = score, .align = align, .half_width = 2};
      Generator g(3);
      const RnnSearch search(
          {.source_vocabulary = kWords, .embed_dim = 3, .encoder_size = 2, .hidden_size = 4, .attention = choice}, g);
      const LuongModel fed(luong(choice), g), unfed(luong(choice, false), g);
      for (const RecurrentModel* model : std::initializer_list<const RecurrentModel*>{&search, &fed, &unfed}) {
        const SequenceOutput forced = (*model)(in.source, in.lengths, in.input_ids);
        REQUIRE(forced.logits.shape() == Shape{2, 4, kWords});
        REQUIRE(forced.log_probability.defined() == (align == "hard"));
        REQUIRE(forced.entropy.defined() == (align == "hard"));
        if (align == "hard") REQUIRE(forced.log_probability.shape() == Shape{2, 4});
        REQUIRE(forced.weights.shape() == Shape{2, 4, 5});
        sum(forced.logits).backward();
      }
    }
}

TEST_CASE("all steps at once are the steps one by one", "[seq2seq]") {
  const Padded in;
  for (const auto& model : all_models())
    for (const Tensor& lengths : {Tensor(), in.lengths}) {
      const Tensor logits = (*model)(in.source, lengths, in.input_ids).logits;
      REQUIRE(allclose(by_steps(*model, in.source, lengths, in.input_ids), logits, 1e-12, 1e-12));
      // A ratio just below 1 takes the other way through the model, and still gives it the true ids alone.
      Generator g(1);
      const Tensor sampled = (*model)(in.source, lengths, in.input_ids, {.ratio = 1 - 1e-12, .generator = g}).logits;
      REQUIRE(allclose(sampled, logits, 1e-12, 1e-12));
    }
}

TEST_CASE("without teacher forcing a model is given its own ids", "[seq2seq]") {
  const Padded in;
  const Tensor other = ids({2, 4}, 9);
  for (const auto& model : all_models()) {
    Tensor changed = array::clone(other);
    select(changed, 1, 0).copy_(select(in.input_ids, 1, 0));  // the first is always input_ids
    Generator a(4), b(4);
    const Tensor x = (*model)(in.source, in.lengths, in.input_ids, {.ratio = 0, .generator = a}).logits;
    const Tensor y = (*model)(in.source, in.lengths, changed, {.ratio = 0, .generator = b}).logits;
    REQUIRE(equal(x, y));
    REQUIRE(!allclose(x, (*model)(in.source, in.lengths, in.input_ids).logits));
  }
}

TEST_CASE("padding a batch changes nothing", "[seq2seq]") {
  const Padded in;
  for (const auto& model : all_models()) {
    const Tensor wide = cat({in.source, ids({2, 3}, 6)}, 1);
    const Tensor logits = (*model)(in.source, in.lengths, in.input_ids).logits;
    REQUIRE(allclose((*model)(wide, in.lengths, in.input_ids).logits, logits, 1e-12, 1e-12));
    const Tensor alone = (*model)(slice(slice(in.source, 0, 1), 1, 0, 3), {}, slice(in.input_ids, 0, 1)).logits;
    REQUIRE(allclose(slice(logits, 0, 1), alone, 1e-12, 1e-12));
  }
}

TEST_CASE("a decoder's rows can be copied, dropped and reordered", "[seq2seq]") {
  const Padded in;
  const Tensor rows = tensor({int64_t{1}, int64_t{0}, int64_t{1}});
  for (const auto& model : all_models()) {
    const auto plain = model->decoder(in.source, in.lengths), moved = model->decoder(in.source, in.lengths);
    const std::vector<Tensor> columns = unbind(in.input_ids, 1);
    plain->step(columns[0]);
    moved->step(columns[0]);
    moved->reorder(rows);
    REQUIRE(moved->rows() == 3);
    for (size_t u : {1, 2}) {
      const Tensor wanted = index_select(plain->step(columns[u]), 0, rows);
      REQUIRE(allclose(moved->step(index_select(columns[u], 0, rows)), wanted, 1e-12, 1e-12));
    }
    REQUIRE_THROWS_AS(moved->step(columns[0]), ShapeError);
  }
}

TEST_CASE("the score of a returned hypothesis is its score under teacher forcing", "[seq2seq]") {
  const Padded in;
  const DecodingOptions options{.begin = 0, .end = 1, .max_length = 6};
  for (const auto& model : all_models())
    for (bool beam : {false, true}) {
      const auto decoder = model->decoder(in.source, in.lengths);
      const Decoded found = beam ? beam_search(*decoder, options, {.width = 3}) : greedy(*decoder, options);
      const int64_t steps = found.ids.size(1);
      const Tensor input_ids = cat({zeros({2, 1}, i64), slice(found.ids, 1, 0, steps - 1)}, 1);
      const Tensor log_p = log_softmax((*model)(in.source, in.lengths, input_ids).logits, -1);
      const Tensor each = squeeze(gather(log_p, 2, unsqueeze(found.ids, 2)), 2);
      for (int64_t b = 0; b < 2; ++b) {
        const int64_t counted = std::min(steps, found.lengths.at<int64_t>({b}) + 1);
        REQUIRE(std::abs(sum(slice(select(each, 0, b), 0, 0, counted)).item() - found.log_probability.at({b})) < 1e-9);
      }
    }
}

TEST_CASE("the plain decoder knows of the source nothing but the last state", "[seq2seq]") {
  Generator g(8);
  EncoderDecoder model({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .constant_context = true}, g);
  // What is read leaves no trace: an update gate of 1 keeps the state at zero.
  for (const auto& [name, parameter] : named_parameters(model))
    if (name == "encoder.bias_ih_l0") array::slice(parameter.detach(), 0, 4, 8).fill_(1000);
  const Tensor input_ids = ids({1, 4}, 2);
  REQUIRE(equal(model(ids({1, 5}, 1), {}, input_ids).logits, model(ids({1, 3}, 4), {}, input_ids).logits));
}

TEST_CASE("a reversed source is the source read from its end", "[seq2seq]") {
  const Padded in;
  const auto make = [](bool reversed) {
    Generator g(8);
    return EncoderDecoder({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .reverse_source = reversed},
                          g);
  };
  const EncoderDecoder straight = make(false), reversed = make(true);
  const Tensor mirrored = flip(in.source, 1);
  REQUIRE(equal(reversed(in.source, {}, in.input_ids).logits, straight(mirrored, {}, in.input_ids).logits));
  const Tensor first = slice(slice(in.source, 0, 1), 1, 0, 3), input_ids = slice(in.input_ids, 0, 1);
  const Tensor padded = reversed(slice(in.source, 0, 1), tensor({int64_t{3}}), input_ids).logits;
  REQUIRE(allclose(padded, straight(flip(first, 1), {}, input_ids).logits, 1e-5, 1e-6));
}

TEST_CASE("weights sum to one and are zero on padding", "[seq2seq]") {
  const Padded in;
  Generator g(8);
  RnnSearch model({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4}, g);
  name_paths(model);
  WeightCollector collected;
  model(in.source, in.lengths, in.input_ids);
  const Tensor weights = collected.over_time("attention");
  REQUIRE(weights.shape() == Shape{2, 4, 5});
  REQUIRE(allclose(sum(weights, -1), ones({2, 4})));
  REQUIRE(equal(slice(select(weights, 0, 1), 1, 3), zeros({4, 2})));
}

TEST_CASE("Luong's scores and windows", "[seq2seq]") {
  const Padded in;
  Generator g(8);
  LuongModel dot(luong({.score = "dot"}), g), general(luong({.score = "general"}), g);
  NamedTensors values = state(dot);
  values.emplace_back("attention.score.chosen.weight", eye(4));
  load_state(general, values);
  const Tensor alike = dot(in.source, in.lengths, in.input_ids).logits;
  REQUIRE(allclose(general(in.source, in.lengths, in.input_ids).logits, alike, 1e-5, 1e-6));

  LuongModel local(luong({.score = "dot", .align = "local-m", .half_width = 1}), g);
  const Tensor weights = weights_of(local, in.source, {}, in.input_ids);
  for (int64_t u = 0; u < 4; ++u)
    for (int64_t s = 0; s < 5; ++s) REQUIRE((weights.at({0, u, s}) > 0) == (std::abs(u - s) <= 1));

  LuongModel wide(luong({.score = "dot", .align = "local-m", .half_width = 5}), g);
  load_state(wide, state(dot));
  REQUIRE(equal(wide(in.source, in.lengths, in.input_ids).logits, alike));
}

TEST_CASE("W_c = [0 | I] passes tanh(h_t): the source speaks through the first state alone", "[seq2seq]") {
  const Padded in;
  Generator g(8);
  const LuongModel model(luong({.score = "general"}, false), g);
  model.combine.weight->detach().copy_(cat({zeros({4, 4}), eye(4)}, 1));
  std::vector<State> states = model.begin(in.source, in.lengths).layers;
  const Tensor h = model.decoder_stack.run(model.target_embedding(in.input_ids), states);
  REQUIRE(allclose(model(in.source, in.lengths, in.input_ids).logits, model.output(tanh(h)), 1e-6, 1e-6));
}

TEST_CASE("input feeding reaches the next step and can be switched off", "[seq2seq]") {
  const Padded in;
  Generator g(8);
  const LuongModel fed(luong({.score = "general"}), g);
  const Tensor before = fed(in.source, in.lengths, in.input_ids).logits;
  fed.combine.weight->detach().fill_(0);  // h̃ = 0: nothing is fed
  const Tensor after = fed(in.source, in.lengths, in.input_ids).logits;
  REQUIRE(equal(select(after, 1, 0), select(after, 1, 3)));
  REQUIRE(!equal(before, after));
  REQUIRE(parameter_count(LuongModel(luong({}, false), g)) == parameter_count(LuongModel(luong({}), g)) - 16 * 4);
}

TEST_CASE("hard attention draws while it is trained and takes the best key otherwise", "[seq2seq]") {
  const Padded in;
  Generator g(8), a(1), b(2);
  RnnSearch model({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .attention = {.align = "hard"}}, g);
  const auto forced = [&](Generator& own) { return model(in.source, in.lengths, in.input_ids, {.generator = own}); };
  const SequenceOutput x = forced(a), y = forced(b);
  REQUIRE(!equal(x.logits, y.logits));
  REQUIRE(max(x.log_probability).item() < 0);
  REQUIRE(min(x.entropy).item() > 0);
  sum(x.log_probability).backward();
  for (const Tensor& parameter : parameters(model.attention)) REQUIRE(norm(parameter.grad()).item() > 0);
  model.eval();
  REQUIRE(equal(forced(a).logits, forced(b).logits));
}

TEST_CASE("hard attention that always reads the expectation is soft attention", "[seq2seq]") {
  const Padded in;
  const auto make = [](const AttentionChoice& choice) {
    Generator g(8);
    return RnnSearch({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .attention = choice}, g);
  };
  const RnnSearch soft = make({.align = "soft"});
  RnnSearch hard = make({.align = "hard"});
  const Tensor logits = soft(in.source, in.lengths, in.input_ids).logits;
  const auto expect = [&](double share) {
    for_each_module<Hard>(hard, [share](Hard& each) { each.set_expectation(share); });
  };
  expect(1);
  const SequenceOutput forced = hard(in.source, in.lengths, in.input_ids);
  REQUIRE(equal(forced.logits, logits));
  REQUIRE(equal(forced.log_probability, zeros({2, 4})));
  // Some steps draw: those, and no others, have a log-probability and weights of 0 and 1.
  expect(0.5);
  const SequenceOutput some = hard(in.source, in.lengths, in.input_ids);
  const Tensor drew = ne(some.log_probability, zeros({2, 4})), one_hot = eq(max(some.weights, -1), ones({2, 4}));
  REQUIRE(equal(drew, one_hot));
  REQUIRE(any(drew));
  REQUIRE(!all(drew));
  REQUIRE_THROWS_AS(expect(2), ValueError);
}

TEST_CASE("RNNsearch that reads embeddings is given of a word what stands there", "[seq2seq]") {
  check_contract<RnnSearch>(
      RnnSearchOptions{.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .read_embeddings = true});
  const Padded in;
  Generator g(8);
  const RnnSearch model({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .read_embeddings = true}, g);
  const DecoderState state = model.begin(in.source, in.lengths);
  REQUIRE(equal(state.encoded, model.source_embedding(in.source)));
  REQUIRE(allclose(by_steps(model, in.source, in.lengths, in.input_ids),
                   model(in.source, in.lengths, in.input_ids).logits, 1e-5, 1e-6));
}

TEST_CASE("models from sequence to sequence refuse what does not fit", "[seq2seq]") {
  const Padded in;
  for (const auto& model : all_models()) {
    REQUIRE_THROWS_AS((*model)(select(in.source, 0, 0), {}, in.input_ids), ShapeError);
    REQUIRE_THROWS_AS((*model)(in.source, {}, ids({3, 4}, 1)), ShapeError);
    REQUIRE_THROWS_AS((*model)(in.source, tensor({int64_t{5}}), in.input_ids), ShapeError);
    REQUIRE_THROWS_AS((*model)(in.source, tensor({int64_t{6}, int64_t{1}}), in.input_ids), IndexError);
    REQUIRE_THROWS_AS((*model)(to(in.source, f32), {}, in.input_ids), DTypeError);
    REQUIRE_THROWS_AS((*model)(in.source + full({}, 7, i64), {}, in.input_ids), IndexError);
    REQUIRE_THROWS_AS((*model)(in.source, {}, in.input_ids, {.ratio = 1.5}), ValueError);
    REQUIRE_THROWS_WITH(model->decoder(Tensor(), {}), test::contains("SequenceModel: source"));
  }
  REQUIRE_THROWS_AS(LuongModel({.source_vocabulary = 0}), ValueError);
  REQUIRE_THROWS_AS(LuongModel({.source_vocabulary = 3, .layers = 0}), ValueError);
  REQUIRE_THROWS_WITH(RnnSearch({.source_vocabulary = 3, .attention = {.score = "dot"}}),
                      test::contains("equal sizes"));
  REQUIRE_THROWS_AS(RnnSearch({.source_vocabulary = 3, .attention = {.align = "swim"}}), ValueError);
  REQUIRE_THROWS_AS(make_cell("swim", {1, 1}), ValueError);
}
