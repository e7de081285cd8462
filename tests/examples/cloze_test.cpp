// The stories of cloze: one sentence answers, near facts mislead, entities have no names of their own, what is held out
// is not told; and what somebody types becomes a story.
#include <fovea/autograd/ops.h>
#include <tests/catch.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "examples/cloze/asked.h"
#include "examples/cloze/changed.h"
#include "examples/cloze/stories.h"
#include "examples/common/weighted_text.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

const World& world() {
  static const World one(8);
  return one;
}

std::vector<std::string> words_of(const std::vector<int64_t>& ids) {
  std::vector<std::string> words;
  for (const int64_t id : ids) words.push_back(world().word(id));
  return words;
}

// What a sentence or a question says, whichever form it has.
struct Said {
  std::string verb, noun, a, b;
};
Said said(const std::vector<int64_t>& ids) {
  const std::vector<std::string> w = words_of(ids);
  if (w[0] == "the") return {w[3], w[1], w[7], w[5]};  // the N was V to B by A
  if (w[0] == "in") return {w[5], w[3], w[7], w[1]};   // in B the N was V by A
  return {w[1], w[3], w[0], w[5]};                     // A V the N to|in B
}
bool place_verb(const std::string& verb) { return verb == "found" || verb == "lost" || verb == "left"; }
bool held_out(const Said& fact) {
  static const std::vector<std::string> nouns{"lamp", "rope", "book", "coin", "drum"};
  static const std::vector<std::vector<std::string>> verbs{{"sold", "lent", "sent"}, {"found", "lost", "left"}};
  const auto& of_kind = verbs[place_verb(fact.verb) ? 1 : 0];
  const auto verb = std::find(of_kind.begin(), of_kind.end(), fact.verb) - of_kind.begin();
  return (verb + (std::find(nouns.begin(), nouns.end(), fact.noun) - nouns.begin())) % 5 == 0;
}

}  // namespace

TEST_CASE("one sentence of a story answers its question, and others are near", "[examples][cloze]") {
  Generator generator(3);
  int same_noun = 0, same_verb = 0;
  std::set<size_t> sources;
  for (int i = 0; i < 300; ++i) {
    const Share share = i % 2 == 0 ? Share::training : Share::test;
    const Story story = tell(world(), {5, share}, generator);
    REQUIRE(story.sentences.size() == 5);
    REQUIRE(story.answer < world().entities());
    sources.insert(story.source);
    const Said question = said(story.question);
    REQUIRE((question.a == "@x") != (question.b == "@x"));
    REQUIRE(held_out(question) == (share == Share::test));
    for (size_t s = 0; s < 5; ++s) {
      REQUIRE(story.sentences[s].back() == world().stop());
      const Said fact = said(story.sentences[s]);
      REQUIRE(fact.a != fact.b);
      if (share == Share::training) REQUIRE(!held_out(fact));
      const bool answers = fact.noun == question.noun && place_verb(fact.verb) == place_verb(question.verb);
      REQUIRE(answers == (s == story.source));
      if (answers) {
        REQUIRE(fact.verb == question.verb);
        REQUIRE((question.a == "@x" ? fact.a : fact.b) == world().word(story.answer));
        REQUIRE((question.a == "@x" ? fact.b == question.b : fact.a == question.a));
      } else {
        same_noun += fact.noun == question.noun ? 1 : 0;
        same_verb += fact.verb == question.verb ? 1 : 0;
      }
    }
  }
  REQUIRE(sources.size() == 5);
  REQUIRE((same_noun > 250 && same_verb > 250));
}

TEST_CASE("every entity is every answer equally often, as a person and as a place", "[examples][cloze]") {
  Generator generator(4);
  std::map<int64_t, int> persons, places;
  for (int i = 0; i < 1600; ++i) {
    const Story story = tell(world(), {2, Share::training}, generator);
    const Said question = said(story.question);
    ++(question.b == "@x" && place_verb(question.verb) ? places : persons)[story.answer];
  }
  REQUIRE((persons.size() == 8 && places.size() == 8));
  for (const auto& [id, count] : persons) REQUIRE((count > 100 && count < 200));  // 1,200 / 8
  for (const auto& [id, count] : places) REQUIRE((count > 20 && count < 90));     // 400 / 8
}

TEST_CASE("a batch holds stories of unlike length", "[examples][cloze]") {
  Generator generator(5), again(5);
  const Batch batch = fresh_stories(world(), 6, {3, Share::training}, generator);
  for (int64_t b = 0; b < 6; ++b) {
    const Story story = tell(world(), {3, Share::training}, again);
    std::vector<int64_t> document;
    for (const auto& sentence : story.sentences) document.insert(document.end(), sentence.begin(), sentence.end());
    REQUIRE(batch.lengths[0].at<int64_t>({b}) == static_cast<int64_t>(document.size()));
    REQUIRE(batch.lengths[1].at<int64_t>({b}) == static_cast<int64_t>(story.question.size()));
    for (size_t t = 0; t < document.size(); ++t)
      REQUIRE(batch.fields[0].at<int64_t>({b, static_cast<int64_t>(t)}) == document[t]);
    REQUIRE(batch.fields[2].at<int64_t>({b}) == story.answer);
  }
  REQUIRE_THROWS_AS(tell(world(), {0, Share::test}, generator), ValueError);
  REQUIRE_THROWS_AS(World(7), ValueError);
}

