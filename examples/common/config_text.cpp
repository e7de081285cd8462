#include "examples/common/config_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace fovea::examples {
namespace {

constexpr std::string_view blanks = " \t\r";

// One line of a config, read from left to right.
class Line {
 public:
  Line(std::string_view text, std::string_view name, int number) : text_(text), name_(name), number_(number) {}

  bool at_end() {
    skip_blanks();
    return text_.empty() || text_.front() == '#';
  }

  Setting setting() {
    Setting setting{key(), {}, number_};
    skip_blanks();
    if (!take('=')) fail(fmt::format("expected `{} = value`", setting.key));
    skip_blanks();
    if (take('[')) {
      setting.values = array();
    } else {
      setting.values.push_back(value());
    }
    if (!at_end()) fail(fmt::format("unexpected `{}` after the value of {}", text_, setting.key));
    return setting;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw UsageError(fmt::format("{}:{}: {}", name_, number_, what));
  }

  void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(blanks), text_.size())); }

  bool take(char sign) {
    if (text_.empty() || text_.front() != sign) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string_view take_word(std::string_view ends) {
    const std::string_view word = text_.substr(0, text_.find_first_of(ends));
    text_.remove_prefix(word.size());
    return word;
  }

  std::string key() {
    if (!text_.empty() && text_.front() == '[') fail("tables are not used here; write `key = value`");
    if (!text_.empty() && (text_.front() == '"' || text_.front() == '\'')) return string();
    const std::string_view word = take_word("= \t");
    const auto bare = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    if (word.empty() || !std::all_of(word.begin(), word.end(), bare)) fail(fmt::format("`{}` is not a key", word));
    return std::string(word);
  }

  std::vector<std::string> array() {
    std::vector<std::string> values;
    for (;;) {
      skip_blanks();
      if (take(']')) return values;
      values.push_back(value());
      skip_blanks();
      if (take(']')) return values;
      if (!take(',')) fail("expected `,` or `]` in an array on one line");
    }
  }

  std::string value() {
    if (!text_.empty() && (text_.front() == '"' || text_.front() == '\'')) return string();
    std::string word(take_word(",]# \t\r"));
    if (word == "true" || word == "false") return word;
    std::erase(word, '_');
    double number = 0;
    const char* end = word.data() + word.size();
    const char* start = word.data() + (word.starts_with('+') ? 1 : 0);
    const auto [stop, error] = std::from_chars(start, end, number);
    const bool digit = start != end && (*start == '-' || (*start >= '0' && *start <= '9'));
    if (!digit || stop != end || error == std::errc::invalid_argument) {
      fail(fmt::format("`{}` is not a value; a text needs quotes", word));
    }
    return std::string(start, end);
  }

  std::string string() {
    const char quote = text_.front();
    text_.remove_prefix(1);
    std::string value;
    while (!text_.empty() && text_.front() != quote) {
      char sign = text_.front();
      text_.remove_prefix(1);
      if (sign == '\\' && quote == '"') sign = escaped();
      value += sign;
    }
    if (!take(quote)) fail("a string without its closing quote");
    return value;
  }

  char escaped() {
    constexpr std::string_view names = "\"\\nt";
    constexpr std::string_view signs = "\"\\\n\t";
    const size_t at = text_.empty() ? std::string_view::npos : names.find(text_.front());
    if (at == std::string_view::npos) fail("only \\\", \\\\, \\n and \\t may follow a backslash");
    text_.remove_prefix(1);
    return signs[at];
  }

  std::string_view text_;
  std::string_view name_;
  int number_;
};

}  // namespace

std::vector<Setting> parse_config(std::string_view text, std::string_view name) {
  std::vector<Setting> settings;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    Line line(text.substr(0, end), name, number);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.at_end()) continue;
    Setting setting = line.setting();
    for (const Setting& earlier : settings) {
      if (earlier.key != setting.key) continue;
      throw UsageError(
          fmt::format("{}:{}: {} is given twice, first in line {}", name, number, setting.key, earlier.line));
    }
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::string toml_string(std::string_view text) {
  std::string value = "\"";
  for (const char sign : text) {
    if (sign == '"' || sign == '\\') value += '\\';
    if (sign == '\n') value += "\\n";
    if (sign == '\t') value += "\\t";
    if (sign != '\n' && sign != '\t') value += sign;
  }
  return value + "\"";
}

}  // namespace fovea::examples
