// Decoding: what the searches find, compared with what a few lines find by trying everything; what they ask of the
// model; scheduled sampling.
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/layers/decoding/scheduled_sampling.h>
#include <fovea/layers/decoding/search.h>
#include <tests/catch.h>

#include <cmath>
#include <set>

using namespace fovea;
using namespace fovea::test;

namespace {

using Ids = std::vector<int64_t>;
constexpr int64_t kBegin = 1, kEnd = 0;

// A model whose every step depends on all ids before it and on the source, and which counts what it is asked.
class Rambler final : public IncrementalDecoder {
 public:
  Rambler(int64_t rows, int64_t vocabulary, double spread = 1, bool coarse = false)
      : vocabulary_(vocabulary), spread_(spread), coarse_(coarse) {
    for (int64_t b = 0; b < rows; ++b) generated_.push_back({b + 100});
  }
  int64_t rows() const override { return static_cast<int64_t>(generated_.size()); }
  Tensor step(const Tensor& last) override {
    ++steps;
    computed += rows();
    Tensor logits = empty({rows(), vocabulary_});
    for (size_t r = 0; r < generated_.size(); ++r) {
      generated_[r].push_back(last.at<int64_t>({static_cast<int64_t>(r)}));
      const Tensor row = logits_after(generated_[r]);
      array::copy(array::select(logits, 0, static_cast<int64_t>(r)), row);
    }
    return logits;
  }
  void reorder(const Tensor& rows) override {
    std::vector<Ids> next;
    for (int64_t r = 0; r < rows.numel(); ++r) next.push_back(generated_[static_cast<size_t>(rows.at<int64_t>({r}))]);
    generated_ = std::move(next);
  }
  Tensor logits_after(const Ids& ids) const {
    uint64_t key = 7;
    for (const int64_t id : ids) key = key * 1000003 + static_cast<uint64_t>(id);
    Generator generator(key);
    if (coarse_) return to(randint({vocabulary_}, 0, 2, generator), f32);  // full of ties
    return uniform({vocabulary_}, -spread_, spread_, generator);
  }
  // log p of `ids` after `begin`, for source b.
  double score(int64_t b, const Ids& ids) const {
    Ids given{b + 100, kBegin};
    double sum = 0;
    for (const int64_t id : ids) {
      sum += log_softmax(to(logits_after(given), f64), -1).at({id});
      given.push_back(id);
    }
    return sum;
  }
  int64_t steps = 0, computed = 0;

 private:
  int64_t vocabulary_;
  double spread_;
  bool coarse_;
  std::vector<Ids> generated_;
};

DecodingOptions up_to(int64_t max_length) { return {.begin = kBegin, .end = kEnd, .max_length = max_length}; }

// Row b up to and with the end mark.
Ids sentence(const Decoded& d, int64_t b) {
  Ids ids;
  for (int64_t t = 0; t < d.ids.size(1); ++t) {
    ids.push_back(d.ids.at<int64_t>({b, t}));
    if (ids.back() == kEnd) break;
  }
  return ids;
}

double normalised(double log_p, size_t length, double alpha) {
  return log_p / std::pow((5.0 + static_cast<double>(length)) / 6.0, alpha);
}

// All sentences of at most `max_length` ids that end.
void all_sentences(int64_t vocabulary, size_t max_length, Ids& prefix, std::vector<Ids>& found) {
  for (int64_t id = 0; id < vocabulary; ++id) {
    prefix.push_back(id);
    if (id == kEnd) found.push_back(prefix);
    if (id != kEnd && prefix.size() < max_length) all_sentences(vocabulary, max_length, prefix, found);
    prefix.pop_back();
  }
}

void require_same(const Decoded& a, const Decoded& b) {
  REQUIRE(equal(a.ids, b.ids));
  REQUIRE(equal(a.lengths, b.lengths));
  REQUIRE(allclose(a.log_probability, b.log_probability, 1e-12, 1e-12));
}

}  // namespace

