// fovea_bench [--filter REGEX] [--threads N] [--seconds S] [--json FILE] [--list]
// Times each workload with Google Benchmark in twenty repetitions; the median and the least of their means are
// reported.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "workloads.h"

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
    fmt::print("{:<52}{:>12.4f}{:>12.4f}{:>9}\n", name, row.median(), row.least(), row.runs);
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

void write_json(const std::string& path, int threads, const std::map<std::string, Row>& rows) {
  nlohmann::ordered_json out{{"threads", threads}, {"rows", nlohmann::ordered_json::object()}};
  for (const auto& [name, row] : rows)
    out["rows"][name] = {{"median_ms", row.median()}, {"min_ms", row.least()}, {"n", row.runs}};
  std::ofstream(path) << out.dump(1) << "\n";
}

int usage(const std::string& why) {
  std::cerr << "fovea_bench: " << why
            << "\nusage: fovea_bench [--filter REGEX] [--threads N] [--seconds S] [--json FILE] [--list]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags{
      {"--filter", ""}, {"--threads", "1"}, {"--seconds", "1"}, {"--json", ""}, {"--list", ""}};
  for (int i = 1; i < argc; ++i) {
    if (flags.count(argv[i]) == 0) return usage(fmt::format("unknown flag {}", argv[i]));
    const bool bare = std::string_view(argv[i]) == "--list";
    if (!bare && i + 1 == argc) return usage(fmt::format("{} needs a value", argv[i]));
    flags[argv[i]] = bare ? "yes" : argv[i + 1];
    i += bare ? 0 : 1;
  }
  const int threads = std::max(1, std::atoi(flags["--threads"].c_str()));
  fovea::set_num_threads(threads);
  const std::regex filter(flags["--filter"]);
  for (const Workload& workload : all_workloads()) {
    const std::string name(workload.name);
    if (!std::regex_search(name, filter)) continue;
    if (!flags["--list"].empty()) {
      fmt::print("{}\n", name);
      continue;
    }
    const auto run = [build = workload.build, step = fovea::bench::Step()](benchmark::State& state) mutable {
      if (!step) {
        fovea::manual_seed(1);
        step = build();
        for (int i = 0; i < 3; ++i) step();
      }
      for (auto _ : state) step();
    };
    benchmark::RegisterBenchmark(name.c_str(), run)
        ->UseRealTime()
        ->Repetitions(kRepetitions)
        ->MinTime(std::max(0.001, std::atof(flags["--seconds"].c_str()) / kRepetitions));
  }
  if (!flags["--list"].empty()) return 0;
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  if (!flags["--json"].empty()) write_json(flags["--json"], threads, table.rows);
  return 0;
}
