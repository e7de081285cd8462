// A sentence taken apart into words and marks, for languages that put spaces between words.
//
//   "Pourquoi es-tu là ?"  ->  pourquoi  es  -tu  là  ?
//   "I don't know."        ->  i  don'  t  know  .
//
// All in lower case. Spaces of every width part words and are dropped (French has U+202F and U+00A0 before ! ? : ;). A
// word is a run of letters and digits of any script; an apostrophe (’ and U+02BC count as ') ends the word and belongs
// to it, a hyphen between letters begins one. Every other sign is a token of its own; what is invisible (U+00AD) is
// dropped. The text must be UTF-8 (utf8.h). No state: thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fovea::text {

std::vector<std::string> tokenize(std::string_view text);

// The tokens as one would write them: "es-tu là ?".
std::string sentence_of(const std::vector<std::string>& tokens);

}  // namespace fovea::text
