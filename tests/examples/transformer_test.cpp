// The tasks of examples/transformer: right answers, and parts that have no string in common.
#include <fovea/core/error.h>
#include <tests/catch.h>

#include <algorithm>
#include <set>

#include "examples/transformer/ablation.h"
#include "examples/transformer/strings.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

std::string text_of(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += word;
  return text;
}

}  // namespace

TEST_CASE("the answers of the string tasks", "[transformer]") {
  Generator generator(1);
  std::set<size_t> lengths;
  for (const char* task : {"copy", "reverse", "sort"}) {
    const StringSource strings({.task = task, .min_length = 4, .max_length = 7});
    REQUIRE(strings.max_answer() == 8);
    for (int i = 0; i < 100; ++i) {
      const Pair pair = strings.draw(Part::training, generator);
      std::string expected = text_of(pair.source);
      if (std::string(task) == "reverse") std::reverse(expected.begin(), expected.end());
      if (std::string(task) == "sort") std::sort(expected.begin(), expected.end());
      REQUIRE(text_of(pair.target) == expected);
      lengths.insert(expected.size());
    }
  }
  REQUIRE(lengths == std::set<size_t>{4, 5, 6, 7});
}

TEST_CASE("sums forwards and backwards", "[transformer]") {
  Generator generator(2);
  for (const bool backwards : {false, true}) {
    const StringSource strings({.task = "addition", .backwards = backwards});
    for (int i = 0; i < 200; ++i) {
      const Pair pair = strings.draw(Part::test, generator);
      const std::string question = text_of(pair.source);
      std::string answer = text_of(pair.target);
      REQUIRE(question.size() == 8);
      REQUIRE(question[3] == '+');
      REQUIRE(question[7] == '=');
      if (backwards) std::reverse(answer.begin(), answer.end());
      REQUIRE(answer.size() == 4);
      REQUIRE(std::stoi(answer) == std::stoi(question.substr(0, 3)) + std::stoi(question.substr(4, 3)));
    }
  }
}

TEST_CASE("no string of a test is one of training", "[transformer]") {
  for (const char* task : {"sort", "addition"}) {
    // Strings of four digits: so few that parts that overlap would show it.
    const StringSource strings({.task = task, .min_length = 4, .max_length = 4});
    std::set<std::string> parts[3];
    const Generator generator(3);
    for (int p = 0; p < 3; ++p)
      for (const Pair& pair : strings.draw(static_cast<Part>(p), 4000, generator.fork(static_cast<uint64_t>(p)))) {
        std::string key = text_of(pair.source);
        if (key.size() == 8 && key.substr(4, 3) < key.substr(0, 3))
          key = key.substr(4, 3) + '+' + key.substr(0, 3) + '=';
        parts[p].insert(key);
      }
    for (int p = 0; p < 3; ++p) {
      REQUIRE(parts[p].size() > 500);
      for (const std::string& key : parts[p]) REQUIRE(parts[(p + 1) % 3].count(key) == 0);
    }
  }
}

TEST_CASE("string tasks that cannot be", "[transformer]") {
  REQUIRE_THROWS_AS(StringSource({.task = "swim"}), ValueError);
  REQUIRE_THROWS_AS(StringSource({.task = "copy", .min_length = 3}), ValueError);
  REQUIRE_THROWS_AS(StringSource({.task = "copy", .min_length = 8, .max_length = 7}), ValueError);
}

TEST_CASE("an ablation counts digits and carries, and leaves the model as it was", "[transformer]") {
  Generator generator(6);
  const StringSource strings({.task = "addition"});
  const Vocabulary& words = strings.vocabulary();
  TransformerModel model({.transformer = {.embed_dim = 16, .heads = 2, .feed_forward = 16, .layers = 1, .dropout = 0},
                          .source_vocabulary = words.size()},
                         generator);
  const Translator translator(model, words, words, {.max_length = 5});
  const std::vector<Pair> sums = strings.draw(Part::test, 200, generator);
  const Ablation ablation(model, 2, translator, sums, false);
  const DigitAnswers whole = ablation.whole();

  const Tensor output = argmax(translator.logits(translator.batch(sums)), -1);  // all steps at once, [B, 5]
  std::array<double, 4> right{}, wrong_carry{};
  for (size_t i = 0; i < sums.size(); ++i) {
    const std::string text = text_of(sums[i].source);
    const int a = std::stoi(text.substr(0, 3)), b = std::stoi(text.substr(4, 3));
    for (const auto& [place, power] : {std::pair{0, 1}, {1, 10}, {2, 100}, {3, 1000}}) {
      const auto p = static_cast<size_t>(place);
      const std::string& put_out = words.word(output.at<int64_t>({static_cast<int64_t>(i), 3 - place}));
      const int digit = (a + b) / power % 10, bare = (a / power + b / power) % 10;
      right[p] += put_out == std::to_string(digit) ? 0.5 : 0;
      wrong_carry[p] += put_out == std::to_string(digit == bare ? (bare + 1) % 10 : bare) ? 0.5 : 0;
    }
  }
  for (size_t p = 0; p < 4; ++p) {
    REQUIRE(whole.right[p] == test::Approx(right[p]));
    REQUIRE(whole.wrong_carry[p] == test::Approx(wrong_carry[p]));
  }
  const auto same = [](const DigitAnswers& x, const DigitAnswers& y) {
    return x.right == y.right && x.wrong_carry == y.wrong_carry;
  };
  REQUIRE_FALSE((same(ablation.without_head(0, 0), whole) && same(ablation.without_head(0, 1), whole)));
  REQUIRE_FALSE((same(ablation.without_place(0), whole) && same(ablation.without_place(2), whole)));
  REQUIRE(same(ablation.whole(), whole));
}
