#include "examples/common/config_text.h"

#include <fmt/format.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <charconv>

namespace fovea::examples {
namespace {

// One line of a config, read from left to right.
class Line {
 public:
  Line(std::string_view text, std::string_view name, int number) : text_(text), name_(name), number_(number) {}

  bool at_end() { return next() == '#' || text_.empty(); }

  Setting setting() {
    Setting setting{key(), {}, number_};
    if (!take('=')) fail(fmt::format("expected `{} = value`", setting.key));
    if (!take('[')) {
      setting.values.push_back(value());
    } else {
      while (!take(']')) {
        setting.values.push_back(value());
        if (!take(',') && next() != ']') fail("expected `,` or `]` in an array on one line");
      }
    }
    if (!at_end()) fail(fmt::format("unexpected `{}` after the value of {}", text_, setting.key));
    return setting;
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw UsageError(fmt::format("{}:{}: {}", name_, number_, what));
  }

 private:
  // The next sign after blanks; 0 at the end.
  char next() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r"), text_.size()));
    return text_.empty() ? '\0' : text_.front();
  }

  bool take(char sign) {
    if (next() != sign) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string take_word(std::string_view ends) {
    std::string word(text_.substr(0, text_.find_first_of(ends)));
    text_.remove_prefix(word.size());
    return word;
  }

  std::string key() {
    constexpr const char* bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (next() == '[') fail("tables are not used here; write `key = value`");
    if (next() == '"' || next() == '\'') return string();
    std::string word = take_word("= \t");
    if (word.empty() || word.find_first_not_of(bare) != std::string::npos) fail(fmt::format("`{}` is not a key", word));
    return word;
  }

  std::string value() {
    if (next() == '"' || next() == '\'') return string();
    std::string word = take_word(",]# \t\r");
    if (word == "true" || word == "false") return word;
    std::erase(word, '_');
    double number = 0;
    const char* const end = word.data() + word.size();
    const char* const start = word.data() + (word.starts_with('+') ? 1 : 0);
    const auto [stop, error] = std::from_chars(start, end, number);
    const bool digit = start != end && (*start == '-' || (*start >= '0' && *start <= '9'));
    if (!digit || stop != end || error == std::errc::invalid_argument)
      fail(fmt::format("`{}` is not a value; a text needs quotes", word));
    return std::string(start, end);
  }

  std::string string() {
    const char quote = text_.front();
    std::string value;
    for (size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        text_.remove_prefix(i + 1);
        return value;
      }
      value += text_[i] == '\\' && quote == '"' ? escaped(++i) : text_[i];
    }
    fail("a string without its closing quote");
  }

  char escaped(size_t i) const {
    constexpr std::string_view names = "\"\\nt", signs = "\"\\\n\t";
    const size_t at = i < text_.size() ? names.find(text_[i]) : std::string_view::npos;
    if (at == std::string_view::npos) fail("only \\\", \\\\, \\n and \\t may follow a backslash");
    return signs[at];
  }

  std::string_view text_, name_;
  int number_;
};

}  // namespace

std::vector<Setting> parse_config(std::string_view text, std::string_view name) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw UsageError(fmt::format("{}: is UTF-16; save it as UTF-8", name));
  text = without_mark(text);
  std::vector<Setting> settings;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    Line line(text.substr(0, end), name, number);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.at_end()) continue;
    Setting setting = line.setting();
    for (const Setting& earlier : settings)
      if (earlier.key == setting.key)
        line.fail(fmt::format("{} is given twice, first in line {}", setting.key, earlier.line));
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