TEST_CASE("greedy takes the most probable id at each step", "[layers][decoding]") {
  Rambler model(24, 5, 2);
  const Decoded output = greedy(model, up_to(8));
  REQUIRE(output.ids.size(0) == 24);
  bool some_ended = false, some_cut = false;
  for (int64_t b = 0; b < 24; ++b) {
    Ids expected, given{b + 100, kBegin};
    while (expected.size() < 8 && (expected.empty() || expected.back() != kEnd)) {
      expected.push_back(argmax(model.logits_after(given), -1).item<int64_t>());
      given.push_back(expected.back());
    }
    REQUIRE(sentence(output, b) == expected);
    const bool ended = expected.back() == kEnd;
    (ended ? some_ended : some_cut) = true;
    REQUIRE(output.lengths.at<int64_t>({b}) == static_cast<int64_t>(expected.size()) - (ended ? 1 : 0));
    for (auto t = static_cast<int64_t>(expected.size()); t < output.ids.size(1); ++t)
      REQUIRE(output.ids.at<int64_t>({b, t}) == kEnd);
  }
  REQUIRE(some_ended);
  REQUIRE(some_cut);
}

TEST_CASE("rows that ended are computed no more", "[layers][decoding]") {
  Rambler model(9, 4, 1);
  const Decoded output = greedy(model, up_to(12));
  int64_t needed = 0, max_length = 0;
  for (int64_t b = 0; b < 9; ++b) {
    const auto ids = static_cast<int64_t>(sentence(output, b).size());
    needed += ids;
    max_length = std::max(max_length, ids);
  }
  REQUIRE(needed < 9 * max_length);
  REQUIRE(model.computed == needed);
  REQUIRE(model.steps == max_length);
  REQUIRE(output.ids.size(1) == max_length);
}

TEST_CASE("a beam of 1 is greedy, with and without ties", "[layers][decoding]") {
  for (const bool coarse : {false, true})
    for (const double alpha : {0.0, 0.6, 2.0}) {
      Rambler one(12, 6, 1.5, coarse), other(12, 6, 1.5, coarse);
      const Decoded expected = greedy(one, up_to(7));
      require_same(beam_search(other, up_to(7), {.width = 1, .length_penalty = alpha}), expected);
      REQUIRE(other.computed == one.computed);
    }
}

TEST_CASE("a beam that holds everything finds the best of all sentences", "[layers][decoding]") {
  constexpr int64_t kVocabulary = 3, kLongest = 4;
  std::vector<Ids> all;
  Ids prefix;
  all_sentences(kVocabulary, kLongest, prefix, all);
  REQUIRE(all.size() == 1 + 2 + 4 + 8);
  std::set<size_t> lengths;
  for (const double alpha : {0.0, 0.6, 3.0}) {
    Rambler model(10, kVocabulary, 2);
    const Decoded found = beam_search(model, up_to(kLongest), {.width = 81, .length_penalty = alpha});
    for (int64_t b = 0; b < 10; ++b) {
      Ids best;
      double most = -1e9;
      for (const Ids& ids : all) {
        const double value = normalised(model.score(b, ids), ids.size(), alpha);
        if (value > most) {
          most = value;
          best = ids;
        }
      }
      REQUIRE(sentence(found, b) == best);
      REQUIRE(found.log_probability.at({b}) == Approx(model.score(b, best)).epsilon(1e-9));
      lengths.insert(best.size());
    }
  }
  REQUIRE(lengths.size() > 2);
}

TEST_CASE("the probability that is returned is the sentence's", "[layers][decoding]") {
  Rambler first(8, 6, 2), second(8, 6, 2), third(8, 6, 2);
  Generator generator(3);
  for (const Decoded& output : {greedy(first, up_to(6)), beam_search(second, up_to(6), {.width = 5}),
                                sample(third, up_to(6), {.temperature = 2, .top_k = 4, .generator = generator})})
    for (int64_t b = 0; b < 8; ++b)
      REQUIRE(output.log_probability.at({b}) == Approx(first.score(b, sentence(output, b))).epsilon(1e-9));
}

