// The folder of a run: config.toml (what was asked, complete), metrics.csv (a row a report), summary.json (what came
// out), and beside them the checkpoints and pictures of the example.
//
// A folder belongs to one run: a new run refuses a folder that is not empty, a resumed run one that holds no config.
// Every file but metrics.csv appears whole or not at all (core/file.h); metrics.csv grows by whole lines, and a resume
// at step k drops rows after k, so that a resumed run leaves the same file as an uninterrupted one.
// Errors: FileError naming the path, the reason and the cure. Used from one thread.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace fovea::examples {

// What an example reports of itself: the same keys everywhere.
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
  static RunFolder create(const std::filesystem::path& folder, std::string_view config_toml);
  static RunFolder resume(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(std::string_view name) const { return path_ / name; }
  // Anew: a resumed run may have more steps or other threads than the run had. One that has fewer than are done trains
  // no more, and what it did is told by the config that it had.
  void write_config(std::string_view config_toml) const;
  void write_summary(const Summary& summary) const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// metrics.csv: the first column is "step", the others are named by the example.
class MetricsFile {
 public:
  // Opens for a new run (resume_step < 0: the file must not be there) or for a run resumed after `resume_step` steps.
  MetricsFile(const std::filesystem::path& file, const std::vector<std::string>& columns, int64_t resume_step = -1);
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  void append(int64_t step, std::span<const double> values);  // one whole line; values in the order of the columns
  void sync();                                                // to the disk; call before a checkpoint is written

 private:
  std::filesystem::path file_;
  size_t columns_;
  int descriptor_ = -1;
};

// The rows of a metrics.csv, for the loss curve: column names and one vector a column, "step" first.
struct MetricsTable {
  std::vector<std::string> columns{};
  std::vector<std::vector<double>> values{};
  const std::vector<double>& column(std::string_view name) const;  // IndexError when there is none
};
MetricsTable read_metrics(const std::filesystem::path& file);

}  // namespace fovea::examples
