// Pointer networks and read-process-write: the contract, the formula step by step, decoding that only gives valid
// answers, and what order changes and what it does not.
#include <fovea/autograd/mode.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/pointer/pointer_network.h>
#include <fovea/layers/pointer/read_process_write.h>
#include <tests/catch.h>
#include <tests/layers/contract.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

using namespace fovea;
using test::Contract;

namespace {

Tensor random_points(const Shape& shape, DType dtype = f32, uint64_t seed = 5) {
  Generator generator(seed);
  return uniform(shape, 0, 1, generator, dtype);
}

Tensor ids(std::initializer_list<int64_t> values, const Shape& shape) { return tensor<int64_t>(values, shape); }

// Weights and losses; log p itself has -inf where it is masked.
template <class Model>
std::vector<Tensor> outputs(const Model& model, const std::vector<Tensor>& in) {
  const LogWeights a = model(in[0], in[1], in.size() > 2 ? in[2] : Tensor());
  return {a.weights, nll_loss(a.log_weights, in[1], {.reduction = Reduction::none})};
}

// Both models behind one set of options.
struct Setting {
  bool set, stop, revisit, glimpse;
};
template <class Body>
void with_model(const Setting& s, int64_t input_size, Body&& body) {
  Generator generator(11);
  if (s.set)
    body(ReadProcessWrite({.input_size = input_size,
                           .hidden_size = 6,
                           .process_steps = 3,
                           .stop = s.stop,
                           .revisit = s.revisit,
                           .glimpse = s.glimpse},
                          generator));
  else
    body(PointerNetwork(
        {.input_size = input_size, .hidden_size = 6, .stop = s.stop, .revisit = s.revisit, .glimpse = s.glimpse},
        generator));
}
std::vector<Setting> all_settings() {
  std::vector<Setting> out;
  for (int bits = 0; bits < 16; ++bits)
    out.push_back({(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0});
  return out;
}

// Σ log p of answers [B, U], f64 [B]; negative ones count nothing.
template <class Model>
Tensor log_p_of(const Model& model, const Tensor& points, const Tensor& answers, const Tensor& lengths = {}) {
  const NoGrad quiet;
  const Tensor log_p = model(points, answers, lengths).log_weights;
  return neg(sum(to(nll_loss(log_p, answers, {.reduction = Reduction::none}), f64), 1));
}

// Makes the answer of a search one that the model can be given: past its end, and at an end that was not chosen, -100.
Tensor as_answers(const Decoded& found, int64_t items, bool stop) {
  Tensor out = array::clone(found.ids);
  for (int64_t b = 0; b < out.size(0); ++b)
    for (int64_t i = found.lengths.at<int64_t>({b}) + (stop ? 1 : 0); i < out.size(1); ++i) out.set({b, i}, -100);
  return stop ? out : slice(out, 1, 0, std::min(items, out.size(1)));
}

}  // namespace

TEST_CASE("pointer networks keep the contract", "[pointer][contract]") {
  const Tensor points = random_points({2, 4, 2}, f64), lengths = ids({4, 3}, {2});
  const Tensor other = where(ge(arange(4).detach(), scalar(3, i64)), scalar(0.3, f64), scalar(0, f64));  // at step 3
  Tensor other_points = array::clone(points);
  select(other_points, 0, 1).copy_(select(points, 0, 1) + unsqueeze(other, 1));
  for (const Setting& s : all_settings()) {
    INFO("set " << s.set << ", stop " << s.stop << ", revisit " << s.revisit << ", glimpse " << s.glimpse);
    const Tensor answers = s.stop ? ids({2, 0, 4, 1, 2, 4}, {2, 3}) : ids({2, 0, 1, 3, 1, 0, 2, -100}, {2, 4});
    const std::vector<Tensor> inputs{points, answers, lengths}, masked{other_points, answers, lengths};
    if (s.set)
      test::require_contract<ReadProcessWrite>(
          {.make =
               [&](Generator& g) {
                 return ReadProcessWrite(
                     {.input_size = 2, .hidden_size = 5, .stop = s.stop, .revisit = s.revisit, .glimpse = s.glimpse},
                     g);
               },
           .call = outputs<ReadProcessWrite>,
           .inputs = inputs,
           .masked_inputs = masked});
    else
      test::require_contract<PointerNetwork>(
          {.make =
               [&](Generator& g) {
                 return PointerNetwork(
                     {.input_size = 2, .hidden_size = 5, .stop = s.stop, .revisit = s.revisit, .glimpse = s.glimpse},
                     g);
               },
           .call = outputs<PointerNetwork>,
           .inputs = inputs,
           .masked_inputs = masked});
  }
}

TEST_CASE("a pointer network is its formula, step by step", "[pointer]") {
  Generator generator(3);
  PointerNetwork network({.input_size = 2, .hidden_size = 4, .stop = true, .revisit = true}, generator);
  to(network, f64);
  std::map<std::string, Tensor> w;
  for (const auto& [name, tensor] : named_parameters(network)) w[name] = tensor.detach();
  const Tensor points = random_points({1, 3, 2}, f64), answers = ids({2, 0, 3}, {1, 3});
  const auto step = [&](const std::string& lstm, const Tensor& x, LstmStep& s) {
    const Tensor gates = linear(x, w[lstm + "weight_ih_l0"], w[lstm + "bias_ih_l0"]) +
                         linear(s.hidden, w[lstm + "weight_hh_l0"], w[lstm + "bias_hh_l0"]);
    s = lstm_cell(gates, s.cell);
  };
  const Tensor p = linear(points, w["embed.weight"], w["embed.bias"]);
  LstmStep s{zeros({1, 4}, f64), zeros({1, 4}, f64)};
  std::vector<Tensor> keys;
  for (int64_t j = 0; j < 3; ++j) {
    step("encoder.", select(p, 1, j), s);
    keys.push_back(s.hidden);
  }
  keys.push_back(unsqueeze(w["decoder.stop"], 0));
  std::vector<Tensor> rows;
  Tensor x = unsqueeze(w["decoder.start"], 0);
  for (int64_t i = 0; i < 3; ++i) {
    step("decoder.lstm.", x, s);
    std::vector<Tensor> u;
    for (const Tensor& e : keys)
      u.push_back(sum(w["decoder.pointer.score.v"] * tanh(linear(e, w["decoder.pointer.score.key_weight"]) +
                                                          linear(s.hidden, w["decoder.pointer.score.query_weight"]))));
    rows.push_back(softmax(stack(u, 0), 0));
    const int64_t chosen = answers.at<int64_t>({0, i});
    if (chosen < 3) x = select(p, 1, chosen);
  }
  const LogWeights found = network(points, answers);
  REQUIRE(allclose(found.weights, unsqueeze(stack(rows, 0), 0), 1e-10));
  REQUIRE(allclose(exp(found.log_weights), found.weights, 1e-10));
}

TEST_CASE("weights are distributions over what may still be chosen", "[pointer]") {
  const Tensor points = random_points({2, 5, 1}), lengths = ids({5, 3}, {2});
  const Tensor answers = ids({4, 1, 0, 2, 3, 1, 2, 0, -100, -100}, {2, 5});
  for (const Setting& s : all_settings())
    with_model(s, 1, [&](const auto& model) {
      const Tensor w = model(points, answers, lengths).weights;  // [2, 5, S]
      REQUIRE(w.size(2) == (s.stop ? 6 : 5));
      for (int64_t b = 0; b < 2; ++b)
        for (int64_t i = 0; i < (b == 0 ? 5 : 3); ++i) {
          REQUIRE(sum(select(select(w, 0, b), 0, i)).item() == test::Approx(1));
          if (s.stop) REQUIRE(w.at({b, i, 5}) > 0);
          for (int64_t j = 0; j < 5; ++j) {
            bool allowed = b == 0 || j < 3;
            for (int64_t k = 0; k < i && !s.revisit; ++k) allowed = allowed && answers.at<int64_t>({b, k}) != j;
            REQUIRE((w.at({b, i, j}) > 0) == allowed);
          }
        }
    });
}

TEST_CASE("greedy and beam give valid answers only, and their score is that of teacher forcing", "[pointer]") {
  const Tensor points = random_points({3, 5, 2}), lengths = ids({5, 1, 3}, {3});
  for (const Setting& s : all_settings())
    with_model(s, 2, [&](const auto& model) {
      const Decoded one = model.greedy(points, lengths), beam1 = model.beam_search(points, 1, lengths);
      REQUIRE(equal(one.ids, beam1.ids));
      REQUIRE(allclose(one.log_probability, beam1.log_probability, 1e-9, 1e-12));
      for (const Decoded& found : {one, model.beam_search(points, 4, lengths)}) {
        for (int64_t b = 0; b < 3; ++b) {
          const int64_t items = lengths.at<int64_t>({b}), count = found.lengths.at<int64_t>({b});
          std::set<int64_t> seen;
          for (int64_t i = 0; i < found.ids.size(1); ++i) {
            const int64_t id = found.ids.at<int64_t>({b, i});
            REQUIRE((i < count ? id >= 0 && id < items : id == 5));
            if (i < count) seen.insert(id);
          }
          if (!s.revisit) REQUIRE(static_cast<int64_t>(seen.size()) == count);
          if (!s.stop) REQUIRE(count == items);
        }
        const Tensor again = log_p_of(model, points, as_answers(found, 5, s.stop), lengths);
        if (!s.stop || !s.revisit) REQUIRE(allclose(again, found.log_probability, 1e-5, 1e-5));
      }
    });
}

TEST_CASE("a beam as wide as there are answers finds the best of all", "[pointer]") {
  const Tensor points = random_points({2, 4, 2}, f32, 9);
  for (bool set : {false, true})
    with_model({set, false, false, true}, 2, [&](const auto& model) {
      std::vector<int64_t> order{0, 1, 2, 3};
      Tensor best;
      do {
        const Tensor answers = expand(from(order, {1, 4}), {2, 4});
        const Tensor log_p = log_p_of(model, points, contiguous(answers));
        best = best.defined() ? maximum(best, log_p) : log_p;
      } while (std::next_permutation(order.begin(), order.end()));
      REQUIRE(allclose(model.beam_search(points, 24).log_probability, best, 1e-5, 1e-5));
    });
}

TEST_CASE("padding a batch changes no answer of its rows", "[pointer]") {
  const Tensor points = random_points({2, 3, 2}), answers = ids({2, 0, 1, 1, 0, 2}, {2, 3}), lengths = ids({3, 3}, {2});
  for (const Setting& s : all_settings())
    with_model(s, 2, [&](const auto& model) {
      const Tensor padded = cat({points, full({2, 2, 2}, 7)}, 1);
      const Tensor p = model(points, answers).weights, q = model(padded, answers, lengths).weights;
      REQUIRE(allclose(slice(p, 2, 0, 3), slice(q, 2, 0, 3), 1e-5, 1e-6));
      // Answers that may go on for ever are cut at the length of the batch.
      if (!s.stop || !s.revisit) REQUIRE(equal(model.greedy(points).lengths, model.greedy(padded, lengths).lengths));
    });
}

TEST_CASE("read-process-write knows no order: q* stays, p moves with the items", "[pointer]") {
  Generator generator(2);
  const Tensor points = random_points({2, 6, 2}, f64), order = ids({3, 0, 5, 1, 4, 2}, {6});
  const Tensor moved = index_select(points, 1, order);
  const Tensor answers = ids({5, 4, 3, 2, 1, 0, 0, 2, 4, 1, 3, 5}, {2, 6});  // positions in `points`
  const Tensor place = argsort(order, 0);                                    // where item j of `points` went
  for (int64_t steps : {0, 1, 5}) {
    ReadProcessWrite model({.input_size = 2, .hidden_size = 7, .process_steps = steps, .glimpse = true}, generator);
    to(model, f64);
    const State before = model.read(points).state, after = model.read(moved).state;
    REQUIRE(allclose(before.hidden, after.hidden, 1e-12, 1e-13));
    REQUIRE(allclose(before.cell, after.cell, 1e-12, 1e-13));
    const Tensor p = model(points, answers).weights;
    const Tensor q = model(moved, reshape(index_select(place, 0, reshape(answers, {-1})), {2, 6})).weights;
    REQUIRE(allclose(index_select(p, 2, order), q, 1e-10, 1e-12));
  }
}

TEST_CASE("a pointer network does know the order of its input", "[pointer]") {
  with_model({false, false, false, false}, 2, [&](const auto& model) {
    const Tensor points = random_points({1, 4, 2});
    const State before = model.read(points).state, after = model.read(flip(points, 1)).state;
    REQUIRE_FALSE(allclose(before.hidden, after.hidden, 1e-3, 1e-3));
  });
}

TEST_CASE("each step of processing attends to the set", "[pointer]") {
  Generator generator(4);
  ReadProcessWrite model({.input_size = 1, .hidden_size = 4, .process_steps = 3}, generator);
  name_paths(model, "model");
  WeightCollector collected;
  model.read(random_points({2, 5, 1}), ids({5, 2}, {2}));
  const Tensor a = collected.over_time("model.attention");  // [2, 3, 5]
  REQUIRE(a.shape() == Shape{2, 3, 5});
  REQUIRE(allclose(sum(a, -1), ones({2, 3}), 1e-5));
  REQUIRE(max(slice(select(a, 0, 1), 1, 2)).item() == 0);
}

TEST_CASE("pointer networks refuse what does not fit", "[pointer]") {
  const PointerNetwork network({.input_size = 2, .hidden_size = 4}),
      stopping({.input_size = 2, .hidden_size = 4, .stop = true});
  const Tensor points = random_points({2, 3, 2});
  REQUIRE_THROWS_AS(PointerNetwork({.input_size = 0}), ValueError);
  REQUIRE_THROWS_AS(PointerNetwork({.input_size = 2, .hidden_size = 0}), ValueError);
  REQUIRE_THROWS_AS(ReadProcessWrite({.input_size = 2, .process_steps = -1}), ValueError);
  REQUIRE_THROWS_AS(network.greedy(random_points({2, 3, 1})), ShapeError);
  REQUIRE_THROWS_AS(network.greedy(random_points({3, 2})), ShapeError);
  REQUIRE_THROWS_AS(network.greedy(random_points({2, 0, 2})), ShapeError);
  REQUIRE_THROWS_AS(network.greedy(points, ids({3, 4}, {2})), IndexError);
  REQUIRE_THROWS_AS(network.beam_search(points, 0), ValueError);
  REQUIRE_THROWS_AS(network(points, ids({0, 1}, {2})), ShapeError);
  REQUIRE_THROWS_AS(network(points, Tensor()), ShapeError);
  REQUIRE_THROWS_AS(network(points, ids({0, 1, 2}, {1, 3})), ShapeError);
  REQUIRE_THROWS_AS(network(points, zeros({2, 3})), ShapeError);
  REQUIRE_THROWS_AS(network(points, ids({0, 1, 2, 0, 1, 3}, {2, 3})), IndexError);
  REQUIRE_THROWS_WITH(network(points, ids({0, 1, 2, 0, 1, 3}, {2, 3})),
                      test::contains("an answer is 3; there are 3 slots, 0 to 2"));
  REQUIRE_NOTHROW(stopping(points, ids({0, 1, 3, 0, 1, 3}, {2, 3})));
  REQUIRE_THROWS_AS(stopping(points, ids({0, 1, 4, 0, 1, 3}, {2, 3})), IndexError);
  REQUIRE_THROWS_AS(network.write({points, points, {}, {}}, ids({0, 1}, {2, 1})), ShapeError);
}
