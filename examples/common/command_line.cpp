#include "examples/common/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/autograd/mode.h>
#include <fovea/core/parallel.h>
#include <fovea/optim/training/interrupt.h>
#include <fovea/version.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <thread>

#include "examples/common/command_line_parts.h"
#include "examples/common/ranks.h"

namespace fovea::examples {
namespace {

constexpr int64_t most_threads = 1024;

// A variable of the environment; one that is empty was not set.
std::string told(const char* name, std::string_view otherwise = {}) {
  const char* value = std::getenv(name);
  return std::string(value != nullptr && *value != '\0' ? value : otherwise);
}

// Where data sets are looked for without --data: where ./dev data and fovea data put them, beside the working folder.
std::vector<std::filesystem::path> usual_data_folders() {
  std::vector<std::filesystem::path> folders;
  if (const std::filesystem::path own = told("FOVEA_DATA"); !own.empty()) folders.push_back(own);
  folders.emplace_back("../shared/data");
  if (const std::filesystem::path share = told("XDG_DATA_HOME"); !share.empty())
    folders.push_back(share / "fovea" / "data");
  else if (const std::filesystem::path home = told("HOME"); !home.empty())
    folders.push_back(home / ".local" / "share" / "fovea" / "data");
  return folders;
}

// Empty is what a shell makes of a variable that was never set: without a rule --resume "$folder" began a new run.
Rule path() {
  return {"the name of a file or folder", [](std::string_view text) { return !text.empty(); }};
}

// What the help shows: a flag that is on by default with the name that turns it off.
struct HelpFormatter : CLI::Formatter {
  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    const std::vector<std::string>& names = option->get_lnames();
    if (positional || names.size() != 2 || !names[1].starts_with("no-"))
      return Formatter::make_option_name(option, positional);
    return option->get_description().find("; on by default") == std::string::npos
               ? "--" + names[0]
               : fmt::format("--{}", fmt::join(names, ", --"));
  }
};

}  // namespace

