#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/run_folder.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

namespace fovea {
namespace {

[[noreturn]] void fail(std::string_view doing, const std::filesystem::path& path, int error) {
  throw FileError(fmt::format("cannot {} {}: {} (errno {})", doing, path.string(), std::strerror(error), error));
}

// Empty, or all that a run left which was killed while it wrote its first file.
bool is_unused(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::directory_iterator entries(folder, error);
  if (error) fail("look into", folder, error.value());
  return std::all_of(begin(entries), end(entries),
                     [](const auto& entry) { return entry.path().filename() == "config.toml.tmp"; });
}

}  // namespace

std::string summary_json(const Summary& summary) {
  using Json = nlohmann::ordered_json;
  Json metrics = Json::object();
  for (const auto& [name, metric] : summary.metrics) {
    Json& to = metrics[name];
    if (const auto* value = std::get_if<double>(&metric)) to = *value;
    if (const auto* text = std::get_if<std::string>(&metric)) to = *text;
    if (const auto* figures = std::get_if<Summary::Figures>(&metric)) {
      to = Json::object();
      for (const auto& [key, value] : *figures) to[key] = value;
    }
  }
  const Json json = {{"example", summary.example},       {"task", summary.task},   {"seed", summary.seed},
                     {"threads", summary.threads},       {"steps", summary.steps}, {"seconds", summary.seconds},
                     {"parameters", summary.parameters}, {"metrics", metrics}};
  return json.dump(2) + "\n";
}

RunFolder RunFolder::create(const std::filesystem::path& folder, std::string_view config_toml) {
  std::error_code error;
  if (std::filesystem::exists(folder / "config.toml", error)) {
    throw FileError(
        fmt::format("{} holds another run; go on with it by --resume {}, or choose another folder with --out",
                    folder.string(), folder.string()));
  }
  std::filesystem::create_directories(folder, error);
  if (error) fail("create", folder, error.value());
  if (!is_unused(folder)) {
    throw FileError(
        fmt::format("{} is not empty and not the folder of a run; choose another with --out", folder.string()));
  }
  write_text(folder / "config.toml", config_toml);
  return {folder, false, config_toml};
}

RunFolder RunFolder::resume(const std::filesystem::path& folder, std::string_view config_toml) {
  if (!std::filesystem::exists(folder / "config.toml")) {
    throw FileError(fmt::format(
        "{} holds no run: there is no config.toml in it; --resume wants the folder that --out made", folder.string()));
  }
  return {folder, true, config_toml};
}

RunFolder RunFolder::open(const std::filesystem::path& folder, std::string_view config_toml) {
  return std::filesystem::exists(folder / "config.toml") ? resume(folder, config_toml) : create(folder, config_toml);
}

void RunFolder::renew_config() const {
  if (resumed_ && !config_toml_.empty()) write_text(file("config.toml"), config_toml_);
}

void RunFolder::write_summary(const Summary& summary) const { write_text(file("summary.json"), summary_json(summary)); }

}  // namespace fovea
