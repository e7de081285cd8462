// UTF-8 taken apart into code points and put together again, and lower case for the Latin, Greek and Cyrillic scripts.
// Strict as RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. No state: thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fovea::text {

// Where the first byte stands that is not UTF-8; nothing when all is.
std::optional<size_t> invalid_utf8(std::string_view text);

// The code point at `position`, which moves behind it. The text must be valid.
char32_t next_code_point(std::string_view text, size_t& position);
void append_utf8(std::string& text, char32_t code_point);

char32_t lower_case(char32_t code_point);

}  // namespace fovea::text