CommandLine::CommandLine(About about, RunOptions defaults)
    : RunOptions(std::move(defaults)), recipe_steps_(steps), parts_(new Parts{std::move(about), *this}) {
  Parts& parts = *parts_;
  parts.app.allow_extras();  // told of by name
  parts.app.formatter(std::make_shared<HelpFormatter>());
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
  if (parts.program.trains_in_parts)
    parts.add("micro-batches", &micro_batches,
              "parts of a batch, each with a backward of its own, a power of two; 0: as many as ranks", whole_rule(0));
  parts.add("optimizer", &optimizer, "update rule", one_of({"sgd", "rmsprop", "rmsprop-graves", "adam", "adamw"}));
  parts.add("learning-rate", &learning_rate, "step size of the optimizer", positive_rule());
  parts.add("clip", &clip, "largest norm of the gradient", positive_rule());
  parts.add("reference", &reference,
            "run on the plain formulas beside the fused kernels: slower, the same but for rounding");
  parts.add("validate-every", &validate_every, "steps between validations", whole_rule(1)).in_steps = true;
  parts.add("early-stop", &early_stop, "stop after this many all but perfect validations in a row; 0: never",
            whole_rule(0));
  if (parts.program.uses_data) parts.add("data", &data, "folder of the data sets").may_change = true;
  parts.add("out", &out, "folder of the run; default runs/" + parts.program.name + "-...", path()).saved = false;
  parts.add("save-every", &save_every, "seconds between checkpoints", real_rule(0, 1e9)).saved = false;
  parts.add("watch", &watch, "serve the page of the run while it goes on, with pause and stop").saved = false;
  parts.add("watch-address", &watch_address, "of the interface that --watch serves on").saved = false;
  parts.add("watch-port", &watch_port, "of the page; 0: one that is free", whole_rule(0, 65535)).saved = false;
  parts.add("record", &record, "keep what attention does on a few samples as it learns").saved = false;
  parts.add("quiet", &quiet, "no progress on stderr").saved = false;
  const auto not_in_files = [](Parameter& parameter) { parameter.saved = parameter.in_files = false; };
  not_in_files(parts.add("resume", &resume, "go on with the run in this folder", path()));
  not_in_files(parts.add("config", &config, "take settings from this TOML file; flags win", path()));
  not_in_files(
      parts.add("look", &look.text, "show what the trained run makes of this, and where it looks; with --run"));
  not_in_files(parts.add("scale-scores", &look.scale_scores, "with --look: multiply the scores", real_rule(-1e6, 1e6)));
  not_in_files(parts.add("heads-off", &look.heads_off, "with --look: these heads, from 1, read nothing"));
  not_in_files(parts.add("mask-keys", &look.mask_keys, "with --look: these keys, from 1, may not be attended"));
  not_in_files(parts.add("force-key", &look.force_key, "with --look: all weight on this key, from 1", whole_rule(0)));
  not_in_files(parts.add("only", &look.attention, "with --look: change the attentions alone whose name has this"));
  if (parts.program.serves.empty()) {
    not_in_files(parts.add("run", &run, "folder of the trained run that --look uses"));
    return;
  }
  const std::string& serves = parts.program.serves;
  not_in_files(parts.add(serves, &served, serves + " this, or each line of stdin (-); with --run"));
  not_in_files(parts.add("run", &run, "folder of the trained run that --" + serves + " and --look use"));
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
void CommandLine::note_in_steps(const Target& target) { of(target).in_steps = true; }

void CommandLine::add_conditions(const Target& target, std::vector<Condition> any) {
  Parameter& parameter = of(target);
  Parameter::AnyOf& conditions = parameter.conditions.emplace_back();
  for (Condition& each : any) conditions.push_back({&of(each.other), std::move(each.values)});
  parameter.option->description(parameter.explained());
}

void CommandLine::must_divide(const int64_t& part, const int64_t& whole) const {
  if (whole % part == 0) return;
  int64_t below = part, above = part;
  while (whole % below != 0) --below;
  while (above < whole && whole % above != 0) ++above;
  const auto name = [this](const int64_t& value) { return of(const_cast<int64_t*>(&value)).name; };
  throw UsageError(fmt::format("--{0} is {1}, which does not divide --{2} {3}; the nearest that do are {4} and {5}",
                               name(part), part, name(whole), whole, below, std::min(above, whole)));
}

std::string CommandLine::recipe_note() const {
  if (steps == recipe_steps_ || steps == 0) return {};
  std::string flags;
  for (const Parameter& each : parts_->parameters) {
    if (!each.in_steps || each.is_given || each.in_file || each.unmet() != nullptr) continue;
    const int64_t value = *std::get<int64_t*>(each.target);
    const double share = static_cast<double>(value) * static_cast<double>(steps) / static_cast<double>(recipe_steps_);
    const int64_t scaled = std::max<int64_t>(1, std::llround(share));
    if (value != 0 && scaled != value) flags += fmt::format(" --{} {}", each.name, scaled);
  }
  if (flags.empty()) return {};
  return fmt::format("the recipe is for {} steps; what it counts in steps stays as it is. In proportion to {}:{}",
                     recipe_steps_, steps, flags);
}

std::string CommandLine::smaller_flags() const {
  std::vector<std::string> flags;
  for (const Parameter& each : parts_->parameters)
    for (const char* size : {"batch", "hidden", "embed-dim", "length", "max-length", "context", "items", "memory"})
      if (each.name == size && each.unmet() == nullptr) flags.push_back("--" + each.name);
  return fmt::format("a smaller {} needs less", one_or_other(flags));
}

bool CommandLine::parse(int argc, const char* const* argv) {
  if (argc > 0) parts_->called = shell_word(argv[0]);
  try {
    parts_->parse(argc, argv);
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
    if (!std::filesystem::is_regular_file(config))
      throw UsageError(
          fmt::format("--config {}: {}; it must be the name of a TOML file", config,
                      std::filesystem::exists(config) ? "this is no regular file" : "there is no such file"));
    parts_->read_config(config);
    parts_->take_flags();
  }
  if (threads == 0)
    threads = std::clamp<int64_t>(std::thread::hardware_concurrency() / launched_ranks_here(), 1, most_threads);
  check_run();
  if (!run.empty() && config.empty()) return true;  // what the run was trained with is still to come: parse_as_run
  settle();
  settle_parts();
  parts_->check_conditions();
  return true;
}

// How the batch is cut, and that the ranks can share it.
void CommandLine::settle_parts() {
  const int64_t ranks = launched_ranks();
  if (ranks > 1 && !run.empty()) throw UsageError("--run trains nothing, and goes without mpirun");
  if (ranks > 1 && !parts_->program.trains_in_parts)
    throw UsageError("this program does not train on several ranks; run it without mpirun");
  if (!parts_->program.trains_in_parts || !run.empty()) return;
  if (micro_batches == 0) micro_batches = ranks;
  const auto is_power = [](int64_t n) { return std::has_single_bit(static_cast<uint64_t>(n)); };
  if (!is_power(micro_batches))
    throw UsageError(fmt::format("--micro-batches is {}; it must be a power of two, such as {}{}", micro_batches,
                                 std::bit_floor(static_cast<uint64_t>(micro_batches)),
                                 ranks == micro_batches ? ", and so must the number of ranks" : ""));
  if (!is_power(ranks) || ranks > micro_batches)
    throw UsageError(
        fmt::format("{} ranks for --micro-batches {}; their number must be a power of two, and at most that", ranks,
                    micro_batches));
  if (micro_batches > batch)
    throw UsageError(
        fmt::format("--micro-batches {} of --batch {}: there would be parts without a row; give a larger "
                    "--batch or fewer parts",
                    micro_batches, batch));
}

void CommandLine::check_run() {
  const std::string& serves = parts_->program.serves;
  if (given(&look.text) && look.text.empty()) throw UsageError("--look is empty; say what to look at");
  if (run.empty() != (served.empty() && look.text.empty()))
    throw UsageError(fmt::format("--{0} needs --run DIR, the folder of a trained run, and --run needs --{0}{1}",
                                 serves.empty() ? "look" : serves, serves.empty() ? "" : " or --look"));
  if (!served.empty() && !look.text.empty())
    throw UsageError(fmt::format("--{} and --look are two questions; leave out one", serves));
  if (look.text.empty())
    for (const Target change :
         {Target(&look.scale_scores), Target(&look.heads_off), Target(&look.mask_keys), Target(&look.force_key)})
      if (given(change)) throw UsageError(fmt::format("{} goes with --look; leave it out", of(change).source));
  if (given(&look.attention) && !look.changes())
    throw UsageError("--only says where something is changed; give --scale-scores, --heads-off, ... with it");
  for (const Target where : {Target(&watch_address), Target(&watch_port)})
    if (given(where) && !watch)
      throw UsageError(fmt::format("{} goes with --watch; give both or none", of(where).source));
  if (watch && !run.empty()) throw UsageError("--watch does not go with --run, which trains nothing; leave it out");
}

void CommandLine::parse_as_run(std::string_view folder, int argc, const char* const* argv) {
  const std::string file = (std::filesystem::path(folder) / "config.toml").string();
  if (!std::filesystem::exists(file))
    throw UsageError(fmt::format("--run {}: there is no config.toml in it; need the folder of a run", folder));
  for (const Target other : {&out, &resume, &config})
    if (given(other))
      throw UsageError(fmt::format("{} does not go with --run, which trains nothing; leave it out", of(other).source));
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

std::string CommandLine::command() const { return told("FOVEA_COMMAND", parts_->called); }

std::filesystem::path CommandLine::data_file(std::string_view relative, std::string_view hint) const {
  const auto folders = data.empty() ? usual_data_folders() : std::vector<std::filesystem::path>{data};
  std::vector<std::string> looked;
  for (const std::filesystem::path& folder : folders) {
    if (std::filesystem::exists(folder / relative)) return folder / relative;
    looked.push_back(folder.string());
  }
  throw FileError(fmt::format(
      "{} needs {}, which is not in {}; {} data fetches it, and --data DIR says where else it is{}{}", name(), relative,
      fmt::join(looked, " or "), told("FOVEA_TOOL", "./dev"), hint.empty() ? "" : "; ", hint));
}

int run_program(CommandLine& line, int argc, const char* const* argv, const std::function<int()>& body) {
  const auto said = [&line](const std::string& what, int code) {
    return failed(fmt::format("{}: {}", line.name(), what), code);
  };
  try {
    const Ranks& ranks = program_ranks();  // of which the first alone prints
    int code = 0;
    if (line.parse(argc, argv)) {
      line.quiet = line.quiet || !ranks.first();
      set_num_threads(static_cast<int>(line.threads));
      std::optional<ReferenceMode> plain{};
      if (line.reference) plain.emplace();
      code = body();
    }
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    return said(fmt::format("cannot write to standard output: {}", std::strerror(errno)), code == 0 ? 1 : code);
  } catch (const UsageError& error) {
    return said(fmt::format("{}\nsee {} --help", error.what(), line.command()), 2);
  } catch (const std::bad_alloc& error) {
    return said(fmt::format("{}; {}", error.what(), line.smaller_flags()), 1);
  } catch (const std::exception& error) {
    return said(error.what(), 1);
  }
}

}  // namespace fovea::examples
