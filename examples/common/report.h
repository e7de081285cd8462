// report.html: runs on one page, with all that it needs in it. What the page shows is written in page.html, page.css
// and page/*.js beside this file, which the build puts into the program together with d3.
//
//   write_report("runs/reverse/report.html", {{.folder = "runs/reverse", .loss = "cross-entropy a letter, nats"}});
//
// Of a run's folder it reads config.toml, metrics.csv, summary.json and record/ (docs/recording.md); what is missing is
// left out. The numbers of a recorded step are rounded to 11 bits, and of many steps so many are taken, evenly, that
// the page stays below `largest` bytes. Errors: FileError for a file that is no run's, or cannot be read or written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fovea::examples {

struct ReportedRun {
  std::filesystem::path folder{};
  std::string command{}, header{};
  std::string loss = "loss";  // what it is, in which unit
  bool log_loss = true;
  double smoothing = 0.9;
};

void write_report(const std::filesystem::path& file, const std::vector<ReportedRun>& runs, int64_t largest = 5'000'000);

}  // namespace fovea::examples
