// config.toml as text: the part of TOML that a flat list of settings needs, read strictly.
//
// A line is `key = value`: a number, true or false, a "string" or 'string', or an array of these on one line; comments
// from # on. Tables, dates and many-line values are refused rather than misread, as is a key given twice.
// Errors: UsageError as `file:line: what is wrong`. No state: thread-safe.
#pragma once

#include <fovea/core/error.h>

#include <string>
#include <string_view>
#include <vector>

namespace fovea::examples {

// A flag, a key or a value that a person wrote and that cannot be taken.
struct UsageError : ValueError {
  using ValueError::ValueError;
};

struct Setting {
  std::string key{};
  std::vector<std::string> values{};  // one unless it is an array
  int line = 0;
};

// `name` stands for the file in messages.
std::vector<Setting> parse_config(std::string_view text, std::string_view name);

// A TOML string with its quotes.
std::string toml_string(std::string_view text);

}  // namespace fovea::examples
