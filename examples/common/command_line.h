// The command line of a program: what all share stands here once, a program adds its own as members.
//
//   struct Options : CommandLine {
//     Options() : CommandLine({.name = "copy", .description = "An NTM learns to copy", .tasks = {"copy", "sort"}},
//                             {.steps = 20000}) {}
//     int64_t& heads = whole("heads", "read heads", 1, 1, 32);       // 1 unless given, from 1 to 32
//     int64_t& warmup = in_steps(goes_with(whole("warmup", "steps", 100, 0), {{&task, {"sort"}}}));
//     void settle() override { if (task == "sort") otherwise(heads, 5); }
//   };
//
// Every value may stand in a TOML file under its flag's name (`learning-rate = 0.001`): --config FILE. Precedence:
// defaults, then the file, then flags; an unknown key is an error. --resume DIR takes all from the run's config.toml; a
// flag that says otherwise is an error unless it may change in a resumed run (--steps, --threads, --data, --quiet).
// Errors: UsageError naming flag, value and rule; FileError for a file that cannot be read. Used from one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "examples/common/config_text.h"

namespace fovea::examples {

// What all programs share; the values that CommandLine is made with are the defaults.
struct RunOptions {
  std::string task{};
  uint64_t seed = 1;
  int64_t threads = 1;  // 0: as many as the machine has; after parse the number itself
  int64_t steps = 10000;
  int64_t batch = 16, micro_batches = 0;  // 0: as many as ranks; after parse the number itself
  std::string optimizer = "adam";
  double learning_rate = 1e-3, clip = 1, save_every = 30;  // the last: seconds between checkpoints
  int64_t validate_every = 500, early_stop = 0, watch_port = 0;
  std::string out{}, resume{}, config{}, data{};
  std::string run{}, served{};  // --run DIR and what its trained model is asked
  // --look: a trained run on what is typed, and what is changed in its attention then (look.h).
  struct Look {
    std::string text{}, attention{};  // the attentions whose name has this; empty: all
    double scale_scores = 1;
    std::vector<int64_t> heads_off{}, mask_keys{};  // numbered from 1
    int64_t force_key = 0;                          // 0: none
    bool changes() const { return scale_scores != 1 || !heads_off.empty() || !mask_keys.empty() || force_key != 0; }
  } look{};
  bool quiet = false, watch = false;  // watch: the page of the run while it goes on: live.h
  std::string watch_address = "127.0.0.1";
  bool record = true;      // what attention does on a few samples: record.h
  bool reference = false;  // on the formulas beside the fused kernels: ReferenceMode
};

// What a value must be, in words that follow "must be", and the test of it.
struct Rule {
  std::string words{};
  std::function<bool(std::string_view)> holds{};
  std::vector<std::string> choices{};  // named in the help
};
inline constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
Rule whole_rule(int64_t least, int64_t most = kMost);
Rule real_rule(double least, double most);
Rule one_of(std::vector<std::string> names);

struct Parameter;

class CommandLine : public RunOptions {
 public:
  struct About {
    std::string name{};
    std::string description{};
    std::vector<std::string> tasks{};  // empty: no --task
    bool uses_data = false;            // --data DIR, looked for beside the working folder when not given
    bool trains_in_parts = false;      // --micro-batches, and on several ranks
    std::string serves{};              // the flag that asks a trained model: --translate TEXT, with --run DIR
  };
  // A list is written 10,20,30 after a flag and [10, 20, 30] in a file. A bool is --NAME or --no-NAME, or --NAME=off.
  using Target = std::variant<int64_t*, uint64_t*, double*, bool*, std::string*, std::vector<int64_t>*>;

  CommandLine(About about, RunOptions defaults);
  virtual ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // False when --help or --version was asked for and answered on stdout.
  bool parse(int argc, const char* const* argv);
  // Once more, with what the run in `folder` says of itself in its config.toml; flags win. UsageError if it has none.
  void parse_as_run(std::string_view folder, int argc, const char* const* argv);

