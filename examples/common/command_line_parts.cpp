#include "examples/common/command_line_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <map>

namespace fovea::examples {
namespace {

bool same_folder(const std::filesystem::path& a, const std::filesystem::path& b) {
  return std::filesystem::weakly_canonical(a) == std::filesystem::weakly_canonical(b);
}

// What flags were called before, or are called elsewhere, and what they are called here.
constexpr std::pair<std::string_view, std::string_view> other_names[] = {
    {"enough", "early-stop"},        {"truth", "teacher-forcing"}, {"longest", "max-length"},
    {"shortest", "min-length"},      {"revisit", "allow-repeats"}, {"words", "vocabulary-size"},
    {"size", "embed-dim"},           {"warm", "warmup"},           {"test", "test-size"},
    {"test-sequences", "test-size"}, {"test-sets", "test-size"},   {"validation", "validation-size"},
    {"lr", "learning-rate"},         {"batch-size", "batch"},      {"output", "out"},
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts{""};
  for (const char sign : text) {
    if (sign == separator) parts.emplace_back();
    if (sign != separator) parts.back() += sign;
  }
  return parts;
}

}  // namespace

Parameter& CommandLine::Parts::add(std::string_view name, Target value, std::string_view help, Rule rule) {
  Parameter& parameter = parameters.emplace_back();
  parameter.name = name;
  parameter.target = value;
  parameter.help = help;
  if (!rule.choices.empty()) parameter.help += fmt::format(": {}", fmt::join(rule.choices, ", "));
  parameter.rule = std::move(rule);
  if (parameter.is_bool()) {
    parameter.option = app.add_flag(fmt::format("--{0},!--no-{0}", name), parameter.given);
  } else {
    parameter.option = app.add_option("--" + parameter.name, parameter.given);
    parameter.option->type_name(parameter.sign())->default_str(parameter.plain());
  }
  parameter.option->take_last()->description(parameter.explained());
  return parameter;
}

std::string CommandLine::Parts::meant(std::string_view name, std::string_view prefix) const {
  const std::string_view no = name.starts_with("no-") ? "no-" : "";
  std::vector<std::string> names;
  for (const Parameter& each : parameters)
    if (each.is_bool() || no.empty()) names.push_back(fmt::format("{}{}", no, each.name));
  for (const auto& [other, ours] : other_names)
    if (name == other && std::find(names.begin(), names.end(), ours) != names.end())
      return fmt::format("; it is called {}{} here", prefix, ours);
  return did_you_mean(name, names, prefix);
}

void CommandLine::Parts::parse(int argc, const char* const* argv) {
  app.parse(argc, argv);
  for (Parameter& parameter : parameters) {
    parameter.is_given = parameter.option->count() > 0;
    parameter.in_file = false;
    parameter.source = "--" + parameter.name;
  }
  if (app.remaining().empty()) return;
  const std::string word = app.remaining().front(), flag = word.substr(0, word.find('='));
  if (!flag.starts_with("--")) throw UsageError(fmt::format("\"{}\" is no flag; flags begin with --", word));
  throw UsageError(fmt::format("there is no flag {}{}", flag, meant(std::string_view(flag).substr(2), "--")));
}

void CommandLine::Parts::check_conditions() const {
  for (const Parameter& parameter : parameters) {
    if (!parameter.is_given && (!parameter.in_file || parameter.source.empty())) continue;
    const Parameter::AnyOf* const unmet = parameter.unmet();
    if (unmet == nullptr) continue;
    std::vector<std::string> needed, here;
    for (const Parameter::Condition& each : *unmet) {
      needed.push_back(each.words());
      here.push_back(fmt::format("--{} is {}", each.other->name, each.other->plain()));
    }
    throw UsageError(
        fmt::format("{} goes with {}; here {}", parameter.source, one_or_other(needed), fmt::join(here, " and ")));
  }
}

void CommandLine::Parts::read_config(const std::filesystem::path& file) {
  std::map<std::string, Parameter*> known;
  for (Parameter& each : parameters)
    if (each.in_files) known[each.name] = &each;
  const std::vector<Setting> settings = parse_config(read_text(file), file.string());
  // A run writes down all that it knows, of which a part goes with other choices.
  const bool by_program =
      std::any_of(settings.begin(), settings.end(), [](const Setting& each) { return each.key == "fovea"; });
  for (const Setting& setting : settings) {
    const std::string where = fmt::format("{}:{}: {}", file.string(), setting.line, setting.key);
    if (setting.key == "fovea") continue;  // the version that wrote the file
    if (setting.key == "example") {
      if (setting.values.size() == 1 && setting.values.front() == program.name) continue;
      throw UsageError(
          fmt::format("{}: is of the example \"{}\"; this is {}", where, fmt::join(setting.values, ","), program.name));
    }
    const auto found = known.find(setting.key);
    if (found == known.end()) throw UsageError(fmt::format("{}: unknown key{}", where, meant(setting.key, "")));
    found->second->assign(setting.values, where);
    found->second->in_file = true;
    if (!found->second->is_given) found->second->source = by_program ? "" : where;
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

}  // namespace fovea::examples