TEST_CASE("ties go to the lower id, then to the lower beam", "[layers][decoding]") {
  // The first two steps are ties of all ids; then a sentence that holds 1 once, first or second, ends for sure.
  class Even final : public IncrementalDecoder {
   public:
    explicit Even(int64_t rows) : generated_(static_cast<size_t>(rows)) {}
    int64_t rows() const override { return static_cast<int64_t>(generated_.size()); }
    Tensor step(const Tensor& last) override {
      Tensor logits = zeros({rows(), 4});
      for (size_t r = 0; r < generated_.size(); ++r) {
        generated_[r].push_back(last.at<int64_t>({static_cast<int64_t>(r)}));
        const bool sure = generated_[r] == Ids{0, 1, 0} || generated_[r] == Ids{0, 0, 1};
        if (sure) logits.set({static_cast<int64_t>(r), 3}, 30);
      }
      return logits;
    }
    void reorder(const Tensor& rows) override {
      std::vector<Ids> next;
      for (int64_t r = 0; r < rows.numel(); ++r) next.push_back(generated_[static_cast<size_t>(rows.at<int64_t>({r}))]);
      generated_ = std::move(next);
    }

   private:
    std::vector<Ids> generated_;
  };
  Even model(2);
  const DecodingOptions options{.begin = 0, .end = 3, .max_length = 3};
  const Decoded output = beam_search(model, options, {.width = 2, .length_penalty = 0});
  // After 0 and 1 a beam of two keeps 0 0 and 1 0, not 0 0 and 0 1.
  REQUIRE(equal(output.ids, tensor<int64_t>({1, 0, 3, 1, 0, 3}, {2, 3})));
  Even other(1);
  const Decoded cut = beam_search(other, {.begin = 0, .end = 3, .max_length = 2}, {.width = 3, .length_penalty = 0});
  REQUIRE(equal(cut.ids, zeros({1, 2}, i64)));  // 0 0, 1 0 and 2 0 are equal: the lower beam
}

TEST_CASE("a search asks for no step that cannot matter", "[layers][decoding]") {
  // Source 0 ends at once, source 1 after three ids; no other sentence comes near.
  class Sure final : public IncrementalDecoder {
   public:
    int64_t rows() const override { return static_cast<int64_t>(generated_.size()); }
    Tensor step(const Tensor& last) override {
      REQUIRE(last.numel() == rows());
      computed += rows();
      Tensor logits = full({rows(), 5}, -30);
      for (size_t r = 0; r < generated_.size(); ++r) {
        const bool ends = ++generated_[r].second > (generated_[r].first == 0 ? 0 : 3);
        logits.set({static_cast<int64_t>(r), ends ? kEnd : 2}, 0);
      }
      return logits;
    }
    void reorder(const Tensor& rows) override {
      std::vector<std::pair<int, int>> next;
      for (int64_t r = 0; r < rows.numel(); ++r) next.push_back(generated_[static_cast<size_t>(rows.at<int64_t>({r}))]);
      generated_ = std::move(next);
    }
    int64_t computed = 0;

   private:
    std::vector<std::pair<int, int>> generated_{{0, 0}, {1, 0}};  // source, ids generated
  };
  Sure one, other;
  const Decoded output = greedy(one, up_to(50));
  REQUIRE(equal(output.lengths, tensor<int64_t>({0, 3})));
  REQUIRE(one.computed == 2 + 1 + 1 + 1);
  const Decoded found = beam_search(other, up_to(50), {.width = 2});
  require_same(found, output);
  REQUIRE(other.computed == 2 + 1 + 1 + 1);  // source 0 leaves at once; source 1's second place ended in step 1
}