  // What of the recipe does not fit --steps, and the flags that would; empty where nothing is to say.
  std::string recipe_note() const;
  // " a smaller --batch or --hidden needs less", of the flags that there are.
  std::string smaller_flags() const;
  std::string config_toml() const;       // every value that makes the run what it is
  std::filesystem::path folder() const;  // --resume, --out, or runs/<name>-<task>-seed<seed>
  bool resumed() const { return !resume.empty(); }
  const std::string& name() const;
  std::string served_flag() const;  // "--translate"
  // What to type to call the program again: FOVEA_COMMAND, which ./dev and fovea set, else how it was called.
  std::string command() const;
  // A file below --data; where it is not there, a FileError that says where was looked, and `hint`.
  std::filesystem::path data_file(std::string_view relative, std::string_view hint = {}) const;

 protected:
  // Values of the program's own, in place as long as this: a default, and what they must be. In a
  // resumed run they must be what they were, but for those that may_change.
  int64_t& whole(std::string_view name, std::string_view help, int64_t value, int64_t least, int64_t most = kMost) {
    return own(name, help, value, whole_rule(least, most));
  }
  std::vector<int64_t>& wholes(std::string_view name, std::string_view help, std::vector<int64_t> value, int64_t least,
                               int64_t most = kMost) {
    return own(name, help, std::move(value), whole_rule(least, most));
  }
  double& real(std::string_view name, std::string_view help, double value, double least, double most) {
    return own(name, help, value, real_rule(least, most));
  }
  bool& flag(std::string_view name, std::string_view help, bool value = false) { return own(name, help, value, {}); }
  std::string& text(std::string_view name, std::string_view help, std::string value = {}, const Rule& rule = {}) {
    return own(name, help, std::move(value), rule);
  }
  // The first of the names, unless one is the default.
  std::string& choice(std::string_view name, std::string_view help, std::vector<std::string> names,
                      std::string value = {}) {
    if (value.empty()) value = names.front();
    return own(name, help, std::move(value), one_of(std::move(names)));
  }
  template <class T>
  T& may_change(T& value) {
    allow_change(&value);
    return value;
  }

  // A value that has a meaning for some choices of others alone: any of the conditions will do, those of a further call
  // are needed too. Given where it has none it is refused; that and the help say what it goes with.
  struct Condition {
    Target other;
    std::vector<std::string> values;
  };
  template <class T>
  T& goes_with(T& value, const std::vector<Condition>& any) {
    add_conditions(&value, any);
    return value;
  }
  // A setting counted in training steps: where --steps is not the recipe's, recipe_note says what it would be.
  int64_t& in_steps(int64_t& value) {
    note_in_steps(&value);
    return value;
  }

  // Called once all is read: defaults that follow from other values, and UsageError for what does not go together.
  virtual void settle() {}
  // In place of the default, unless the value was given.
  template <class T>
  void otherwise(T& value, const std::type_identity_t<T>& fallback) {
    if (!given(&value)) value = fallback;
    if constexpr (std::is_same_v<T, int64_t>)
      if (&value == &steps) recipe_steps_ = fallback;
  }
  bool given(const Target& target) const;
  // UsageError naming both flags, their numbers and the nearest that go, unless `part` divides `whole`.
  void must_divide(const int64_t& part, const int64_t& whole) const;

 private:
  struct Parts;
  using Value = std::variant<int64_t, double, bool, std::string, std::vector<int64_t>>;
  template <class T>
  T& own(std::string_view name, std::string_view help, T value, const Rule& rule) {
    return std::get<T>(keep(name, help, std::move(value), rule));
  }
  Value& keep(std::string_view name, std::string_view help, Value value, Rule rule);
  Parameter& of(const Target& target) const;
  void allow_change(const Target& target);
  void add_conditions(const Target& target, std::vector<Condition> any);
  void note_in_steps(const Target& target);
  void check_run();
  void settle_parts();
  int64_t recipe_steps_;
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

}  // namespace fovea::examples
