// The folder of a run: config.toml (what was asked, complete), metrics.csv (a row a report, metrics.h), summary.json
// (what came out), and beside them the checkpoints and pictures of the program.
//
// A folder belongs to one run: a new run refuses a folder that is not empty, a resumed run one that holds no config,
// and both one in which a run still goes on, before anything in it is touched. The file `lock` in it names the process
// that goes on there; it is held as long as any copy of the RunFolder is there (flock, so that a killed process holds
// none). config.toml is written and never read here: a program without settings leaves it empty. Every file appears
// whole or not at all (core/file.h). Errors: FileError naming the path, the reason and the cure. Used from one thread.
#pragma once

#include <fovea/optim/training/ranks.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace fovea {

// What a program reports of itself: the same keys everywhere.
struct Summary {
  // A number, a text, or numbers by name ("10": 0.0, "20": 0.0 for figures by length).
  using Figures = std::vector<std::pair<std::string, double>>;
  using Metric = std::variant<double, std::string, Figures>;

  std::string example{};
  std::string task{};
  uint64_t seed = 0;
  int threads = 1;
  int64_t steps = 0;
  double seconds = 0;
  int64_t parameters = 0;
  std::vector<std::pair<std::string, Metric>> metrics{};
};

// {"example", "task", "seed", "threads", "steps", "seconds", "parameters", "metrics": {...}}, indented; NaN becomes
// null.
std::string summary_json(const Summary& summary);

class RunFolder {
 public:
  static RunFolder create(const std::filesystem::path& folder, std::string_view config_toml = {});
  // The settings may have changed, to more steps or other threads; empty: they have not.
  static RunFolder resume(const std::filesystem::path& folder, std::string_view config_toml = {});
  // Resumed if a run is there, else created.
  static RunFolder open(const std::filesystem::path& folder, std::string_view config_toml = {});

  // Where several processes train as one, the first opens it; for the others nothing is locked, made or written.
  static RunFolder open(const std::filesystem::path& folder, const Ranks& ranks) {
    return ranks.first() ? open(folder) : RunFolder(nullptr, folder, true, {});
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(std::string_view name) const { return path_ / name; }
  bool resumed() const { return resumed_; }
  bool writes() const { return lock_ != nullptr; }
  // The changed settings of a resumed run, once it is known that it goes on: one that is asked for fewer steps than are
  // done trains no more, and what it did is told by the config that it had.
  void renew_config() const;
  void write_summary(const Summary& summary) const;

 private:
  class Lock;
  RunFolder(std::shared_ptr<const Lock> lock, std::filesystem::path path, bool resumed, std::string_view config_toml)
      : lock_(std::move(lock)), path_(std::move(path)), resumed_(resumed), config_toml_(config_toml) {}
  std::shared_ptr<const Lock> lock_;
  std::filesystem::path path_;
  bool resumed_;
  std::string config_toml_;
};

}  // namespace fovea