TEST_CASE("drawing: temperature and top k", "[layers][decoding]") {
  Rambler cold(10, 6, 2), exact(10, 6, 2), one(10, 6, 2), plain(10, 6, 2);
  const Decoded expected = greedy(plain, up_to(6));
  Generator generator(5);
  require_same(sample(cold, up_to(6), {.temperature = 1e-6, .generator = generator}), expected);
  require_same(sample(exact, up_to(6), {.temperature = 0}), expected);
  require_same(sample(one, up_to(6), {.top_k = 1}), expected);

  // Ties included: exactly the first k in order of probability, then of id, may be drawn.
  std::set<int64_t> drawn_first;
  for (int round = 0; round < 40; ++round) {
    Rambler hot(5, 7, 1, true);
    const Decoded output = sample(hot, up_to(4), {.temperature = 50, .top_k = 3, .generator = generator});
    for (int64_t b = 0; b < 5; ++b) {
      Ids given{b + 100, kBegin};
      for (const int64_t id : sentence(output, b)) {
        const Tensor allowed = topk(hot.logits_after(given), 3, -1).second;
        REQUIRE(any(eq(allowed, scalar(static_cast<double>(id), i64))));
        given.push_back(id);
      }
    }
    drawn_first.insert(output.ids.at<int64_t>({0, 0}));
  }
  REQUIRE(drawn_first.size() == 3);

  Generator first(9), second(9);
  Rambler same(4, 6), again(4, 6);
  require_same(sample(same, up_to(6), {.generator = first}), sample(again, up_to(6), {.generator = second}));
}

TEST_CASE("draws follow the probabilities at a temperature", "[layers][decoding]") {
  Rambler model(1, 4, 1);
  const Tensor p = softmax(model.logits_after({100, kBegin}) * 2, -1);
  Generator generator(2);
  Tensor count = zeros({4});
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    Rambler fresh(1, 4, 1);
    const Decoded output = sample(fresh, up_to(1), {.temperature = 0.5, .generator = generator});
    count = count + one_hot(select(select(output.ids, 0, 0), 0, 0), 4);
  }
  // Four deviations of a binomial count.
  REQUIRE(allclose(count * (1.0 / kDraws), p, 0, 4 * 0.5 / std::sqrt(static_cast<double>(kDraws))));
}

TEST_CASE("nothing to decode", "[layers][decoding]") {
  Rambler none(0, 4), some(3, 4), more(3, 4);
  REQUIRE(greedy(none, up_to(5)).ids.shape() == Shape{0, 0});
  REQUIRE(beam_search(none, up_to(5), {}).ids.shape() == Shape{0, 0});
  REQUIRE(greedy(some, up_to(0)).ids.shape() == Shape{3, 0});
  REQUIRE(beam_search(some, up_to(0), {}).ids.shape() == Shape{3, 0});
  REQUIRE(some.steps == 0);
  const Decoded endless = greedy(more, {.begin = kBegin, .end = -1, .max_length = 4});
  REQUIRE(equal(endless.lengths, full({3}, 4, i64)));
}

