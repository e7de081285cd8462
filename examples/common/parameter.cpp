#include "examples/common/parameter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace fovea::examples {
namespace {

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size();
}

template <class T>
constexpr std::string_view kind_of = "a text";
template <>
constexpr std::string_view kind_of<int64_t> = "a whole number";
template <>
constexpr std::string_view kind_of<uint64_t> = "a whole number of at least 0";
template <>
constexpr std::string_view kind_of<double> = "a number";
template <>
constexpr std::string_view kind_of<bool> = "true or false";

bool read_value(std::string_view text, std::string& value) {
  value = text;
  return true;
}
bool read_value(std::string_view text, bool& value) {
  value = text == "true";
  return value || text == "false";
}
bool read_value(std::string_view text, int64_t& value) { return read_number(text, value); }
bool read_value(std::string_view text, uint64_t& value) { return read_number(text, value); }
bool read_value(std::string_view text, double& value) { return read_number(text, value) && std::isfinite(value); }

template <class T>
T checked(const std::string& text, const Rule& rule, const std::string& where) {
  T value{};
  const bool right = read_value(text, value);
  if (right && (!rule.holds || rule.holds(text))) return value;
  const std::string_view need = rule.words.empty() ? kind_of<T> : std::string_view(rule.words);
  throw UsageError(fmt::format("{} is \"{}\"; it must be {}", where, text, need));
}

template <class T>
void assign_to(T* to, const std::vector<std::string>& texts, const Rule& rule, const std::string& where) {
  if (texts.size() != 1)
    throw UsageError(fmt::format("{} has {} values; it must be a single one", where, texts.size()));
  *to = checked<T>(texts.front(), rule, where);
}

template <class T>
void assign_to(std::vector<T>* to, const std::vector<std::string>& texts, const Rule& rule, const std::string& where) {
  std::vector<T> values;
  for (const std::string& text : texts) values.push_back(checked<T>(text, rule, where));
  *to = std::move(values);
}

template <class T>
std::string plain_of(const T& value) {
  return fmt::format("{}", value);
}
template <class T>
std::string plain_of(const std::vector<T>& values) {
  return fmt::format("{}", fmt::join(values, ","));
}

template <class T>
std::string toml_of(const T& value) {
  return plain_of(value);
}
std::string toml_of(const std::string& value) { return toml_string(value); }
std::string toml_of(const std::vector<int64_t>& values) { return fmt::format("[{}]", fmt::join(values, ", ")); }

}  // namespace

bool Parameter::is_list() const { return std::holds_alternative<std::vector<int64_t>*>(target); }

std::string Parameter::sign() const {
  if (std::holds_alternative<int64_t*>(target) || std::holds_alternative<uint64_t*>(target)) return "N";
  if (std::holds_alternative<double*>(target)) return "X";
  return is_list() ? "N,N,..." : "TEXT";
}

void Parameter::assign(const std::vector<std::string>& texts, const std::string& where) const {
  std::visit([&](auto* to) { assign_to(to, texts, rule, where); }, target);
}

std::string Parameter::toml() const {
  return std::visit([](const auto* value) { return toml_of(*value); }, target);
}

std::string Parameter::plain() const {
  return std::visit([](const auto* value) { return plain_of(*value); }, target);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Rule whole_rule(int64_t least, int64_t most) {
  return {most == kMost ? fmt::format("a whole number of at least {}", least)
                        : fmt::format("a whole number from {} to {}", least, most),
          [=](std::string_view text) {
            int64_t value = 0;
            return read_number(text, value) && value >= least && value <= most;
          }};
}

Rule real_rule(double least, double most) {
  return {fmt::format("a number from {} to {}", least, most), [=](std::string_view text) {
            double value = 0;
            return read_number(text, value) && value >= least && value <= most;
          }};
}

Rule positive_rule() {
  return {"a number greater than 0", [](std::string_view text) {
            double value = 0;
            return read_number(text, value) && value > 0;
          }};
}

Rule one_of(std::vector<std::string> names) {
  const auto holds = [names](std::string_view text) {
    return std::find(names.begin(), names.end(), text) != names.end();
  };
  return {fmt::format("one of {}", fmt::join(names, ", ")), holds, std::move(names)};
}

}  // namespace fovea::examples
