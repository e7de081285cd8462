#include "examples/common/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/version.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <thread>

#include "examples/common/interrupt.h"
#include "examples/common/parameter.h"
#include "examples/common/text_file.h"

namespace fovea::examples {
namespace {

constexpr int64_t most_threads = 1024;
constexpr const char* usual_data_folder = "../shared/data";

bool same_folder(const std::filesystem::path& a, const std::filesystem::path& b) {
  return std::filesystem::weakly_canonical(a) == std::filesystem::weakly_canonical(b);
}

// Empty is what a shell makes of a variable that was never set: without a rule --resume "$folder" began a new run.
Rule path() {
  return {"the name of a file or folder", [](std::string_view text) { return !text.empty(); }};
}

}  // namespace

struct CommandLine::Parts {
  Program program;
  RunOptions& run;
  CLI::App app{};
  std::deque<Parameter> parameters{};  // stays in place: CLI11 keeps addresses
  std::string called = program.name;

  Parameter& add(std::string_view name, Target value, std::string_view help, Rule rule, OnResume on_resume);
  Parameter* find(std::string_view key);
  void read_config(const std::filesystem::path& file);
  void take_flags();
  void take_resumed();
  void finish();
};

Parameter& CommandLine::Parts::add(std::string_view name, Target value, std::string_view help, Rule rule,
                                   OnResume on_resume) {
  Parameter& parameter = parameters.emplace_back();
  parameter.name = name;
  parameter.target = value;
  parameter.help = help;
  if (!rule.choices.empty()) parameter.help += fmt::format(": {}", fmt::join(rule.choices, ", "));
  parameter.rule = std::move(rule);
  parameter.may_change = on_resume == OnResume::may_change;
  const auto note_given = [&parameter](const CLI::results_t& texts) {
    parameter.given = texts.back();
    parameter.is_given = true;
    return true;
  };
  if (parameter.is_flag()) {
    const bool turns_off = *std::get<bool*>(value);
    const auto note_flag = [&parameter, turns_off](int64_t) {
      parameter.given = turns_off ? "false" : "true";
      parameter.is_given = true;
    };
    app.add_flag_function((turns_off ? "--no-" : "--") + parameter.name, note_flag, parameter.help);
    return parameter;
  }
  CLI::Option* option = app.add_option("--" + parameter.name, note_given, parameter.help);
  option->type_name(parameter.sign())->default_str(parameter.plain())->take_last();
  return parameter;
}

Parameter* CommandLine::Parts::find(std::string_view key) {
  for (Parameter& parameter : parameters) {
    if (parameter.name == key && parameter.in_files) return &parameter;
  }
  return nullptr;
}

void CommandLine::Parts::read_config(const std::filesystem::path& file) {
  for (const Setting& setting : parse_config(read_text(file), file.string())) {
    const std::string where = fmt::format("{}:{}: {}", file.string(), setting.line, setting.key);
    if (setting.key == "fovea") continue;  // the version that wrote the file
    if (setting.key == "example") {
      if (setting.values.size() == 1 && setting.values.front() == program.name) continue;
      throw UsageError(
          fmt::format("{}: is of the example \"{}\"; this is {}", where, fmt::join(setting.values, ","), program.name));
    }
    const Parameter* parameter = find(setting.key);
    if (parameter == nullptr) {
      std::vector<std::string> known;
      for (const Parameter& each : parameters) {
        if (each.in_files) known.push_back(each.name);
      }
      std::sort(known.begin(), known.end());
      throw UsageError(fmt::format("{}: unknown key; {} knows {}", where, program.name, fmt::join(known, ", ")));
    }
    parameter->assign(setting.values, where);
  }
}

void CommandLine::Parts::take_flags() {
  for (const Parameter& parameter : parameters) {
    if (!parameter.is_given) continue;
    if (parameter.is_list() && parameter.given.empty())
      throw UsageError(fmt::format("--{} is empty; leave it out, or name its values", parameter.name));
    const auto texts = parameter.is_list() ? split(parameter.given, ',') : std::vector<std::string>{parameter.given};
    parameter.assign(texts, "--" + parameter.name);
  }
}

// What the flags said is in place; the run's own config comes over it, and where the two differ a flag must be free to.
void CommandLine::Parts::take_resumed() {
  std::vector<std::string> wanted;
  for (const Parameter& parameter : parameters) wanted.push_back(parameter.plain());
  const std::filesystem::path file = std::filesystem::path(run.resume) / "config.toml";
  if (!std::filesystem::exists(file)) {
    throw UsageError(
        fmt::format("--resume {}: there is no config.toml in it; it must be the folder of a run", run.resume));
  }
  if (!run.config.empty())
    throw UsageError("--config contradicts --resume: a resumed run keeps its own config; leave it out");
  if (!run.out.empty() && !same_folder(run.out, run.resume)) {
    throw UsageError(fmt::format(
        "--out {} contradicts --resume {}: a resumed run goes on in its folder; leave --out out", run.out, run.resume));
  }
  read_config(file);
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (!parameter.is_given || !parameter.saved || parameter.may_change || wanted[i] == parameter.plain()) continue;
    throw UsageError(fmt::format("--{} {} contradicts the run in {}, which has {}; leave --{} out, or begin a new run",
                                 parameter.name, wanted[i], run.resume, parameter.plain(), parameter.name));
  }
  take_flags();
}

void CommandLine::Parts::finish() {
  if (run.threads == 0) {
    run.threads = std::clamp<int64_t>(static_cast<int64_t>(std::thread::hardware_concurrency()), 1, most_threads);
  }
  if (program.uses_data && run.data.empty() && std::filesystem::is_directory(usual_data_folder)) {
    run.data = usual_data_folder;
  }
}

