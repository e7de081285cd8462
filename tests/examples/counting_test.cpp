// The languages of counting: sentences, what of them is determined, streams of them, what counts as solved, and shows.
#include <fovea/core/error.h>
#include <tests/catch.h>

#include <algorithm>
#include <map>
#include <set>

#include "examples/counting/evaluation.h"
#include "examples/counting/pictures.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

std::string marks(const Word& sentence) {
  std::string text;
  for (const bool mark : sentence.determined) text += mark ? '1' : '0';
  return text;
}

int64_t value(std::string_view digits) {
  int64_t sum = 0;
  for (const char digit : digits) sum = 2 * sum + (digit - '0');
  return sum;
}

}  // namespace

TEST_CASE("sentences that count, and which of their symbols can be known", "[examples][counting]") {
  Generator generator(3);
  const std::map<std::string, std::pair<std::string, std::string>> expected{
      {"anbn", {"aaabbb", "100011"}},
      {"anbncn", {"aaabbbccc", "100011111"}},
      {"anbncndn", {"aaabbbcccddd", "100011111111"}},
      {"anb2n", {"aaabbbbbb", "100011111"}}};
  for (const auto& [name, made] : expected) {
    const Word sentence = language(name).make(3, generator);
    REQUIRE(sentence.text == made.first);
    REQUIRE(marks(sentence) == made.second);
  }
  std::set<std::string> seen;
  for (int i = 0; i < 40; ++i) {
    const Word sentence = language("anbmcnm").make(3, generator);
    seen.insert(sentence.text);
    REQUIRE(marks(sentence) == "100011");
  }
  REQUIRE(seen == std::set<std::string>{"aabccc", "abbccc"});
}

TEST_CASE("a word comes back from its end, and every letter is drawn", "[examples][counting]") {
  Generator generator(4);
  std::set<std::string> words;
  for (int i = 0; i < 100; ++i) {
    const Word sentence = language("memorisation").make(3, generator);
    REQUIRE(sentence.text.size() == 7);
    for (size_t j = 0; j < 3; ++j) REQUIRE(sentence.text[j] == sentence.text[6 - j]);
    REQUIRE(sentence.text[3] == '=');
    REQUIRE(marks(sentence) == "0000111");
    words.insert(sentence.text.substr(0, 3));
  }
  REQUIRE(words.size() == 8);
}

TEST_CASE("sums are right, and written from their lowest digit on", "[examples][counting]") {
  Generator generator(5);
  std::set<size_t> lengths;
  for (int64_t n = 2; n < 20; ++n)
    for (int i = 0; i < 20; ++i) {
      const Word sentence = language("addition").make(n, generator);
      const size_t plus = sentence.text.find('+'), equals = sentence.text.find('=');
      const std::string x = sentence.text.substr(0, plus), y = sentence.text.substr(plus + 1, equals - plus - 1);
      std::string sum = sentence.text.substr(equals + 1);
      REQUIRE(static_cast<int64_t>(x.size() + y.size()) == n);
      REQUIRE((x.size() == 1 || x[0] == '1'));
      REQUIRE((y.size() == 1 || y[0] == '1'));
      REQUIRE(sum.back() == '.');
      sum.pop_back();
      REQUIRE(value(std::string(sum.rbegin(), sum.rend())) == value(x) + value(y));
      REQUIRE((sum.size() == std::max(x.size(), y.size()) || sum.back() == '1'));
      REQUIRE(marks(sentence) == std::string(equals + 1, '0') + std::string(sum.size() + 1, '1'));
      if (n == 10) lengths.insert(x.size());
    }
  REQUIRE(lengths.size() > 4);
}

TEST_CASE("languages and sizes that cannot be are refused", "[examples][counting]") {
  Generator generator(6);
  REQUIRE_THROWS_WITH(language("anbnan"), test::contains("anbn, anbncn"));
  REQUIRE_THROWS_AS(language("anbn").make(0, generator), ValueError);
  REQUIRE_THROWS_AS(language("anbmcnm").make(1, generator), ValueError);
  REQUIRE_THROWS_AS(language("addition").make(1, generator), ValueError);
}

