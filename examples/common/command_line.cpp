#include "examples/common/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/core/parallel.h>
#include <fovea/optim/training/interrupt.h>
#include <fovea/optim/training/text_file.h>
#include <fovea/version.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <new>
#include <thread>

#include "examples/common/parameter.h"

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

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts{""};
  for (const char sign : text) {
    if (sign == separator) parts.emplace_back();
    if (sign != separator) parts.back() += sign;
  }
  return parts;
}

}  // namespace

struct CommandLine::Parts {
  About program;
  RunOptions& run;
  CLI::App app{};
  std::deque<Parameter> parameters{};  // stays in place: CLI11 keeps addresses
  std::deque<Value> own{};
  std::string called = program.name;

  Parameter& add(std::string_view name, Target value, std::string_view help, Rule rule = {});
  void read_config(const std::filesystem::path& file);
  void take_flags();
  void take_resumed();
};

Parameter& CommandLine::Parts::add(std::string_view name, Target value, std::string_view help, Rule rule) {
  Parameter& parameter = parameters.emplace_back();
  parameter.name = name;
  parameter.target = value;
  parameter.help = help;
  if (!rule.choices.empty()) parameter.help += fmt::format(": {}", fmt::join(rule.choices, ", "));
  parameter.rule = std::move(rule);
  const auto note = [&parameter](const std::string& text) { return parameter.given = text, parameter.is_given = true; };
  if (bool* const* on = std::get_if<bool*>(&value)) {
    const bool turns_off = **on;
    const auto note_flag = [=](int64_t) { note(turns_off ? "false" : "true"); };
    app.add_flag_function((turns_off ? "--no-" : "--") + parameter.name, note_flag, parameter.help);
    return parameter;
  }
  const auto note_last = [=](const CLI::results_t& texts) { return note(texts.back()); };
  CLI::Option* option = app.add_option("--" + parameter.name, note_last, parameter.help);
  option->type_name(parameter.sign())->default_str(parameter.plain())->take_last();
  return parameter;
}

