#include <fovea/optim/training/text/utf8.h>
#include <utf8proc.h>

#include <algorithm>

namespace fovea::text {
namespace {

constexpr utf8proc_int32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2, kZeroWidthSpace = 0x200B;

struct Read {
  utf8proc_int32_t code_point;
  utf8proc_ssize_t size;  // in bytes; not above 0 where there is none
};

Read read(std::string_view text, size_t position) {
  Read found{-1, 0};
  found.size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + position,
                                static_cast<utf8proc_ssize_t>(text.size() - position), &found.code_point);
  return found;
}

utf8proc_int32_t next_code_point(std::string_view text, size_t& position) {
  const Read found = read(text, position);
  position += static_cast<size_t>(std::max<utf8proc_ssize_t>(1, found.size));
  return found.code_point;
}

void append_code_point(std::string& text, utf8proc_int32_t c) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t size = utf8proc_encode_char(c, bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

bool cased(utf8proc_int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT;
}

}  // namespace

std::optional<size_t> invalid_utf8(std::string_view text) {
  for (size_t position = 0; position < text.size();) {
    const Read found = read(text, position);
    if (found.size <= 0) return position;
    position += static_cast<size_t>(found.size);
  }
  return {};
}

std::string_view next_character(std::string_view text, size_t& position) {
  const size_t start = position;
  utf8proc_int32_t state = 0;
  utf8proc_int32_t before = next_code_point(text, position);
  for (size_t after = position; position < text.size(); position = after) {
    const utf8proc_int32_t here = next_code_point(text, after);
    if (utf8proc_grapheme_break_stateful(before, here, &state)) break;
    before = here;
  }
  return text.substr(start, position - start);
}

CharacterKind kind_of(std::string_view character) {
  const utf8proc_int32_t c = read(character, 0).code_point;
  if (c == kZeroWidthSpace) return CharacterKind::space;
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
      return CharacterKind::space;
    case UTF8PROC_CATEGORY_CF:
      return CharacterKind::invisible;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return CharacterKind::letter;
    default:
      return CharacterKind::sign;
  }
}

std::string lower_case(std::string_view text) {
  std::string lower;
  bool in_word = false;
  for (size_t position = 0; position < text.size();) {
    const utf8proc_int32_t c = next_code_point(text, position);
    const bool word_goes_on = position < text.size() && cased(read(text, position).code_point);
    const bool ends = c == kCapitalSigma && in_word && !word_goes_on;
    append_code_point(lower, ends ? kFinalSigma : utf8proc_tolower(c));
    if (utf8proc_category(c) != UTF8PROC_CATEGORY_MN) in_word = cased(c);
  }
  return lower;
}

std::string with_plain_spaces(std::string_view text) {
  std::string plain;
  bool parted = false;
  for (size_t position = 0; position < text.size();) {
    const std::string_view character = next_character(text, position);
    const CharacterKind kind = kind_of(character);
    if (kind == CharacterKind::space) parted = true;
    if (kind == CharacterKind::space || kind == CharacterKind::invisible) continue;
    if (parted && !plain.empty()) plain += ' ';
    plain += character;
    parted = false;
  }
  return plain;
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (size_t position = 0; position < text.size();) {
    int widest = 0;  // of the code points of a character
    const std::string_view character = next_character(text, position);
    for (size_t at = 0; at < character.size();)
      widest = std::max(widest, utf8proc_charwidth(next_code_point(character, at)));
    columns += static_cast<size_t>(widest);
  }
  return columns;
}

std::string_view first_columns(std::string_view text, size_t columns) {
  size_t kept = 0;
  for (size_t position = 0; position < text.size(); kept = position) {
    const size_t width = columns_of(next_character(text, position));
    if (width > columns) break;
    columns -= width;
  }
  return text.substr(0, kept);
}

}  // namespace fovea::text
