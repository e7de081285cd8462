// Stories with questions, as the bAbI tasks are written: Weston et al. 2015, arXiv 1502.05698.
//
//   1 Mary moved to the bathroom.
//   2 John went to the hallway.
//   3 Where is Mary? <tab>bathroom<tab>1          answer, then the lines that say so
//
// A line that has a tab or ends in "?" is a question about the sentences above it; the others are what is remembered.
// Numbers count up in a story, and 1 begins the next one. Read as well: files without numbers, where a blank line
// begins a story; questions without lines that say so, and, where `answers` does not ask for them, without an answer;
// CR LF, a byte order mark, blank lines, gaps in the numbers. Words are as in text/tokens.h without the marks; an
// answer of several, "milk,football", is one word. Errors: FileError as `file:line: what is wrong`.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text/tokens.h>
#include <fovea/optim/training/text/utf8.h>
#include <fovea/optim/training/text/vocabulary.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>

namespace fovea::examples {

struct Sentence {
  std::string text{};
  text::Words words{};
};

struct Question {
  size_t first = 0, count = 0;  // its story: sentences[first .. first + count)
  Sentence asked{};
  std::string answer{};           // "": none
  std::vector<size_t> support{};  // sentences of the story, from 0
  int64_t task = 0;
};

struct Stories {
  std::vector<Sentence> sentences{};
  std::vector<Question> questions{};
};

// The words alone, in lower case.
inline text::Words words_of(std::string_view line) {
  text::Words words;
  for (std::string& token : text::tokenize(line))
    if (std::any_of(token.begin(), token.end(), [](unsigned char c) { return c >= 0x80 || std::isalnum(c) != 0; }))
      words.push_back(std::move(token));
  return words;
}

// One line after the other; `where` is its place, for messages.
class StoryReader {
 public:
  explicit StoryReader(bool answers) : answers_(answers) {}

  // True when the line was a question, which is then the last one.
  bool read(std::string_view line, const std::string& where) {
    if (const auto at = text::invalid_utf8(line)) fail(where, fmt::format("byte {} is not UTF-8", *at + 1));
    std::string_view rest = trimmed(line);
    if (rest.empty()) {
      if (numbered_ == false) begin();
      return false;
    }
    const std::optional<int64_t> number = number_of(rest, where);
    const size_t tab = rest.find('\t');
    const std::string_view asked = trimmed(rest.substr(0, tab));
    Sentence sentence{std::string(asked), words_of(asked)};
    if (sentence.words.empty()) fail(where, "no words; need a sentence or a question");
    if (tab == std::string_view::npos && asked.back() != '?') {
      if (number) at_[*number] = stories.sentences.size() - first_;
      stories.sentences.push_back(std::move(sentence));
      return false;
    }
    Question question{first_, stories.sentences.size() - first_, std::move(sentence), {}, {}};
    if (tab != std::string_view::npos) read_answer(rest.substr(tab + 1), question, where);
    if (answers_ && question.answer.empty())
      fail(where, "a question without an answer; need \"question<tab>answer\", and the lines that say so behind a tab");
    stories.questions.push_back(std::move(question));
    return true;
  }

  // What somebody types: what stands behind the "?" of a question is not looked at, and a fault is a ValueError.
  bool read_typed(std::string_view line, const std::string& where) {
    try {
      return read(line.substr(0, std::min(line.find('?'), line.size() - 1) + 1), where);
    } catch (const FileError& error) {
      throw ValueError(error.what());
    }
  }

  Stories stories;

 private:
  [[noreturn]] static void fail(const std::string& where, const std::string& what) {
    throw FileError(fmt::format("{}: {}", where, what));
  }
  static std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const size_t first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) + 1 - first);
  }
  void begin() {
    first_ = stories.sentences.size();
    last_ = 0;
    at_.clear();
  }

  // Takes the number off the line; 1 begins a story.
  std::optional<int64_t> number_of(std::string_view& rest, const std::string& where) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const bool has = error == std::errc() && end != rest.data() + rest.size() && (*end == ' ' || *end == '\t');
    if (numbered_.value_or(has) != has)
      fail(where, has ? "a number, and the lines above have none; number all lines or none"
                      : "no number, and the lines above have one; number all lines or none");
    numbered_ = has;
    if (!has) return {};
    if (number < 1 || (number != 1 && number <= last_))
      fail(where, fmt::format("number {} after {}; need a greater one, or 1 where a story begins", number, last_));
    if (number == 1) begin();
    last_ = number;
    rest = trimmed(rest.substr(static_cast<size_t>(end - rest.data())));
    return number;
  }

  void read_answer(std::string_view rest, Question& question, const std::string& where) const {
    const size_t tab = rest.find('\t');
    for (const char c : trimmed(rest.substr(0, tab)))
      if (c != ' ') question.answer += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (tab == std::string_view::npos) return;
    std::string_view lines = trimmed(rest.substr(tab + 1));
    while (!lines.empty()) {
      int64_t number = 0;
      const auto [end, error] = std::from_chars(lines.data(), lines.data() + lines.size(), number);
      const auto sentence = at_.find(number);
      if (error != std::errc() || sentence == at_.end())
        fail(where, fmt::format("\"{}\" behind the answer; need numbers of sentences above in this story", lines));
      question.support.push_back(sentence->second);
      lines = trimmed(lines.substr(static_cast<size_t>(end - lines.data())));
    }
  }

  bool answers_;
  std::optional<bool> numbered_{};
  size_t first_ = 0;  // of the story
  int64_t last_ = 0;  // number
  std::map<int64_t, size_t> at_{};
};

// FileError also when the file has no question.
inline Stories read_stories(const std::filesystem::path& file, bool answers) {
  const std::string bytes = read_text(file);
  std::string_view rest = without_mark(bytes);
  StoryReader reader(answers);
  for (int64_t line = 1; !rest.empty(); ++line) {
    const size_t end = rest.find('\n');
    reader.read(rest.substr(0, end), fmt::format("{}:{}", file.string(), line));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  if (reader.stories.questions.empty())
    throw FileError(file.string() + ": no question; need lines that end in \"?\" or have an answer behind a tab");
  return std::move(reader.stories);
}

}  // namespace fovea::examples
