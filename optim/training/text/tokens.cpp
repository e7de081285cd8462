#include <fovea/optim/training/text/tokens.h>
#include <fovea/optim/training/text/utf8.h>

#include <algorithm>

namespace fovea::text {
namespace {

bool is_apostrophe(std::string_view c) { return c == "'" || c == "\u2019" || c == "\u02BC"; }

bool letter_at(std::string_view text, size_t position) {
  return position < text.size() && kind_of(next_character(text, position)) == CharacterKind::letter;
}

// Written without a space before it.
bool closes(const std::string& token) {
  constexpr std::string_view marks[] = {".",      ",",      ")",      "\u060C", "\u061B", "\u061F",
                                        "\u0964", "\u3002", "\uFF0C", "\uFF01", "\uFF1F"};  // ، ؛ ؟ । 。 ， ！ ？
  return std::find(std::begin(marks), std::end(marks), token) != std::end(marks);
}

}  // namespace

std::vector<std::string> tokenize(std::string_view sentence) {
  const std::string text = lower_case(sentence);
  std::vector<std::string> tokens;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) tokens.push_back(std::move(word));
    word.clear();
  };
  for (size_t position = 0; position < text.size();) {
    const std::string_view character = next_character(text, position);
    const CharacterKind kind = kind_of(character);
    if (is_apostrophe(character)) {
      word += '\'';
      finish();
    } else if (kind == CharacterKind::letter) {
      word += character;
    } else if (kind == CharacterKind::space) {
      finish();
    } else if (kind == CharacterKind::sign) {
      const bool begins_word = character == "-" && !word.empty() && letter_at(text, position);
      finish();
      word += character;
      if (!begins_word) finish();
    }
  }
  finish();
  return tokens;
}

std::string sentence_of(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) {
    const bool glued = closes(token) || (token.size() > 1 && token[0] == '-');
    const bool open = text.empty() || text.back() == '\'' || text.back() == '(';
    if (!open && !glued) text += ' ';
    text += token;
  }
  return text;
}

}  // namespace fovea::text
