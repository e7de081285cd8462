// report.html: runs on one page, with all that it needs in it. What the page shows is written in page.html, page.css
// and page/*.js beside this file, which the build puts into the program together with d3.
//
//   keep_titles("runs/reverse", {.loss = "cross-entropy a letter, nats"});
//   write_report("runs/reverse/report.html", {"runs/reverse"});
//
// Of a run's folder it reads config.toml, metrics.csv, summary.json, record/ (docs/recording.md) and report.json, the
// titles; what of the last three is missing is left out. The numbers of a recorded step are rounded to 11 bits, and of
// many steps so many are taken, evenly, that the page stays below `largest` bytes, at least one of each run. Errors:
// FileError for a file that is no run's, or cannot be read or written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fovea::examples {

// What a page says of a run that its other files do not.
struct ReportTitles {
  std::string command{}, header{};
  std::string name{};         // in place of the folder's
  std::string loss = "loss";  // what it is, in which unit
  bool log_loss = true;
  double smoothing = 0.9;
};
void keep_titles(const std::filesystem::path& folder, const ReportTitles& titles);

void write_report(const std::filesystem::path& file, const std::vector<std::filesystem::path>& runs,
                  int64_t largest = 5'000'000);

// For a run that goes on: the page, which asks its server for events with that token; and what came last of the record,
// as the data of an event (live.h). Empty where nothing is recorded.
std::string live_page(const std::filesystem::path& run, const std::string& token, int64_t largest = 5'000'000);
std::string newest_frame(const std::filesystem::path& run);

}  // namespace fovea::examples