CommandLine::CommandLine(Program program, RunOptions& options) : parts_(new Parts{std::move(program), options}) {
  Parts& parts = *parts_;
  RunOptions& run = options;
  parts.app.name(parts.program.name);
  parts.app.description(parts.program.description);
  parts.app.set_help_flag("-h,--help", "print this help and leave");
  parts.app.set_version_flag("--version", parts.program.name + " of fovea " FOVEA_VERSION,
                             "print the version and leave");
  const auto add_here = [&](std::string_view name, Target value, std::string_view help, Rule rule = {},
                            OnResume on_resume = OnResume::keep) -> Parameter& {
    return parts.add(name, value, help, std::move(rule), on_resume);
  };
  if (!parts.program.tasks.empty()) {
    if (run.task.empty()) run.task = parts.program.tasks.front();
    add_here("task", &run.task, "what to learn", one_of(parts.program.tasks));
  }
  add_here("seed", &run.seed, "seed of every random number of the run");
  add_here("threads", &run.threads, "threads; 0: as many as the machine has. Results do not depend on it",
           whole(0, most_threads), OnResume::may_change);
  add_here("steps", &run.steps, "training steps", at_least(0), OnResume::may_change);
  add_here("batch", &run.batch, "sequences a step", whole(1, 1 << 20));
  add_here("optimizer", &run.optimizer, "update rule", one_of(parts.program.optimizers));
  add_here("learning-rate", &run.learning_rate, "step size of the optimizer", positive());
  if (parts.program.uses_data) {
    add_here("data", &run.data, "folder of the data sets", {}, OnResume::may_change);
  }
  add_here("out", &run.out, "folder of the run; default runs/" + parts.program.name + "-...", path()).saved = false;
  add_here("save-every", &run.save_every, "seconds between checkpoints", real(0, 1e9)).saved = false;
  add_here("quiet", &run.quiet, "no progress on stderr").saved = false;
  Parameter& resume = add_here("resume", &run.resume, "go on with the run in this folder", path());
  Parameter& config = add_here("config", &run.config, "take settings from this TOML file; flags win", path());
  resume.saved = config.saved = resume.in_files = config.in_files = false;
}

CommandLine::~CommandLine() = default;

void CommandLine::add(std::string_view name, Target value, std::string_view help, Rule rule, OnResume on_resume) {
  parts_->add(name, value, help, std::move(rule), on_resume);
}

bool CommandLine::parse(int argc, const char* const* argv) {
  if (argc > 0) parts_->called = shell_word(argv[0]);
  for (Parameter& parameter : parts_->parameters) parameter.is_given = false;
  try {
    parts_->app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    parts_->app.exit(asked);
    return false;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  RunOptions& run = parts_->run;
  parts_->take_flags();
  if (!run.resume.empty()) {
    parts_->take_resumed();
  } else if (!run.config.empty()) {
    parts_->read_config(run.config);
    parts_->take_flags();
  }
  parts_->finish();
  return true;
}

void CommandLine::parse_as_run(std::string_view folder, int argc, const char* const* argv) {
  const std::string config = (std::filesystem::path(folder) / "config.toml").string();
  if (!std::filesystem::exists(config))
    throw UsageError(fmt::format("--run {}: there is no config.toml in it; need the folder of a run", folder));
  std::vector<const char*> again(argv, argv + argc);
  again.insert(again.end(), {"--config", config.c_str()});
  parse(static_cast<int>(again.size()), again.data());
}

std::string CommandLine::config_toml() const {
  std::string text = fmt::format("example = {}\nfovea = {}\n", toml_string(name()), toml_string(FOVEA_VERSION));
  for (const Parameter& parameter : parts_->parameters) {
    const bool nothing = parameter.plain().empty() && !parameter.is_list();
    if (parameter.saved && !nothing) text += fmt::format("{} = {}\n", parameter.name, parameter.toml());
  }
  return text;
}

std::filesystem::path CommandLine::folder() const {
  const RunOptions& run = parts_->run;
  if (!run.resume.empty()) return run.resume;
  if (!run.out.empty()) return run.out;
  const std::string task = run.task.empty() ? "" : "-" + run.task;
  return std::filesystem::path("runs") / fmt::format("{}{}-seed{}", name(), task, run.seed);
}

bool CommandLine::resumed() const { return !parts_->run.resume.empty(); }

const std::string& CommandLine::name() const { return parts_->program.name; }

std::string CommandLine::command() const {
  const char* told = std::getenv("FOVEA_COMMAND");
  return told != nullptr && *told != '\0' ? told : parts_->called;
}

std::filesystem::path CommandLine::data_file(std::string_view relative) const {
  const std::string& folder = parts_->run.data;
  if (folder.empty()) {
    throw FileError(fmt::format("{} needs the file {}: no --data was given and there is no folder {}; give --data DIR",
                                name(), relative, usual_data_folder));
  }
  std::filesystem::path file = std::filesystem::path(folder) / relative;
  if (std::filesystem::exists(file)) return file;
  throw FileError(
      fmt::format("{} needs the file {}: it is not in {}; give another --data DIR", name(), relative, folder));
}

int run_program(CommandLine& line, int argc, const char* const* argv, const std::function<int()>& body) {
  try {
    return line.parse(argc, argv) ? body() : 0;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "%s: %s\nsee %s --help\n", line.name().c_str(), error.what(), line.command().c_str());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", line.name().c_str(), error.what());
    return 1;
  }
}

}  // namespace fovea::examples
