// One value of the command line: its name, where it lives, its rule, and its text in flags and in config.toml.
// Errors: UsageError naming flag, value and rule.
#pragma once

#include <string>
#include <vector>

#include "examples/common/command_line.h"

namespace fovea::examples {

struct Parameter {
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

  bool is_list() const { return std::holds_alternative<std::vector<int64_t>*>(target); }
  std::string sign() const;  // "N", "X" or "TEXT" in the help

  // Takes the value from one text, or several for a list. `where` begins the message: "--batch", "run.toml:3: batch".
  void assign(const std::vector<std::string>& texts, const std::string& where) const;
  std::string toml() const;   // as a TOML value
  std::string plain() const;  // as after a flag
};

Rule positive_rule();

}  // namespace fovea::examples
