// fovea_bench [--filter REGEX] [--threads N] [--seconds S] [--json FILE] [--list]
// Times each workload with Google Benchmark in twenty repetitions; the median and the least of their means are
// reported. Exit codes: 2 for flags that cannot be, 1 where the results cannot be written.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <fovea/version.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>

#include "workloads.h"

extern "C" {
[[gnu::weak]] char* openblas_get_config();  // null with another BLAS
}

namespace {

using fovea::bench::Workload;

constexpr int kRepetitions = 20;

struct Row {
  std::vector<double> milliseconds;
  int64_t runs = 0;
  double median() const {
    std::vector<double> sorted = milliseconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
  double least() const { return *std::min_element(milliseconds.begin(), milliseconds.end()); }
};

// Collects the repetitions and prints one line a workload.
class Table final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    fmt::print("{:<52}{:>12}{:>12}{:>9}\n", "workload", "median ms", "min ms", "n");
    std::fflush(stdout);  // compare.py waits for it
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    std::string name;
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      name = run.run_name.function_name;
      rows[name].milliseconds.push_back(run.real_accumulated_time * 1e3 / static_cast<double>(run.iterations));
      rows[name].runs += run.iterations;
    }
    if (rows.count(name) == 0) return;
    const Row& row = rows[name];
    fmt::print("{:<52}{:>#12.4g}{:>#12.4g}{:>9}\n", name, row.median(), row.least(), row.runs);
    std::fflush(stdout);
  }
  std::map<std::string, Row> rows;
};

std::vector<Workload> all_workloads() {
  std::vector<Workload> all = fovea::bench::op_workloads();
  for (auto part : {fovea::bench::layer_workloads, fovea::bench::attention_workloads, fovea::bench::task_workloads})
    for (Workload& workload : part()) all.push_back(std::move(workload));
  return all;
}

// What the figures depend on, besides the machine.
nlohmann::ordered_json about() {
  const std::string_view blas = openblas_get_config != nullptr ? openblas_get_config() : "unknown";
  return {{"version", fmt::format("fovea {}", fovea::library_version())},
          {"compiler", FOVEA_COMPILER},
          {"flags", FOVEA_FLAGS},
          {"BLAS", blas.substr(0, blas.find(' ', blas.find(' ') + 1))},  // "OpenBLAS 0.3.21 ..."
          {"kernels", fovea::blas_core_name()},
          {"instructions", fovea::instruction_set_name()},
          {"threads", fovea::num_threads()}};
}

bool write_json(const std::string& path, const std::map<std::string, Row>& rows) {
  nlohmann::ordered_json out{
      {"about", about()}, {"threads", fovea::num_threads()}, {"rows", nlohmann::ordered_json::object()}};
  for (const auto& [name, row] : rows)
    out["rows"][name] = {{"median_ms", row.median()}, {"min_ms", row.least()}, {"n", row.runs}};
  std::ofstream file(path);
  return static_cast<bool>(file << out.dump(1) << "\n" << std::flush);
}

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Flags {
  std::regex filter;
  int threads = 1;
  double seconds = 1;
  std::string json;
  bool list = false;
};

// A number from `least` to `most`; `text` holds nothing else.
template <class T>
T number(const std::string& flag, const std::string& text, T least, T most) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !(value >= least && value <= most))
    throw UsageError(fmt::format("{} is \"{}\"; it must be a number from {} to {}", flag, text, least, most));
  return value;
}

constexpr const char* kUsage =
    "usage: fovea_bench [--filter REGEX] [--threads N] [--seconds S] [--json FILE] [--list]\n";

Flags parse(int argc, char** argv) {
  std::map<std::string, std::string> given{
      {"--filter", ""}, {"--threads", "1"}, {"--seconds", "1"}, {"--json", ""}, {"--list", ""}};
  for (int i = 1; i < argc; ++i) {
    if (given.count(argv[i]) == 0) throw UsageError(fmt::format("unknown flag {}", argv[i]));
    const bool bare = std::string_view(argv[i]) == "--list";
    if (!bare && i + 1 == argc) throw UsageError(fmt::format("{} needs a value", argv[i]));
    given[argv[i]] = bare ? "yes" : argv[i + 1];
    i += bare ? 0 : 1;
  }
  Flags flags{.filter = {},
              .threads = number("--threads", given["--threads"], 1, 1024),
              .seconds = number("--seconds", given["--seconds"], 0.0, 1e6),
              .json = given["--json"],
              .list = !given["--list"].empty()};
  try {
    flags.filter = std::regex(given["--filter"]);
  } catch (const std::regex_error& error) {
    throw UsageError(fmt::format("--filter is \"{}\", no regular expression: {}", given["--filter"], error.what()));
  }
  return flags;
}

std::vector<Workload> chosen_workloads(const std::regex& filter) {
  std::vector<Workload> chosen;
  for (Workload& workload : all_workloads())
    if (std::regex_search(std::string(workload.name), filter)) chosen.push_back(std::move(workload));
  if (chosen.empty()) throw UsageError("--filter matches none of the workloads; --list names them");
  return chosen;
}

void enrol(const Workload& workload, double seconds) {
  const auto run = [build = workload.build, step = fovea::bench::Step()](benchmark::State& state) mutable {
    if (!step) {
      fovea::manual_seed(1);
      step = build();
      for (int i = 0; i < 3; ++i) step();
    }
    for (auto _ : state) step();
  };
  benchmark::RegisterBenchmark(std::string(workload.name).c_str(), run)
      ->UseRealTime()
      ->Repetitions(kRepetitions)
      ->MinTime(std::max(0.001, seconds / kRepetitions));
}

// The exit code of a table that is done: 1 where it could not be written.
int printed() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  std::cerr << "fovea_bench: cannot write to stdout\n";
  return 1;
}

int run(const Flags& flags) {
  const std::vector<Workload> chosen = chosen_workloads(flags.filter);
  if (flags.list) {
    for (const Workload& workload : chosen) fmt::print("{}\n", workload.name);
    return printed();
  }
  // Known before the measuring; an older file stays as it is until there are results.
  if (!flags.json.empty() && !std::ofstream(flags.json, std::ios::app))
    throw UsageError(fmt::format("--json: cannot write {}", flags.json));
  fovea::set_num_threads(flags.threads);
  for (const Workload& workload : chosen) enrol(workload, flags.seconds);
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  if (flags.json.empty() || write_json(flags.json, table.rows)) return printed();
  std::cerr << "fovea_bench: cannot write " << flags.json << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string_view(argv[1]) == "--help") return std::cout << kUsage ? 0 : 1;
    return run(parse(argc, argv));
  } catch (const UsageError& error) {
    std::cerr << "fovea_bench: " << error.what() << "\n" << kUsage;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "fovea_bench: " << error.what() << "\n";
    return 1;
  }
}