TEST_CASE("wrong arguments of decoding", "[layers][decoding]") {
  Rambler model(2, 4);
  REQUIRE_THROWS_AS(greedy(model, {.begin = -1, .end = 0, .max_length = 3}), ValueError);
  REQUIRE_THROWS_AS(greedy(model, {.begin = 1, .end = 0, .max_length = -3}), ValueError);
  REQUIRE_THROWS_AS(greedy(model, {.begin = 1, .end = 4, .max_length = 3}), ValueError);
  REQUIRE_THROWS_AS(sample(model, up_to(3), {.temperature = -1}), ValueError);
  REQUIRE_THROWS_AS(sample(model, up_to(3), {.temperature = std::nan("")}), ValueError);
  REQUIRE_THROWS_AS(sample(model, up_to(3), {.top_k = -1}), ValueError);
  REQUIRE_THROWS_AS(beam_search(model, up_to(3), {.width = 0}), ValueError);
  REQUIRE_THROWS_AS(beam_search(model, up_to(3), {.length_penalty = -1}), ValueError);
  class Broken final : public IncrementalDecoder {
   public:
    explicit Broken(const Tensor& logits) : logits_(logits) {}
    int64_t rows() const override { return 2; }
    Tensor step(const Tensor&) override { return logits_; }
    void reorder(const Tensor&) override {}

   private:
    Tensor logits_;
  };
  Broken nan(full({2, 4}, std::nan(""))), rank(zeros({2, 1, 4})), rows(zeros({3, 4})), undefined{Tensor()};
  REQUIRE_THROWS_AS(greedy(nan, up_to(3)), ValueError);
  REQUIRE_THROWS_AS(beam_search(nan, up_to(3), {}), ValueError);
  REQUIRE_THROWS_AS(greedy(rank, up_to(3)), ShapeError);
  REQUIRE_THROWS_AS(greedy(rows, up_to(3)), ShapeError);
  REQUIRE_THROWS_AS(greedy(undefined, up_to(3)), ShapeError);
}

TEST_CASE("scheduled sampling: the schedules", "[layers][decoding]") {
  REQUIRE(linear_decay(0, 0.9, 0.01, 0.2) == Approx(0.9));
  REQUIRE(linear_decay(30, 0.9, 0.01, 0.2) == Approx(0.6));
  REQUIRE(linear_decay(1000, 0.9, 0.01, 0.2) == Approx(0.2));
  REQUIRE(exponential_decay(0, 0.99) == 1);
  REQUIRE(exponential_decay(3, 0.5) == Approx(0.125));
  REQUIRE(inverse_sigmoid_decay(0, 4) == Approx(0.8));
  REQUIRE(inverse_sigmoid_decay(8, 4) == Approx(4 / (4 + std::exp(2.0))));
  REQUIRE(inverse_sigmoid_decay(1'000'000, 1) == 0);
  REQUIRE_THROWS_AS(linear_decay(-1, 1, 0, 0), ValueError);
  REQUIRE_THROWS_AS(linear_decay(0, 1.5, 0, 0), ValueError);
  REQUIRE_THROWS_AS(linear_decay(0, 0.5, 0, 0.6), ValueError);
  REQUIRE_THROWS_AS(exponential_decay(0, 1), ValueError);
  REQUIRE_THROWS_AS(inverse_sigmoid_decay(0, 0.5), ValueError);
}

TEST_CASE("scheduled sampling: what is given", "[layers][decoding]") {
  constexpr int64_t kRows = 2000;
  Generator generator(4);
  const Tensor true_ids = zeros({kRows}, i64);
  // The model is sure of 1 or 2, as likely as each other: 0 comes from the true ids alone.
  const Tensor logits = expand(tensor({-1e9F, 0.F, 0.F}), {kRows, 3});
  REQUIRE(equal(scheduled_input(true_ids, logits, 1, generator), true_ids));
  const auto share = [&](const Tensor& ids, double id) { return mean(to(eq(ids, scalar(id, i64)), f64)).item(); };
  REQUIRE(share(scheduled_input(true_ids, logits, 0, generator), 0) == 0);
  const Tensor mixed = scheduled_input(true_ids, logits, 0.7, generator);
  REQUIRE(share(mixed, 0) == Approx(0.7).margin(0.05));
  REQUIRE(share(mixed, 1) == Approx(0.15).margin(0.04));
  REQUIRE(share(mixed, 2) == Approx(0.15).margin(0.04));
  REQUIRE_FALSE(mixed.requires_grad());
  REQUIRE_THROWS_AS(scheduled_input(true_ids, logits, 1.5, generator), ValueError);
  REQUIRE_THROWS_AS(scheduled_input(true_ids, zeros({3, 3}), 0.5, generator), ShapeError);
  REQUIRE_THROWS_AS(scheduled_input(zeros({2, 2}, i64), zeros({2, 3}), 0.5, generator), ShapeError);
}
