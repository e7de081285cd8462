// The captioner: the contract, decoding step by step and by beams, and what must hold of soft and hard attention,
// whatever the weights are.
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/vision/caption.h>
#include <fovea/layers/vision/caption_loss.h>
#include <fovea/layers/vision/feature_grid.h>
#include <tests/layers/contract.h>

#include <cmath>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

constexpr int64_t kCount = 6, kPlaces = 5, kFeatures = 3;  // words, L, Da

Captioner make(const std::string& align, uint64_t seed = 1) {
  Generator generator(seed);
  Captioner made(
      {.vocabulary = kCount, .features = kFeatures, .embed_dim = 4, .hidden_size = 5, .align = align, .width = 7},
      generator);
  to(made, f64);
  return made;
}

Tensor annotations(uint64_t seed = 3, int64_t batch = 2) {
  Generator generator(seed);
  return uniform({batch, kPlaces, kFeatures}, -1, 1, generator, f64);
}

const Tensor kInput = reshape(tensor({0, 3, 2, 5, 0, 4, 1, 1}), {2, 4});
const Tensor kTarget = reshape(tensor({3, 2, 5, 1, 4, 1, -100, -100}), {2, 4});

Tensor named(const Captioner& captioner, const std::string& name) {
  for (const auto& [own, parameter] : named_parameters(captioner))
    if (own == name) return parameter;
  FAIL(name << " is no parameter");
  return {};
}

// The hard loss of one draw, always the same.
Tensor hard_loss(const Captioner& captioner, const CaptionLossOptions& options) {
  Generator draws(9);
  MovingBaseline baseline;
  return caption_loss(captioner(annotations(), kInput, draws), kTarget, options, baseline);
}

List gradients_of(const Captioner& captioner, const Tensor& loss, const std::string& part) {
  List watched;
  for (const auto& [name, parameter] : named_parameters(captioner))
    if (name.find(part) == 0) watched.push_back(parameter);
  REQUIRE(!watched.empty());
  List found = grad(loss, watched, {.allow_unused = true});
  for (size_t i = 0; i < found.size(); ++i)
    if (!found[i].defined()) found[i] = zeros_like(watched[i]);
  return found;
}

bool all_zero(const List& list) {
  return std::all_of(list.begin(), list.end(), [](const Tensor& x) { return !any(ne(x, 0)); });
}

}  // namespace

TEST_CASE("the captioner and its grid keep the contract", "[layers][contract][caption]") {
  Generator images(5);
  require_contract(Contract<FeatureGrid>{[](Generator& g) {
                                           return FeatureGrid({.in_channels = 2, .channels = {3, 4, 5}}, g);
                                         },
                                         [](const FeatureGrid& m, const List& in) { return List{m(in[0])}; },
                                         {uniform({2, 2, 8, 4}, -1, 1, images, f64)},
                                         {}});
  for (const std::string align : {"soft", "none"})
    require_contract(Contract<Captioner>{
        [&](Generator& g) {
          return Captioner(
              {.vocabulary = kCount, .features = kFeatures, .embed_dim = 4, .hidden_size = 5, .align = align}, g);
        },
        [](const Captioner& m, const List& in) { return List{m(in[0], in[1]).logits}; },
        {annotations(), kInput},
        {}});
}

TEST_CASE("a place of the grid knows where it is, and with a kernel of 1 no other place", "[layers][caption]") {
  const Tensor p = position_channels(2, 4, f64);
  REQUIRE(equal(select(p, 0, 0), reshape(tensor({-0.75, -0.25, 0.25, 0.75, -0.75, -0.25, 0.25, 0.75}), {2, 4})));
  REQUIRE(equal(select(p, 0, 1), reshape(tensor({-0.5, -0.5, -0.5, -0.5, 0.5, 0.5, 0.5, 0.5}), {2, 4})));
  Generator generator(2);
  FeatureGrid grid({.in_channels = 3, .channels = {4, 4, 6}, .kernel = 1}, generator);
  grid.eval();  // in training the batch's statistics are of all places
  const Tensor a = grid(zeros({1, 3, 16, 16}));
  REQUIRE(a.shape() == Shape{1, 16, 8});
  REQUIRE(grid.features() == 8);
  REQUIRE(
      equal(contiguous(slice(select(select(a, 0, 0), 0, 6), 0, 6)), tensor({0.25F, -0.25F})));  // row 1, column 2 of 4
  REQUIRE(!equal(contiguous(select(a, 1, 5)), contiguous(select(a, 1, 6))));
  Tensor image = zeros({1, 3, 16, 16});
  image.set({0, 1, 1, 14}, 1);  // in the upper right corner: places 2 and 3 of the first rows see it
  const Tensor other = grid(image);
  for (const int64_t place : {0, 1, 4, 5, 8, 11, 15})
    REQUIRE(equal(contiguous(select(a, 1, place)), contiguous(select(other, 1, place))));
  REQUIRE(!equal(contiguous(select(a, 1, 3)), contiguous(select(other, 1, 3))));
}

