// The command line of an example: what all share is declared here once, an example adds its own.
//
//   RunOptions run{.task = "copy", .steps = 20000};
//   CommandLine line({.name = "copy", .description = "An NTM learns to copy", .tasks = {"copy", "sort"}}, run);
//   line.add("memory", memory, "slots x width");
//   return run_program(line, argc, argv, [&] { return train(run, line.folder(), line.config_toml()); });
//
// Every value may stand in a TOML file under its flag's name (`learning-rate = 0.001`): --config FILE. Precedence:
// defaults, then the file, then flags; an unknown key is an error. --resume DIR takes all from the run's config.toml; a
// flag that says otherwise is an error unless it may change in a resumed run (--steps, --threads, --data, --quiet).
// Errors: UsageError naming flag, value and rule; FileError for a file that cannot be read. Used from one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "examples/common/config_text.h"

namespace fovea::examples {

// What all examples share; the values it is handed to CommandLine with are the defaults.
struct RunOptions {
  std::string task{};
  uint64_t seed = 1;
  int64_t threads = 0;  // 0: as many as the machine has; after parse the number itself
  int64_t steps = 10000;
  int64_t batch = 16;
  std::string optimizer = "adam";
  double learning_rate = 1e-3;
  std::string out{};
  std::string resume{};
  std::string config{};
  std::string data{};
  bool quiet = false;
  double save_every = 30;  // seconds between checkpoints
};

// What a value must be, in words that follow "must be", and the test of it.
struct Rule {
  std::string words{};
  std::function<bool(std::string_view)> holds{};
  std::vector<std::string> choices{};  // named in the help
};
Rule whole(int64_t least, int64_t most);  // a whole number
Rule at_least(int64_t least);
Rule real(double least, double most);  // a number
Rule positive();                       // a number greater than 0
Rule one_of(std::vector<std::string> names);

class CommandLine {
 public:
  struct Program {
    std::string name{};
    std::string description{};
    std::vector<std::string> tasks{};  // empty: no --task
    std::vector<std::string> optimizers = {"sgd", "rmsprop", "rmsprop-graves", "adam", "adamw"};
    bool uses_data = false;  // --data DIR, looked for beside the working folder when not given
  };
  enum class OnResume { keep, may_change };
  // A list is written 10,20,30 after a flag and [10, 20, 30] in a file. A bool that is true by default gets --no-NAME.
  using Target =
      std::variant<int64_t*, uint64_t*, double*, bool*, std::string*, std::vector<int64_t>*, std::vector<std::string>*>;

  CommandLine(Program program, RunOptions& options);
  ~CommandLine();

  // The value's own value is its default. The rule of a list is that of each element.
  void add(std::string_view name, Target value, std::string_view help, Rule rule = {},
           OnResume on_resume = OnResume::keep);

  // False when --help or --version was asked for and answered on stdout.
  bool parse(int argc, const char* const* argv);

  // Once more, with what the run in `folder` says of itself in its config.toml; flags win. UsageError if it has none.
  void parse_as_run(std::string_view folder, int argc, const char* const* argv);

  std::string config_toml() const;       // every value that makes the run what it is
  std::filesystem::path folder() const;  // --resume, --out, or runs/<name>-<task>-seed<seed>
  bool resumed() const;
  const std::string& name() const;
  // What to type to call the program again: the variable FOVEA_COMMAND, which ./dev sets, else how it was called.
  std::string command() const;
  // A file below --data; FileError that says where was looked when it is not there.
  std::filesystem::path data_file(std::string_view relative) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// What `make` makes of the flags; where it cannot, its ValueError or ShapeError is a UsageError.
template <class Make>
auto as_asked(const Make& make) {
  try {
    return make();
  } catch (const ValueError& error) {
    throw UsageError(error.what());
  } catch (const ShapeError& error) {
    throw UsageError(error.what());
  }
}

// parse, then `body`; an exception becomes a message on stderr and an exit code: 2 for usage, 1 for the rest.
int run_program(CommandLine& line, int argc, const char* const* argv, const std::function<int()>& body);

// The same where defaults depend on the task. Settings(task) has `run` and `line`; the command line is read once to
// find the task, and once more with that task's defaults.
template <class Settings, class Body>
int run_program_by_task(const std::string& usual, int argc, const char* const* argv, Body&& body) {
  Settings first(usual);
  return run_program(first.line, argc, argv, [&] {
    Settings own(first.run.task);
    own.line.parse(argc, argv);
    return body(own);
  });
}

}  // namespace fovea::examples
