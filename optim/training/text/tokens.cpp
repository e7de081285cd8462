#include <fovea/optim/training/text/tokens.h>
#include <fovea/optim/training/text/utf8.h>

namespace fovea::text {
namespace {

bool is_space(char32_t c) {
  return c <= 0x20 || c == 0x7F || (c >= 0x80 && c <= 0xA0) || c == 0xAD || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) || c == 0x205F || c == 0x2060 || c == 0x3000 ||
         c == 0xFEFF;
}

bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9');
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;  // ª µ º
  const bool punctuation = (c >= 0x2010 && c <= 0x206F) || (c >= 0x20A0 && c <= 0x20CF) || (c >= 0x3001 && c <= 0x3011);
  return !is_space(c) && !punctuation && c != 0xD7 && c != 0xF7;
}

bool is_apostrophe(char32_t c) { return c == U'\'' || c == 0x2019 || c == 0x2BC; }

}  // namespace

std::vector<std::string> tokenize(std::string_view text) {
  std::vector<std::string> tokens;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) tokens.push_back(std::move(word));
    word.clear();
  };
  for (size_t position = 0; position < text.size();) {
    const char32_t c = next_code_point(text, position);
    size_t after = position;
    const bool letter_follows = position < text.size() && is_letter(next_code_point(text, after));
    if (is_space(c)) {
      finish();
    } else if (is_letter(c)) {
      append_utf8(word, lower_case(c));
    } else if (is_apostrophe(c)) {
      word += '\'';
      finish();
    } else {
      const bool begins_word = c == U'-' && !word.empty() && letter_follows;
      finish();
      append_utf8(word, c);
      if (!begins_word) finish();
    }
  }
  finish();
  return tokens;
}

std::string sentence_of(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) {
    const bool glued = token == "." || token == "," || token == ")" || (token.size() > 1 && token[0] == '-');
    const bool open = text.empty() || text.back() == '\'' || text.back() == '(';
    if (!open && !glued) text += ' ';
    text += token;
  }
  return text;
}

}  // namespace fovea::text
