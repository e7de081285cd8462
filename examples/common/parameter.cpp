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
    value = text == "true" || text == "1" || text == "on" || text == "yes";
    return value || text == "false" || text == "0" || text == "off" || text == "no";
  } else {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && stop == text.data() + text.size() && std::isfinite(static_cast<double>(value));
  }
}

template <class T>
T checked(const std::string& text, const Rule& rule, const std::string& where) {
  T value{};
  if (read_value(text, value) && (!rule.holds || rule.holds(text))) return value;
  const std::string_view kind =
      std::is_same_v<T, bool> ? "true, 1, on, yes or false, 0, off, no" : "a whole number of at least 0";
  throw UsageError(fmt::format("{} is \"{}\"; it must be {}{}", where, text,
                               rule.words.empty() ? kind : std::string_view(rule.words),
                               did_you_mean(text, rule.choices)));
}

template <class T>
Rule in_range(std::string words, T least, T most) {
  const auto holds = [=](std::string_view text) {
    T value = 0;
    return read_value(text, value) && value >= least && value <= most;
  };
  return {std::move(words), holds};
}

// Letters to add, leave out, change, or swap with the next.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string one_or_other(const std::vector<std::string>& words) {
  if (words.size() < 2) return words.empty() ? "" : words.front();
  return fmt::format("{} or {}", fmt::join(words.begin(), words.end() - 1, ", "), words.back());
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names, std::string_view prefix) {
  std::vector<std::string> near;
  size_t least = std::max<size_t>(1, word.size() / 3);
  for (const std::string& name : names) {
    const size_t found = distance(word, name);
    if (found > least) continue;
    if (found < least) near.clear();
    least = found;
    near.push_back(fmt::format("{}{}", prefix, name));
  }
  return near.empty() ? "" : fmt::format("; did you mean {}?", one_or_other(near));
}

std::string Parameter::Condition::words() const {
  if (other->is_bool()) return (values.front() == "true" ? "--" : "--no-") + other->name;
  return fmt::format("--{} {}", other->name, one_or_other(values));
}

const Parameter::AnyOf* Parameter::unmet() const {
  const auto holds = [](const Condition& condition) {
    const auto& values = condition.values;
    return std::find(values.begin(), values.end(), condition.other->plain()) != values.end();
  };
  for (const AnyOf& any : conditions)
    if (std::none_of(any.begin(), any.end(), holds)) return &any;
  return nullptr;
}

std::string Parameter::explained() const {
  std::string text = help;
  if (is_bool()) text += fmt::format("; {} by default", *std::get<bool*>(target) ? "on" : "off");
  for (size_t i = 0; i < conditions.size(); ++i) {
    std::vector<std::string> words;
    for (const Condition& each : conditions[i]) words.push_back(each.words());
    text += fmt::format("{} {}", i == 0 ? "; goes with" : " and", one_or_other(words));
  }
  return text;
}

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