void CommandLine::Parts::read_config(const std::filesystem::path& file) {
  std::map<std::string, Parameter*> known;
  for (Parameter& each : parameters)
    if (each.in_files) known[each.name] = &each;
  for (const Setting& setting : parse_config(read_text(file), file.string())) {
    const std::string where = fmt::format("{}:{}: {}", file.string(), setting.line, setting.key);
    if (setting.key == "fovea") continue;  // the version that wrote the file
    if (setting.key == "example") {
      if (setting.values.size() == 1 && setting.values.front() == program.name) continue;
      throw UsageError(
          fmt::format("{}: is of the example \"{}\"; this is {}", where, fmt::join(setting.values, ","), program.name));
    }
    const auto found = known.find(setting.key);
    if (found == known.end()) {
      std::vector<std::string> names;
      for (const auto& [name, parameter] : known) names.push_back(name);
      throw UsageError(fmt::format("{}: unknown key; {} knows {}", where, program.name, fmt::join(names, ", ")));
    }
    found->second->assign(setting.values, where);
    found->second->in_file = true;
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

CommandLine::CommandLine(About about, RunOptions defaults)
    : RunOptions(std::move(defaults)), parts_(new Parts{std::move(about), *this}) {
  Parts& parts = *parts_;
  parts.app.name(parts.program.name);
  parts.app.description(parts.program.description);
  parts.app.set_help_flag("-h,--help", "print this help and leave");
  parts.app.set_version_flag("--version", parts.program.name + " of fovea " FOVEA_VERSION,
                             "print the version and leave");
  if (!parts.program.tasks.empty()) {
    task = parts.program.tasks.front();
    parts.add("task", &task, "what to learn", one_of(parts.program.tasks));
  }
  parts.add("seed", &seed, "seed of every random number of the run");
  parts
      .add("threads", &threads, "threads; 0: as many as the machine has. Results do not depend on it",
           whole_rule(0, most_threads))
      .may_change = true;
  parts.add("steps", &steps, "training steps", whole_rule(0)).may_change = true;
  parts.add("batch", &batch, "sequences a step", whole_rule(1, 1 << 20));
  parts.add("optimizer", &optimizer, "update rule", one_of({"sgd", "rmsprop", "rmsprop-graves", "adam", "adamw"}));
  parts.add("learning-rate", &learning_rate, "step size of the optimizer", positive_rule());
  parts.add("clip", &clip, "largest norm of the gradient", positive_rule());
  parts.add("validate-every", &validate_every, "steps between validations", whole_rule(1));
  parts.add("early-stop", &early_stop, "stop after this many all but perfect validations in a row; 0: never",
            whole_rule(0));
  if (parts.program.uses_data) parts.add("data", &data, "folder of the data sets").may_change = true;
  parts.add("out", &out, "folder of the run; default runs/" + parts.program.name + "-...", path()).saved = false;
  parts.add("save-every", &save_every, "seconds between checkpoints", real_rule(0, 1e9)).saved = false;
  parts.add("quiet", &quiet, "no progress on stderr").saved = false;
  const auto not_in_files = [](Parameter& parameter) { parameter.saved = parameter.in_files = false; };
  not_in_files(parts.add("resume", &resume, "go on with the run in this folder", path()));
  not_in_files(parts.add("config", &config, "take settings from this TOML file; flags win", path()));
  if (parts.program.serves.empty()) return;
  const std::string& serves = parts.program.serves;
  not_in_files(parts.add(serves, &served, serves + " this, or each line of stdin (-); with --run"));
  not_in_files(parts.add("run", &run, "folder of the trained run that --" + serves + " uses"));
}

CommandLine::~CommandLine() = default;

CommandLine::Value& CommandLine::keep(std::string_view name, std::string_view help, Value value, Rule rule) {
  Value& kept = parts_->own.emplace_back(std::move(value));
  parts_->add(name, std::visit([](auto& own) -> Target { return &own; }, kept), help, std::move(rule));
  return kept;
}

Parameter& CommandLine::of(const Target& target) const {
  return *std::find_if(parts_->parameters.begin(), parts_->parameters.end(),
                       [&](const Parameter& parameter) { return parameter.target == target; });
}

bool CommandLine::given(const Target& target) const { return of(target).is_given || of(target).in_file; }
void CommandLine::allow_change(const Target& target) { of(target).may_change = true; }

bool CommandLine::parse(int argc, const char* const* argv) {
  if (argc > 0) parts_->called = shell_word(argv[0]);
  for (Parameter& parameter : parts_->parameters) parameter.is_given = parameter.in_file = false;
  try {
    parts_->app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    parts_->app.exit(asked);
    return false;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  parts_->take_flags();
  if (resumed()) {
    parts_->take_resumed();
  } else if (!config.empty()) {
    parts_->read_config(config);
    parts_->take_flags();
  }
  if (threads == 0) threads = std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, most_threads);
  if (parts_->program.uses_data && data.empty() && std::filesystem::is_directory(usual_data_folder))
    data = usual_data_folder;
  if (run.empty() != served.empty())
    throw UsageError(fmt::format("--{0} needs --run DIR, the folder of a trained run, and --run needs --{0}",
                                 parts_->program.serves));
  settle();
  return true;
}

void CommandLine::parse_as_run(std::string_view folder, int argc, const char* const* argv) {
  const std::string file = (std::filesystem::path(folder) / "config.toml").string();
  if (!std::filesystem::exists(file))
    throw UsageError(fmt::format("--run {}: there is no config.toml in it; need the folder of a run", folder));
  std::vector<const char*> again(argv, argv + argc);
  again.insert(again.end(), {"--config", file.c_str()});
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
  if (resumed()) return resume;
  if (!out.empty()) return out;
  const std::string suffix = task.empty() ? "" : "-" + task;
  return std::filesystem::path("runs") / fmt::format("{}{}-seed{}", name(), suffix, seed);
}

const std::string& CommandLine::name() const { return parts_->program.name; }

std::string CommandLine::served_flag() const { return "--" + parts_->program.serves; }

std::string CommandLine::command() const {
  const char* told = std::getenv("FOVEA_COMMAND");
  return told != nullptr && *told != '\0' ? told : parts_->called;
}

std::filesystem::path CommandLine::data_file(std::string_view relative, std::string_view hint) const {
  std::filesystem::path file = std::filesystem::path(data) / relative;
  if (!data.empty() && std::filesystem::exists(file)) return file;
  const std::string why =
      data.empty() ? fmt::format("no --data was given and there is no folder {}; give --data DIR", usual_data_folder)
                   : fmt::format("it is not in {}; give another --data DIR", data);
  throw FileError(fmt::format("{} needs the file {}: {}{}{}", name(), relative, why, hint.empty() ? "" : "; ", hint));
}

int run_program(CommandLine& line, int argc, const char* const* argv, const std::function<int()>& body) {
  try {
    if (!line.parse(argc, argv)) return 0;
    set_num_threads(static_cast<int>(line.threads));
    return body();
  } catch (const UsageError& error) {
    std::fprintf(stderr, "%s: %s\nsee %s --help\n", line.name().c_str(), error.what(), line.command().c_str());
    return 2;
  } catch (const std::bad_alloc& error) {
    std::fprintf(stderr, "%s: %s\na --batch below %lld takes less, as do smaller sizes of the model: see %s --help\n",
                 line.name().c_str(), error.what(), static_cast<long long>(line.batch), line.command().c_str());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", line.name().c_str(), error.what());
    return 1;
  }
}

}  // namespace fovea::examples
