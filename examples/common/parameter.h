// One value of the command line: its name, where it lives, its rule, and its text in flags and in config.toml.
// Errors: UsageError naming flag, value and rule.
#pragma once

#include <string>
#include <vector>

#include "examples/common/command_line.h"

namespace CLI {
class Option;
}

namespace fovea::examples {

struct Parameter {
  // It goes with other's being one of the values.
  struct Condition {
    const Parameter* other = nullptr;
    std::vector<std::string> values{};
    std::string words() const;  // "--model luong or transformer", "--no-compare"
  };
  using AnyOf = std::vector<Condition>;

  std::string name{};
  CommandLine::Target target{};
  std::string help{};
  Rule rule{};
  bool may_change = false;
  bool saved = true;      // part of config.toml
  bool in_files = true;   // may stand in a config file
  std::string given{};    // the text after the flag
  bool is_given = false;  // by a flag
  bool in_file = false;   // by a file
  bool in_steps = false;  // counted in training steps
  CLI::Option* option = nullptr;
  std::string source{};  // the flag, or file, line and key, that it was given by
  std::vector<AnyOf> conditions{};

  bool is_list() const { return std::holds_alternative<std::vector<int64_t>*>(target); }
  bool is_bool() const { return std::holds_alternative<bool*>(target); }
  std::string sign() const;       // "N", "X" or "TEXT" in the help
  const AnyOf* unmet() const;     // the conditions of which none holds; none: it has a meaning
  std::string explained() const;  // the help, with what it goes with

  // Takes the value from one text, or several for a list. `where` begins the message: "--batch", "run.toml:3: batch".
  void assign(const std::vector<std::string>& texts, const std::string& where) const;
  std::string toml() const;   // as a TOML value
  std::string plain() const;  // as after a flag
};

Rule positive_rule();

// "a, b or c".
std::string one_or_other(const std::vector<std::string>& words);
// "; did you mean --heads?" of the names that are near, each after the prefix; empty where none is.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names, std::string_view prefix = {});

}  // namespace fovea::examples