TEST_CASE("the weights over the places sum to 1, soft and hard", "[layers][caption]") {
  for (const std::string align : {"soft", "hard"}) {
    const Captioner captioner = make(align);
    Generator draws(4);
    const SequenceOutput y = captioner(annotations(), kInput, draws);
    REQUIRE(y.logits.shape() == Shape{2, 4, kCount});
    REQUIRE(y.weights.shape() == Shape{2, 4, kPlaces});
    REQUIRE(allclose(sum(y.weights, -1), ones({2, 4}, f64), 1e-12, 1e-12));
    REQUIRE(y.log_probability.defined() == (align == "hard"));
    if (align == "hard") REQUIRE(equal(max(y.weights, -1), ones({2, 4}, f64)));
  }
  REQUIRE(!make("none")(annotations(), kInput).weights.defined());
}

TEST_CASE("where α is one-hot, soft and hard attention see the same", "[layers][caption]") {
  Captioner soft = make("soft", 1), hard = make("hard", 2);
  named(soft, "attention.score.chosen.v").detach().fill_(1e5);
  load_state(hard, state(soft));
  const SequenceOutput one = soft(annotations(), kInput);
  REQUIRE(equal(max(one.weights, -1), ones({2, 4}, f64)));
  Generator draws(4);
  const SequenceOutput other = hard(annotations(), kInput, draws);
  REQUIRE(equal(one.weights, other.weights));
  REQUIRE(equal(one.logits, other.logits));
}

TEST_CASE("equations (1) to (6) by hand, for one step", "[layers][caption]") {
  const Captioner m = make("soft");
  const Tensor a = annotations();
  const Tensor mean = fovea::mean(a, 1), h = tanh(m.initial_hidden(mean)), c = tanh(m.initial_cell(mean));
  const auto part = [&](const std::string& name) { return named(m, "attention.score.chosen." + name); };
  const Tensor e =
      matmul(tanh(linear(a, part("key_weight")) + unsqueeze(linear(h, part("query_weight")), 1)), part("v"));
  const Tensor alpha = softmax(e, -1);
  const Tensor z = sigmoid(m.gate(h)) * squeeze(matmul(unsqueeze(alpha, 1), a), 1);
  const Tensor token = m.words(select(kInput, 1, 0));
  const Tensor next = m.lstm(cat({token, z}, 1), {h, c}).state.hidden;
  const Tensor logits = m.output(tanh(token + m.reads(cat({next, z}, 1))));
  const SequenceOutput y = m(a, kInput);
  REQUIRE(allclose(select(y.weights, 1, 0), alpha, 1e-12, 1e-12));
  REQUIRE(allclose(select(y.logits, 1, 0), logits, 1e-12, 1e-12));
}

TEST_CASE("without attention every word sees the mean of the grid", "[layers][caption]") {
  const Captioner none = make("none");
  const Tensor a = annotations();
  const Tensor same = expand(mean(a, 1, true), a.shape());
  REQUIRE(allclose(none(a, kInput).logits, none(same, kInput).logits, 1e-12, 1e-12));
  REQUIRE(!allclose(make("soft")(a, kInput).logits, make("soft")(same, kInput).logits, 1e-6, 1e-6));
}

TEST_CASE("scores of the attention learn from draws through the score-function term alone", "[layers][caption]") {
  const Captioner hard = make("hard");
  REQUIRE(all_zero(gradients_of(hard, hard_loss(hard, {.score_weight = 0}), "attention")));
  for (const CaptionLossOptions& options :
       {CaptionLossOptions{.score_weight = 1}, CaptionLossOptions{.score_weight = 0, .entropy = 0.1}})
    for (const Tensor& gradient : gradients_of(hard, hard_loss(hard, options), "attention"))
      REQUIRE(any(ne(gradient, 0)));
  Captioner expecting = make("hard");  // what is expected needs no score
  for_each_module<Hard>(expecting, [](Hard& each) { each.set_expectation(1); });
  const List soft = gradients_of(expecting, hard_loss(expecting, {.score_weight = 0}), "attention");
  REQUIRE(!all_zero(soft));
  const List same = gradients_of(expecting, hard_loss(expecting, {.score_weight = 1}), "attention");
  for (size_t i = 0; i < soft.size(); ++i) REQUIRE(equal(soft[i], same[i]));
}

