// fovea_report RUN... [--out FILE]: makes report.html of a finished or stopped run again, or one page on which several
// runs lie side by side. `./dev report` calls it.
#include "examples/common/report.h"

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app("The page of a run, or one page of several side by side.", "report");
  std::vector<std::string> runs;
  std::string out;
  app.add_option("RUN", runs, "folders of runs")->required();
  app.add_option("--out", out, "file; default report.html, in the folder of a single run");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (out.empty())
      out = runs.size() == 1 ? (std::filesystem::path(runs.front()) / "report.html").string() : "report.html";
    std::vector<std::filesystem::path> sides{runs.begin(), runs.end()};
    if (const auto changed = sides.front() / "changed"; sides.size() == 1 && std::filesystem::exists(changed))
      sides.push_back(changed);  // of a look, what was changed stands beside it
    fovea::examples::write_report(out, sides);
    fmt::print("{}\n", out);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "report: {}\n", error.what());
    return 1;
  }
}
