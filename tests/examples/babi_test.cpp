// Stories and questions of examples/babi: how files are read, also broken ones; the questions as numbers; the noise in
// time.
#include <fovea/autograd/ops.h>
#include <fovea/optim/training/text_file.h>
#include <tests/catch.h>
#include <tests/scratch.h>

#include "examples/babi/tasks.h"

using namespace fovea;
using namespace fovea::examples;
using fovea::test::contains;

namespace {

const std::string story =
    "1 Mary moved to the bathroom.\n"
    "2 John went to the hallway.\n"
    "3 Where is Mary? \tbathroom\t1\n"
    "4 Mary took the milk there.\n"
    "5 What is Mary carrying?\tmilk,Apple\t4 1\n"
    "1 Sandra is in the park.\n"
    "2 Is Sandra in the park?\tyes\t1\n";

Stories read(const std::string& text, bool answers = true) {
  const fovea::test::Scratch scratch;
  write_text(scratch / "story.txt", text);
  return read_stories(scratch / "story.txt", answers);
}

void require_same(const Stories& a, const Stories& b) {
  REQUIRE(a.sentences.size() == b.sentences.size());
  for (size_t i = 0; i < a.sentences.size(); ++i) REQUIRE(a.sentences[i].words == b.sentences[i].words);
  REQUIRE(a.questions.size() == b.questions.size());
  for (size_t i = 0; i < a.questions.size(); ++i) {
    REQUIRE(a.questions[i].first == b.questions[i].first);
    REQUIRE(a.questions[i].count == b.questions[i].count);
    REQUIRE(a.questions[i].asked.words == b.questions[i].asked.words);
    REQUIRE(a.questions[i].answer == b.questions[i].answer);
  }
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

void refuse(const std::string& text, const std::string& message, bool answers = true) {
  INFO(text);
  REQUIRE_THROWS_AS(read(text, answers), FileError);
  REQUIRE_THROWS_WITH(read(text, answers), contains("story.txt") && contains(message));
}

}  // namespace

TEST_CASE("a file of stories is read as it is", "[examples][babi]") {
  const Stories found = read(story);
  REQUIRE(found.sentences.size() == 4);
  REQUIRE(found.sentences[0].text == "Mary moved to the bathroom.");
  REQUIRE(found.sentences[0].words == text::Words{"mary", "moved", "to", "the", "bathroom"});
  REQUIRE(found.questions.size() == 3);
  REQUIRE(found.questions[0].first == 0);
  REQUIRE(found.questions[0].count == 2);
  REQUIRE(found.questions[0].asked.text == "Where is Mary?");
  REQUIRE(found.questions[0].answer == "bathroom");
  REQUIRE(found.questions[1].count == 3);  // questions are not remembered
  REQUIRE(found.questions[1].answer == "milk,apple");
  REQUIRE(found.questions[1].support == std::vector<size_t>{2, 0});
  REQUIRE(found.questions[2].first == 3);
  REQUIRE(found.questions[2].count == 1);
}

TEST_CASE("what can be meant is read", "[examples][babi]") {
  const Stories plain = read(story);
  require_same(read(replaced(story, "\n", "\r\n")), plain);
  require_same(read("\xEF\xBB\xBF" + story), plain);
  require_same(read(replaced(story, "\n", "\n\n \n")), plain);
  require_same(read(story.substr(0, story.size() - 1)), plain);
  require_same(read(replaced(replaced(story, "\t4 1", ""), "\t1\n", "\n")), plain);  // no lines that say so
  require_same(read(replaced(replaced(replaced(story, "4 ", "14 "), "5 ", "20 "), "\t14 1", "\t14 1")), plain);
  // Without numbers, blank lines between the stories.
  std::string bare = replaced(story, "1 Sandra", "\nSandra");
  for (const char* number : {"1 ", "2 ", "3 ", "4 ", "5 "}) bare = replaced(bare, "\n" + std::string(number), "\n");
  bare = replaced(replaced(bare.substr(2), "\t4 1", ""), "\t1\n", "\n");
  require_same(read(bare), plain);
  // To be answered: no answer is needed.
  const Stories asked = read("1 Mary is here.\n2 Where is Mary?\n", false);
  REQUIRE(asked.questions.size() == 1);
  REQUIRE(asked.questions[0].answer.empty());
}

TEST_CASE("what cannot be meant is refused with file and line", "[examples][babi]") {
  refuse("1 Mary is here.\n2 Where is Mary?\n", "story.txt:2: a question without an answer");
  refuse("1 Mary is here.\n2 Where is Mary?\t\t1\n", "story.txt:2: a question without an answer");
  refuse("1 Mary is here.\nJohn is here.\n2 Where?\there\n", "story.txt:2: no number");
  refuse("Mary is here.\n2 Where?\there\n", "story.txt:2: a number");
  refuse("1 Mary is here.\n5 John is here.\n3 Where?\there\n", "story.txt:3: number 3 after 5");
  refuse("1 Mary is here.\n2 John is here.\n2 Where?\there\n", "story.txt:3: number 2 after 2");
  refuse("1 Mary is here.\n2 Where?\there\t7\n", "story.txt:2: \"7\" behind the answer");
  refuse("1 Mary is here.\n2 Where?\there\tone\n", "story.txt:2: \"one\" behind the answer");
  refuse("1 Mary is here.\n2 ...\n3 Where?\there\n", "story.txt:2: no words");
  refuse("1 Mary is h\xE9re.\n2 Where?\there\n", "story.txt:1: byte 12 is not UTF-8");
  refuse("1 Mary is here.\n", "no question");
  refuse("", "no question");
  REQUIRE_THROWS_WITH(read_stories("/nowhere/story.txt", true), contains("/nowhere/story.txt"));
}

TEST_CASE("lines that somebody types", "[examples][babi]") {
  StoryReader reader(false);
  REQUIRE_FALSE(reader.read_typed("Mary is in the park.", "stdin:1"));
  REQUIRE(reader.read_typed("Where is Mary? park 1", "stdin:2"));
  REQUIRE(reader.stories.questions.back().asked.words == text::Words{"where", "is", "mary"});
  REQUIRE(reader.stories.questions.back().count == 1);
  REQUIRE_THROWS_AS(reader.read_typed("1 John is here.", "stdin:3"), ValueError);
  REQUIRE(reader.read_typed("Where?", "stdin:4"));
  REQUIRE(reader.stories.questions.back().count == 1);
}

TEST_CASE("questions as numbers: the last sentences, filled up", "[examples][babi]") {
  const Stories stories = read(story);
  const text::Vocabulary words = vocabulary_of(stories);
  const Questions all(stories, {0, 1, 2}, words, 2);
  REQUIRE(all.size() == 3);
  const Example second = all.item(1);
  REQUIRE(second[0].shape() == Shape{2, 5});  // of three sentences the last two
  const text::Words &last = stories.sentences[1].words, &asked = stories.questions[1].asked.words;
  REQUIRE(asked.size() == 4);
  for (int64_t j = 0; j < 5; ++j) {
    REQUIRE(second[0].at<int64_t>({0, j}) == words.id(last[static_cast<size_t>(j)]));
    REQUIRE(second[1].at<int64_t>({j}) == (j < 4 ? words.id(asked[static_cast<size_t>(j)]) : 0));
  }
  REQUIRE(words.word(second[2].at<int64_t>({})) == "milk,apple");
  const Batch batch = collate({all.item(0), all.item(2)});
  REQUIRE(batch.fields[0].shape() == Shape{2, 2, 5});
  REQUIRE(equal(batch.mask(0), gt(tensor<int64_t>({1, 1, 1, 0}, {2, 2}), scalar(0, i64))));
}

TEST_CASE("noise in time leaves gaps and keeps the order", "[examples][babi]") {
  Generator generator(3);
  const Tensor lengths = tensor<int64_t>({10, 3, 0});
  bool gap = false, none = false;
  for (int trial = 0; trial < 200; ++trial) {
    const Tensor times = noisy_times(lengths, 10, 0.2, generator);
    for (int64_t b = 0; b < 3; ++b) {
      const auto n = lengths.at<int64_t>({b});
      for (int64_t i = 0; i < 10; ++i) {
        const auto t = times.at<int64_t>({b, i});
        REQUIRE((i < n ? t >= n - i : t == 0));
        if (i + 1 < n) REQUIRE(t > times.at<int64_t>({b, i + 1}));
      }
    }
    const auto first = times.at<int64_t>({0, 0});
    REQUIRE(first <= 12);
    gap = gap || first > 10;
    none = none || first == 10;
  }
  REQUIRE(gap);
  REQUIRE(none);
  REQUIRE(equal(noisy_times(tensor<int64_t>({2}), 3, 0, generator), tensor<int64_t>({2, 1, 0}, {1, 3})));
}

TEST_CASE("the files of a task: a tenth in whole stories for validation; en stands in for a file of en-10k",
          "[examples][babi]") {
  const fovea::test::Scratch scratch;
  std::string many;
  for (int i = 0; i < 20; ++i) many += "1 Mary is here.\n2 Where is Mary?\there\t1\n3 Who is here?\tmary\t1\n";
  for (const char* set : {"en", "en-10k", "en-valid-10k"}) std::filesystem::create_directories(scratch / set);
  for (const char* set : {"en", "en-10k"}) write_text(scratch / set / "qa3_x_test.txt", story);
  write_text(scratch / "en" / "qa3_x_train.txt", many);
  const TaskData en = read_tasks(scratch / "en", {3});
  REQUIRE(en.learned.size() == 36);
  REQUIRE(en.validation.size() == 4);
  REQUIRE(en.tested.size() == 3);
  REQUIRE(en.training.questions.back().task == 3);
  write_text(scratch / "en-valid-10k" / "qa3_valid.txt", many);
  REQUIRE(read_tasks(scratch / "en-10k", {3}).learned.size() == 72);
  write_text(scratch / "en-10k" / "qa3_x_train.txt", many);
  REQUIRE(read_tasks(scratch / "en-10k", {3}).learned.size() == 36);
  REQUIRE_THROWS_WITH(read_tasks(scratch / "en", {4}), contains("no file qa4_*_train.txt"));
  write_text(scratch / "en" / "qa5_x_train.txt",
             "1 Mary is here.\n2 Who is here?\tmary\t1\n3 Where is Mary?\there\t1\n");
  write_text(scratch / "en" / "qa5_x_test.txt", story);
  REQUIRE_THROWS_WITH(read_tasks(scratch / "en", {5}), contains("too few stories"));
}