TEST_CASE("no gradient passes through the reward of a draw", "[layers][caption]") {
  // The output layer makes the reward, and nothing that is drawn depends on it.
  const Captioner hard = make("hard");
  const List without = gradients_of(hard, hard_loss(hard, {.score_weight = 0}), "output"),
             with = gradients_of(hard, hard_loss(hard, {.score_weight = 1, .discount = 0.5}), "output");
  REQUIRE(!all_zero(without));
  for (size_t i = 0; i < with.size(); ++i) REQUIRE(equal(with[i], without[i]));
}

TEST_CASE("equations (1) to (4) of the loss by hand", "[layers][caption]") {
  const Captioner soft = make("soft"), hard = make("hard");
  const SequenceOutput y = soft(annotations(), kInput);
  const Tensor log_p = log_softmax(y.logits, -1);
  double surprise = 0, uneven = 0, entropy = 0;
  for (int64_t b = 0; b < 2; ++b) {
    const int64_t length = b == 0 ? 4 : 2;
    for (int64_t t = 0; t < length; ++t) {
      surprise -= log_p.at({b, t, kTarget.at<int64_t>({b, t})});
      for (int64_t i = 0; i < kPlaces; ++i) entropy -= y.weights.at({b, t, i}) * std::log(y.weights.at({b, t, i}));
    }
    for (int64_t i = 0; i < kPlaces; ++i) {
      double seen = 0;
      for (int64_t t = 0; t < length; ++t) seen += y.weights.at({b, t, i});
      uneven += (1 - seen) * (1 - seen);
    }
  }
  MovingBaseline unused;
  REQUIRE(caption_loss(y, kTarget, {.doubly = 0.3}, unused).item() == Approx((surprise + 0.3 * uneven) / 6));
  REQUIRE(caption_loss(y, kTarget, {.sharpen = 0.4}, unused).item() == Approx((surprise + 0.4 * entropy) / 6));
  REQUIRE_THROWS_AS(caption_loss(y, full_like(kTarget, CrossEntropyOptions{}.ignore_index), {}, unused), ValueError);
  REQUIRE(!unused.value().defined());

  Generator draws(9);
  const SequenceOutput drawn = hard(annotations(), kInput, draws);
  const Tensor log_q = log_softmax(drawn.logits, -1);
  MovingBaseline baseline;
  baseline.set_value(scalar(-0.5, f64));
  double expected = 0, total = 0;
  for (int64_t b = 0; b < 2; ++b) {
    double reward = 0;
    for (int64_t t = b == 0 ? 3 : 1; t >= 0; --t) {
      const double own = log_q.at({b, t, kTarget.at<int64_t>({b, t})});
      reward = own + 0.5 * reward;
      total += reward;
      expected -= own + 0.7 * (reward + 0.5) * drawn.log_probability.at({b, t});
      expected -= (0.2 - 0.3) * drawn.entropy.at({b, t});
    }
  }
  const CaptionLossOptions options{.score_weight = 0.7, .entropy = 0.2, .discount = 0.5, .sharpen = 0.3};
  REQUIRE(caption_loss(drawn, kTarget, options, baseline).item() == Approx(expected / 6));
  REQUIRE(baseline.value().item() == Approx(0.9 * -0.5 + 0.1 * total / 6));  // after it was used
}

TEST_CASE("what is past a caption's end changes nothing of its loss", "[layers][caption]") {
  const Captioner soft = make("soft");
  Tensor other = kInput.clone();
  other.set({1, 2}, 5), other.set({1, 3}, 2);
  MovingBaseline unused;
  const CaptionLossOptions options{.doubly = 1};
  REQUIRE(caption_loss(soft(annotations(), kInput), kTarget, options, unused).item() ==
          caption_loss(soft(annotations(), other), kTarget, options, unused).item());
}

TEST_CASE("a captioner step by step is the captioner under teacher forcing", "[layers][caption]") {
  for (const std::string align : {"soft", "hard", "none"}) {
    Captioner captioner = make(align);
    captioner.eval();
    const auto decoder = captioner.decoder(annotations());
    List steps;
    for (const Tensor& last : unbind(kInput, 1)) steps.push_back(decoder->step(last));
    REQUIRE(allclose(stack(steps, 1), captioner(annotations(), kInput).logits, 1e-12, 1e-12));
  }
}

