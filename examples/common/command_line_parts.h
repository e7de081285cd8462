// What a CommandLine is made of: its parameters, CLI11's parser of the flags, and the order in which flags and files
// take effect. Errors: UsageError naming flag, or file and line, and the rule.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>

#include "examples/common/parameter.h"

namespace fovea::examples {

struct CommandLine::Parts {
  About program;
  RunOptions& run;
  CLI::App app{};
  std::deque<Parameter> parameters{};  // stays in place: CLI11 keeps addresses
  std::deque<Value> own{};
  std::string called = program.name;

  Parameter& add(std::string_view name, Target value, std::string_view help, Rule rule = {});
  // Which flags there are and what they say; nothing is taken yet.
  void parse(int argc, const char* const* argv);
  void read_config(const std::filesystem::path& file);
  void take_flags();
  void take_resumed();
  void check_conditions() const;  // what was given goes with the rest
  // "; did you mean --heads?", or what a name of before is called now.
  std::string meant(std::string_view name, std::string_view prefix) const;
};

}  // namespace fovea::examples
