#include "examples/common/parameter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace fovea::examples {
namespace {

template <class T>
constexpr bool is_vector = std::is_same_v<T, std::vector<int64_t>>;

template <class T>
bool read_value(std::string_view text, T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    value = text;
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    value = text == "true";
    return value || text == "false";
  } else {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && stop == text.data() + text.size() && std::isfinite(static_cast<double>(value));
  }
}

template <class T>
T checked(const std::string& text, const Rule& rule, const std::string& where) {
  T value{};
  if (read_value(text, value) && (!rule.holds || rule.holds(text))) return value;
  const std::string_view kind = std::is_same_v<T, bool> ? "true or false" : "a whole number of at least 0";
  throw UsageError(fmt::format("{} is \"{}\"; it must be {}", where, text,
                               rule.words.empty() ? kind : std::string_view(rule.words)));
}

template <class T>
Rule in_range(std::string words, T least, T most) {
  const auto holds = [=](std::string_view text) {
    T value = 0;
    return read_value(text, value) && value >= least && value <= most;
  };
  return {std::move(words), holds};
}

}  // namespace

std::string Parameter::sign() const {
  if (std::holds_alternative<int64_t*>(target) || std::holds_alternative<uint64_t*>(target)) return "N";
  if (std::holds_alternative<double*>(target)) return "X";
  return is_list() ? "N,N,..." : "TEXT";
}

void Parameter::assign(const std::vector<std::string>& texts, const std::string& where) const {
  if (!is_list() && texts.size() != 1)
    throw UsageError(fmt::format("{} has {} values; it must be a single one", where, texts.size()));
  const auto set = [&]<class T>(T* to) {
    if constexpr (is_vector<T>) {
      T values;
      for (const std::string& text : texts) values.push_back(checked<int64_t>(text, rule, where));
      *to = std::move(values);
    } else {
      *to = checked<T>(texts.front(), rule, where);
    }
  };
  std::visit(set, target);
}

std::string Parameter::toml() const {
  if (is_list()) return fmt::format("[{}]", fmt::join(*std::get<std::vector<int64_t>*>(target), ", "));
  return std::holds_alternative<std::string*>(target) ? toml_string(plain()) : plain();
}

std::string Parameter::plain() const {
  const auto text = []<class T>(const T* value) {
    if constexpr (is_vector<T>) return fmt::format("{}", fmt::join(*value, ","));
    if constexpr (!is_vector<T>) return fmt::format("{}", *value);
  };
  return std::visit(text, target);
}

Rule whole_rule(int64_t least, int64_t most) {
  return in_range(most == kMost ? fmt::format("a whole number of at least {}", least)
                                : fmt::format("a whole number from {} to {}", least, most),
                  least, most);
}

Rule real_rule(double least, double most) {
  return in_range(fmt::format("a number from {} to {}", least, most), least, most);
}

Rule positive_rule() {
  using limits = std::numeric_limits<double>;
  return in_range("a number greater than 0", limits::denorm_min(), limits::max());
}

Rule one_of(std::vector<std::string> names) {
  const auto holds = [names](std::string_view text) {
    return std::find(names.begin(), names.end(), text) != names.end();
  };
  return {fmt::format("one of {}", fmt::join(names, ", ")), holds, std::move(names)};
}

}  // namespace fovea::examples