TEST_CASE("windows follow each other without a gap, from a file too", "[examples][counting]") {
  const Language& lang = language("anbmcnm");
  Generator generator(7);
  Streams streams(lang, 3), other(lang, 3);
  std::string text, known;
  for (int w = 0; w < 4; ++w) {
    if (w == 2) other.load_state(streams.saved_state());
    const StreamWindow window = (w < 2 ? streams : other).next(7, 5, generator);
    for (int64_t t = 0; t < 7; ++t) {
      const auto id = window.ids.at<int64_t>({1, t});
      if (!text.empty()) REQUIRE(known == lang.symbols.substr(static_cast<size_t>(id), 1));  // what was to follow
      text += lang.symbols[static_cast<size_t>(id)];
      known = lang.symbols[static_cast<size_t>(window.next.at<int64_t>({1, t}))];
    }
  }
  // Whole sentences, one after the other.
  for (size_t at = 0; text.find('a', text.find('c', at)) != std::string::npos;) {
    const size_t end = text.find('a', text.find('c', at));
    const std::string sentence = text.substr(at, end - at);
    const auto count = [&](char c) { return std::count(sentence.begin(), sentence.end(), c); };
    REQUIRE(count('a') + count('b') == count('c'));
    REQUIRE(count('c') <= 5);
    at = end;
  }
  SavedState broken = streams.saved_state();
  broken.metadata["text1"] += "x";
  REQUIRE_THROWS_AS(other.load_state(broken), FileError);
}

TEST_CASE("the state of a network goes with its streams", "[examples][counting]") {
  Generator generator(8);
  const Predictor model(2, StackRnnOptions{.input_size = 2, .hidden_size = 3, .stacks = 1, .capacity = 8}, generator);
  Streams streams(language("anbn"), 2), other(language("anbn"), 2);
  const auto logits = [&](Streams& of, Generator data) { return model(of.next(5, 4, data).ids, of.state); };
  logits(streams, generator);
  streams.state = detach(streams.state);
  other.load_state(streams.saved_state());
  REQUIRE(equal(logits(other, generator), logits(streams, generator)));
  streams.begin_anew();
  REQUIRE_FALSE(streams.state.stack.stacks.defined());
  REQUIRE(streams.next(1, 4, generator).ids.at<int64_t>({0, 0}) == 0);  // a sentence begins
}

TEST_CASE("a row that is asked counts the determined symbols of its sentence and the first of the next",
          "[examples][counting]") {
  Generator generator(9);
  for (int i = 0; i < 20; ++i) {
    const TestWord row = ask(language("anbn"), 4, 3, generator);
    REQUIRE(row.text.substr(row.text.size() - 9) == "aaaabbbba");
    std::string counts;
    for (const bool each : row.counts) counts += each ? '1' : '0';
    REQUIRE(counts == std::string(row.text.size() - 9, '0') + "000001111");
  }
  const TestWord sum = ask(language("addition"), 4, 3, generator);
  REQUIRE_FALSE(sum.counts.back());  // whether the next number begins with 0 or 1 nobody can know
}

TEST_CASE("a network that knows nothing solves nothing, and figures are of all sizes", "[examples][counting]") {
  Generator generator(10);
  const Predictor model(3, "lstm", 4, generator);
  const Solved found = evaluate(model, language("anbmcnm"), 1, 6, 5, 4, generator);
  REQUIRE(found.sizes == std::vector<int64_t>{2, 3, 4, 5, 6});
  REQUIRE(found.percent.size() == 5);
  REQUIRE(found.all() < 50);
  REQUIRE((found.nats > 0.5 && found.nats < 3));
  Solved half;
  half.sizes = {1, 2};
  half.percent = {100, 95};
  REQUIRE(half.all() == 50);
}

TEST_CASE("the stacks that are shown are those that push and pop most, in their order") {
  Tensor actions = zeros({5, 6, 3});  // POP, NO-OP, PUSH
  const auto act = [&](int64_t stack, const std::vector<int64_t>& what) {
    for (size_t t = 0; t < what.size(); ++t) actions.set({stack, static_cast<int64_t>(t), what[t]}, 1);
  };
  act(0, {2, 2, 2, 2, 2, 2}), act(1, {2, 2, 0, 0, 1, 1}), act(2, {1, 1, 1, 1, 1, 1});
  act(3, {2, 0, 0, 0, 0, 0}), act(4, {2, 2, 2, 0, 0, 0});
  CHECK(busiest(actions, 3) == std::vector<int64_t>{1, 3, 4});
  CHECK(busiest(actions, 1) == std::vector<int64_t>{4});
  CHECK(busiest(actions, 9).size() == 5);
}
