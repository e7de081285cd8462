#include "examples/playground/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/core/internal/number_text.h>
#include <fovea/layers/attention/registry.h>

#include <algorithm>

#include "examples/common/sequence_models.h"

namespace fovea::examples {
namespace {

struct Whole {
  std::string_view name;
  int64_t PlaygroundSettings::*value;
  int64_t low, high;
};
constexpr Whole kWholes[] = {
    {"heads", &PlaygroundSettings::heads, 1, 8},     {"hidden", &PlaygroundSettings::hidden, 4, 256},
    {"slots", &PlaygroundSettings::slots, 4, 128},   {"width", &PlaygroundSettings::width, 2, 64},
    {"length", &PlaygroundSettings::length, 1, 40},  {"batch", &PlaygroundSettings::batch, 1, 128},
    {"seed", &PlaygroundSettings::seed, 0, 999'999},
};

constexpr size_t kLongestSample = 40;

[[noreturn]] void refuse(std::string_view name, std::string_view value, std::string_view need) {
  throw ValueError(fmt::format("{} is \"{}\"; need {}", name, value, need));
}

template <class Number>
Number number(std::string_view name, std::string_view value, Number low, Number high) {
  Number found{};
  const auto [end, error] = detail::from_chars(value.data(), value.data() + value.size(), found);
  if (error != std::errc() || end != value.data() + value.size() || !(found >= low && found <= high))
    refuse(name, value, fmt::format("a number from {} to {}", low, high));
  return found;
}

std::string one_of(std::string_view name, std::string_view value, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), value) == names.end())
    refuse(name, value, fmt::format("one of {}", fmt::join(names, ", ")));
  return std::string(value);
}

}  // namespace

const std::vector<std::string>& playground_models() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = sequence_models();
    all.emplace_back("ntm");
    return all;
  }();
  return names;
}

std::vector<std::string> playground_tasks(std::string_view model) {
  if (model == "ntm") return {"copy", "repeat-copy", "recall"};
  return {"reverse", "copy", "sort"};
}

bool PlaygroundSettings::can_change(std::string_view name) const {
  if (name == "task") return !is_machine();  // of a machine the tasks differ in their inputs
  return name == "length" || name == "batch" || name == "learning_rate" || name == "sample";
}

void PlaygroundSettings::set(std::string_view name, std::string_view value) {
  for (const Whole& whole : kWholes)
    if (whole.name == name) {
      this->*whole.value = number<int64_t>(name, value, whole.low, whole.high);
      return;
    }
  if (name == "learning_rate") {
    learning_rate = number<double>(name, value, 0, 1);
  } else if (name == "model") {
    model = one_of(name, value, playground_models());
  } else if (name == "task") {
    task = one_of(name, value, {"reverse", "copy", "sort", "repeat-copy", "recall"});
  } else if (name == "score") {
    score = one_of(name, value, score_names());
  } else if (name == "align") {
    align = one_of(name, value, align_names());
  } else if (name == "sample") {
    const bool letters = std::all_of(value.begin(), value.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (!letters || value.size() > kLongestSample)
      refuse(name, value, fmt::format("up to {} letters from a to z", kLongestSample));
    sample = value;
  } else {
    throw ValueError(fmt::format("the playground has no setting \"{}\"", name));
  }
}

void PlaygroundSettings::check() const {
  const std::vector<std::string> tasks = playground_tasks(model);
  if (std::find(tasks.begin(), tasks.end(), task) == tasks.end())
    throw ValueError(fmt::format("task is \"{}\"; the model {} learns {}", task, model, fmt::join(tasks, ", ")));
  const bool halved = model == "rnnsearch" && needs_one_size(score);  // the keys have both directions
  const int64_t divisor = halved ? 2 : model == "transformer" ? heads : 1;
  if (hidden % divisor != 0)
    throw ValueError(fmt::format("hidden is {}; {} needs a multiple of {}", hidden,
                                 halved ? "the score " + score : fmt::format("a transformer of {} heads", heads),
                                 divisor));
}

}  // namespace fovea::examples
