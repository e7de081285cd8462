// fovea_bench_growth [--filter REGEX] [--seconds S] [--json FILE] [--check]
// Time and peak memory of each case of cases.cpp at each of its sizes, on one thread. Memory is what tensors hold at
// the peak of a step, above what they held before it. Exit code 2 for flags that cannot be, 1 where the results cannot
// be written, and with --check where memory grows faster than the formula.
#include <fmt/format.h>
#include <fovea/core/allocator.h>
#include <fovea/core/parallel.h>
#include <fovea/core/random.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "cases.h"

namespace {

using fovea::bench::Growth;

struct Point {
  int64_t size;
  double milliseconds, bytes;
};

Point measure(const Growth& growth, int64_t size, double seconds) {
  using Clock = std::chrono::steady_clock;
  fovea::manual_seed(1);
  const auto step = growth.build(size);
  step();
  const int64_t before = fovea::memory_stats().live_bytes;
  fovea::reset_peak_memory();
  step();
  const auto bytes = static_cast<double>(fovea::memory_stats().peak_bytes - before);
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (times.size() < 5 || Clock::now() < end) {
    const auto begin = Clock::now();
    step();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return {size, times[times.size() / 2], bytes};
}

// The power of the size that the last doubling shows.
double power(double before, double after) { return before > 0 ? std::log2(after / before) : 0; }

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("How time and memory of a training step grow with its sizes.");
  std::string filter, json;
  double seconds = 0.5;
  bool check = false, worse = false;
  app.add_option("--filter", filter, "cases to run; default: all");
  app.add_option("--seconds", seconds, "of a size")->check(CLI::PositiveNumber);
  app.add_flag("--check", check, "fail where memory grows faster than the formula");
  app.add_option("--json", json, "where to save the figures");
  try {
    app.parse(argc, argv);
    const std::regex pattern(filter);
    fovea::set_num_threads(1);
    nlohmann::ordered_json rows = nlohmann::ordered_json::object();
    fmt::print("{:<26}{:>7}{:>11}{:>11}{:>8}{:>9}\n", "case", "size", "ms", "peak MB", "time ^", "memory ^");
    for (const Growth& growth : fovea::bench::growths()) {
      if (!std::regex_search(growth.name.begin(), growth.name.end(), pattern)) continue;
      nlohmann::ordered_json& row = rows[std::string(growth.name)] = {{"size", growth.size},
                                                                      {"time", growth.time},
                                                                      {"memory", growth.memory},
                                                                      {"points", nlohmann::ordered_json::array()}};
      Point last{};
      for (const int64_t size : growth.sizes) {
        const Point point = measure(growth, size, seconds);
        fmt::print("{:<26}{:>4}{:>3}{:>#11.4g}{:>#11.4g}", growth.name, size, growth.size, point.milliseconds,
                   point.bytes / 1e6);
        if (last.size != 0)
          fmt::print("{:>8.2f}{:>9.2f}", power(last.milliseconds, point.milliseconds), power(last.bytes, point.bytes));
        fmt::print("\n");
        std::fflush(stdout);
        row["points"].push_back({{"n", size}, {"ms", point.milliseconds}, {"peak_mb", point.bytes / 1e6}});
        if (size == growth.sizes.back() && power(last.bytes, point.bytes) > growth.memory + 0.1) {
          worse = true;
          fmt::print("  memory grows faster than {}^{}\n", growth.size, growth.memory);
        }
        last = point;
      }
      fmt::print("{:<26}{:>47}{:>9}\n", "  the formula ends in", growth.time, growth.memory);
    }
    if (check && worse) return 1;
    if (!json.empty() && !(std::ofstream(json) << nlohmann::ordered_json{{"growth", rows}}.dump(1) << "\n"
                                               << std::flush)) {
      fmt::print(stderr, "fovea_bench_growth: cannot write {}\n", json);
      return 1;
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::regex_error& error) {
    fmt::print(stderr, "fovea_bench_growth: --filter {} is no regular expression: {}\n", filter, error.what());
    return 2;
  }
}
