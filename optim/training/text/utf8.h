// Text as Unicode has it: characters, what kind each is, lower case, columns of a terminal. For every script, by the
// tables of utf8proc.
//
// Strict as RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. A character is what a reader takes for
// one (a grapheme cluster, UAX 29): a letter with its marks, a flag, a family of emoji. All but invalid_utf8 need valid
// text. No state: thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fovea::text {

// Where the first byte stands that is not UTF-8; nothing when all is.
std::optional<size_t> invalid_utf8(std::string_view text);

// The character at `position`, which moves behind it.
std::string_view next_character(std::string_view text, size_t& position);

// By the general category: letters, numbers (½ too) and lone marks; white space and controls; what is not to be seen
// (U+00AD, a byte order mark); all else.
enum class CharacterKind { letter, space, invisible, sign };
CharacterKind kind_of(std::string_view character);

// Each code point by its simple mapping (İ gives i), but a Σ that ends a word gives ς.
std::string lower_case(std::string_view text);

// White space of every kind and length as one blank, none at the ends; what is invisible is left out.
std::string with_plain_spaces(std::string_view text);

// The columns that a terminal gives to the text: two for 語, none for a combining mark or what does not print.
size_t columns_of(std::string_view text);
// The longest beginning in whole characters that has at most this many columns.
std::string_view first_columns(std::string_view text, size_t columns);

}  // namespace fovea::text
