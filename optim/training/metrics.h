// metrics.csv: a row every few steps. The first column is "step"; the others are named by the run.
//
// The file grows by whole lines, and a resume at step k drops rows after k, so that a resumed run leaves the same file
// as an uninterrupted one. What an editor made of it is read too: a byte order mark, carriage returns. Errors:
// FileError naming the path, the reason and the cure; ShapeError for a row of other columns; ValueError for a name with
// a comma or a line end. Used from one thread.
#pragma once

#include <fovea/optim/training/events.h>

#include <filesystem>

namespace fovea {

class MetricsFile {
 public:
  // Opens for a new run (resume_step < 0: the file must not be there) or for a run resumed after `resume_step` steps.
  MetricsFile(const std::filesystem::path& file, const std::vector<std::string>& columns, int64_t resume_step = -1);
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  void append(int64_t step, std::span<const double> values);  // one whole line; values in the order of the columns
  void sync();                                                // to the disk; call before a checkpoint is written
  void operator()(const Event& event);                        // a row for the means of a step; synced before a save

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

}  // namespace fovea