TEST_CASE("dropout hides the state from the words, in training alone", "[layers][caption]") {
  Generator initial(1);
  Captioner captioner({.vocabulary = kCount, .features = kFeatures, .embed_dim = 4, .hidden_size = 5, .dropout = 1},
                      initial);
  to(captioner, f64);
  const Tensor seen = captioner(annotations(), kInput).weights;
  const auto words_alone = gradients_of(captioner, sum(captioner(annotations(), kInput).logits), "reads.weight");
  REQUIRE(all_zero({slice(words_alone[0], 1, 0, 5)}));  // of L_h
  REQUIRE(any(ne(slice(words_alone[0], 1, 5), 0)));     // of L_z
  captioner.eval();
  REQUIRE(equal(captioner(annotations(), kInput).weights, seen));  // the state itself goes on as it was
  const auto both = gradients_of(captioner, sum(captioner(annotations(), kInput).logits), "reads.weight");
  REQUIRE(any(ne(slice(both[0], 1, 0, 5), 0)));
}

TEST_CASE("rows of a captioner's decoder change places with all that they know", "[layers][caption]") {
  for (const std::string align : {"soft", "none"}) {
    Captioner captioner = make(align);
    captioner.eval();
    const auto decoder = captioner.decoder(annotations());
    decoder->step(tensor({0, 0}));
    decoder->reorder(tensor({1, 1, 0}));
    const Tensor moved = decoder->step(tensor({3, 2, 4}));
    const auto straight = captioner.decoder(index_select(annotations(), 0, tensor({1, 1, 0})));
    straight->step(tensor({0, 0, 0}));
    REQUIRE(allclose(moved, straight->step(tensor({3, 2, 4})), 1e-12, 1e-12));
  }
}

TEST_CASE("a beam of 1 gives a captioner's greedy captions; their score is that of teacher forcing",
          "[layers][caption]") {
  Captioner captioner = make("soft");
  captioner.eval();
  const Tensor a = annotations(8, 20);
  const DecodingOptions options{.begin = 0, .end = 1, .max_length = 7};
  const auto one = captioner.decoder(a), other = captioner.decoder(a), wide = captioner.decoder(a);
  const Decoded best = greedy(*one, options), beam = beam_search(*other, options, {.width = 1, .length_penalty = 0}),
                more = beam_search(*wide, options, {.width = 4, .length_penalty = 0});
  REQUIRE(equal(best.ids, beam.ids));
  REQUIRE(equal(best.lengths, beam.lengths));
  const Tensor ids = more.ids, input = cat({zeros({20, 1}, i64), slice(ids, 1, 0, ids.size(1) - 1)}, 1);
  const Tensor log_p = squeeze(gather(log_softmax(captioner(a, input).logits, -1), 2, unsqueeze(ids, 2)), 2);
  const Tensor counts = le(arange(ids.size(1)), unsqueeze(more.lengths, 1));
  REQUIRE(allclose(sum(where(counts, log_p, scalar(0, f64)), 1), more.log_probability, 1e-9, 1e-9));
}

TEST_CASE("the captioner and its grid refuse what does not fit", "[layers][caption][errors]") {
  const Captioner captioner = make("soft");
  REQUIRE_THROWS_WITH(captioner(ones({2, 5, 4}, f64), kInput), contains("Captioner") && contains("annotations"));
  REQUIRE_THROWS_AS(captioner(ones({2, 0, 3}, f64), kInput), ShapeError);
  REQUIRE_THROWS_WITH(captioner(annotations(), tensor({1, 2})), contains("input_ids"));
  REQUIRE_THROWS_AS(captioner(annotations(), full({2, 1}, kCount, i64)), IndexError);
  REQUIRE_THROWS_WITH(captioner(annotations(1, 3), kInput), contains("input_ids"));
  REQUIRE_THROWS_WITH(make("hazy"), contains("hazy"));
  REQUIRE_THROWS_AS(Captioner({.vocabulary = 0, .features = 3}), ValueError);
  REQUIRE_THROWS_AS(FeatureGrid({.kernel = 2}), ValueError);
  REQUIRE_THROWS_AS(FeatureGrid({.channels = {}}), ValueError);
  REQUIRE_THROWS_WITH(FeatureGrid()(ones({1, 3, 6, 8})), contains("FeatureGrid") && contains("multiples of 4"));
  REQUIRE_THROWS_AS(FeatureGrid()(ones({1, 2, 8, 8})), ShapeError);
}