TEST_CASE("what somebody types becomes a story", "[examples][cloze]") {
  const auto read = [](const std::string& text) { return AskedReader(world(), "--ask").read(text); };
  const AskedStory asked =
      read("Ann sold the lamp to Bob. In Rome the lamp was lost by Ann . The lamp was sold to @x by Ann.");
  REQUIRE(asked.names == std::vector<std::string>{"Ann", "Bob", "Rome"});
  REQUIRE(asked.story.sentences.size() == 2);
  REQUIRE(words_of(asked.story.sentences[0]) ==
          std::vector<std::string>{"@e0", "sold", "the", "lamp", "to", "@e1", "."});
  REQUIRE(words_of(asked.story.question) ==
          std::vector<std::string>{"the", "lamp", "was", "sold", "to", "@x", "by", "@e0"});
  REQUIRE(read("@x sold the lamp to Bob. Ann sold the lamp to Bob").names.size() == 2);
  for (const char* bad :
       {"", "The lamp. @x sold the lamp to Bob.", "Ann sold the lamp to Bob.", "@x sold the lamp to Bob.",
        "Ann ate the lamp. @x sold the lamp", "Ann sold the lamp to Bob. @x sold the lamp to @x.",
        "Ann sold the lamp to Bob. @x sold the lamp. @x lent the lamp.",
        "A B C D E F G H I sold the lamp. @x sold the lamp"}) {
    INFO(bad);
    REQUIRE_THROWS_AS(read(bad), ValueError);
  }
  try {
    read("Ann ate the lamp. @x sold the lamp");
  } catch (const ValueError& error) {
    const std::string text = error.what();
    REQUIRE((text.find("--ask: \"ate\"") == 0 && text.find("lamp, rope") != std::string::npos));
  }
}

TEST_CASE("a picture of weighted text needs a weight for each word", "[examples][picture]") {
  const std::string file = P_tmpdir "/fovea_weighted_" + std::to_string(getpid()) + ".png";
  WeightedTextPicture picture{.panels = {{.title = "words", .lines = {{"a", "b"}, {"c"}}, .weights = {{0, 1}, {0.5}}}}};
  write_picture(file, picture);
  REQUIRE(std::filesystem::file_size(file) > 500);
  std::filesystem::remove(file);
  picture.panels[0].weights[0].pop_back();
  REQUIRE_THROWS_AS(write_picture(file, picture), ShapeError);
  REQUIRE(!std::filesystem::exists(file));
}

TEST_CASE("Kendall's τ, the distances between answers and between weights", "[examples][cloze]") {
  REQUIRE(kendall_tau({1, 2, 3}, {10, 20, 30}) == test::Approx(1));
  REQUIRE(kendall_tau({1, 2, 3}, {3, 2, 1}) == test::Approx(-1));
  REQUIRE(kendall_tau({1, 2, 3, 4}, {1, 3, 2, 4}) == test::Approx(4.0 / 6));
  REQUIRE(kendall_tau({1, 1, 2}, {1, 2, 3}) == test::Approx(2 / std::sqrt(6.0)));  // scipy.stats.kendalltau
  REQUIRE(std::isnan(kendall_tau({1, 1}, {1, 2})));
  const Tensor a = tensor({1.0, 0.0, 0.0}), b = tensor({0.0, 0.5, 0.5});
  REQUIRE(total_variation(a, b).item() == test::Approx(1));
  REQUIRE(total_variation(a, a).item() == 0);
  REQUIRE(jensen_shannon(a, b).item() == test::Approx(std::log(2.0)).epsilon(1e-5));
  REQUIRE(jensen_shannon(b, b).item() == test::Approx(0).margin(1e-6));
  REQUIRE(median_of({3, 1, 2}) == 2);
  REQUIRE(median_of({4, 1, 2, 3}) == 2.5);
}

TEST_CASE("weights are changed without a trace: the reader's own give its own answer again", "[examples][cloze]") {
  Generator generator(5);
  const AttentiveReader reader({.vocabulary = world().vocabulary(), .entities = 8, .embed_dim = 6, .hidden_size = 5},
                               generator);
  const Story story = tell(world(), {3, Share::test}, generator);
  const ChangedStory one(reader, story);
  const Tensor mixed = one.permuted(20, generator);
  REQUIRE(mixed.shape() == Shape{20, 1, one.length()});
  REQUIRE(allclose(sum(mixed, -1), ones({20, 1})));
  REQUIRE(max(one.distance(one.with_weights(mixed))).item() > 0);
  const double apart = one.adversarial({.ascents = 30, .epsilon = 1}, generator);  // any answer will do
  REQUIRE((apart > 0.3 && apart <= std::log(2.0) + 1e-6));
  REQUIRE(one.adversarial({.ascents = 5, .epsilon = 0}, generator) == 0);
  const double tau = one.tau_of_gradient(), left_out = one.tau_of_leaving_out();
  REQUIRE((std::abs(tau) <= 1 && std::abs(left_out) <= 1));
}
