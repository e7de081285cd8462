// fovea_bench_onednn [--filter REGEX] [--threads N] [--seconds S] [--json FILE] [--list]
// The workloads for which oneDNN has a primitive, under fovea_bench's names, with its flags and its JSON. Written for
// oneDNN 2.6, as Debian 12 has it, with threads of OpenMP.
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "onednn.h"

namespace peer {

memory random(const memory::desc& desc) {
  memory made(desc, engine());
  static std::mt19937 generator(1);
  std::uniform_real_distribution<float> numbers(-0.1f, 0.1f);
  auto* data = static_cast<float*>(made.get_data_handle());
  for (size_t i = 0; i < desc.get_size() / sizeof(float); ++i) data[i] = numbers(generator);
  return made;
}

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Row {
  std::vector<double> milliseconds;
  int64_t runs = 0;
};

// Short steps are timed in runs of at least 0.2 ms.
Row measure(const Step& step, double seconds) {
  double once = 0;
  int warm = 0;
  for (const double until = now() + 0.2 * seconds; warm < 3 || now() < until; ++warm) {
    const double begin = now();
    step();
    once = now() - begin;
  }
  const auto inner = std::max<int64_t>(1, std::llround(2e-4 / once));
  Row row;
  for (const double end = now() + seconds; row.milliseconds.size() < 5 || now() < end; row.runs += inner) {
    const double begin = now();
    for (int64_t i = 0; i < inner; ++i) step();
    row.milliseconds.push_back((now() - begin) * 1e3 / static_cast<double>(inner));
  }
  std::sort(row.milliseconds.begin(), row.milliseconds.end());
  return row;
}

std::string kernels() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
      return "SSE4.1";
    case dnnl::cpu_isa::avx:
      return "AVX";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512 VNNI";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512 BF16";
    default:
      return "its choice";
  }
}

// What the figures depend on, besides the machine.
nlohmann::ordered_json about() {
  const dnnl_version_t* version = dnnl::version();
  return {{"version", "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                          std::to_string(version->patch)},
          {"compiler", PEER_COMPILER},
          {"flags", PEER_FLAGS},
          {"kernels", kernels()},
          {"threads", omp_get_max_threads()}};
}

struct Flags {
  std::regex filter;
  int threads = 1;
  double seconds = 1;
  std::string json;
  bool list = false;
};

double number(const std::map<std::string, std::string>& given, const std::string& flag) {
  const std::string& text = given.at(flag);
  std::istringstream in(text);
  double value = 0;
  if (!(in >> value) || !in.eof()) throw std::invalid_argument(flag + " is \"" + text + "\", no number");
  return value;
}

Flags parse(int argc, char** argv) {
  std::map<std::string, std::string> given{
      {"--filter", ""}, {"--threads", "1"}, {"--seconds", "1"}, {"--json", ""}, {"--list", ""}};
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (given.count(flag) == 0) throw std::invalid_argument("unknown flag " + flag);
    if (flag != "--list" && i + 1 == argc) throw std::invalid_argument(flag + " needs a value");
    given[flag] = flag == "--list" ? "yes" : argv[++i];
  }
  Flags flags{.filter = {},
              .threads = static_cast<int>(number(given, "--threads")),
              .seconds = number(given, "--seconds"),
              .json = given["--json"],
              .list = !given["--list"].empty()};
  try {
    flags.filter = std::regex(given["--filter"]);
  } catch (const std::regex_error& error) {
    throw std::invalid_argument("--filter " + given["--filter"] + " is no regular expression: " + error.what());
  }
  if (flags.threads < 1 || !(flags.seconds >= 0))
    throw std::invalid_argument("--threads and --seconds must be more than 0");
  return flags;
}

int run(const Flags& flags) {
  std::vector<Workload> all = op_workloads();
  for (Workload& workload : recurrent_workloads()) all.push_back(std::move(workload));
  if (!flags.list) std::printf("%-52s%12s%12s%9s\n", "workload", "median ms", "min ms", "n");
  std::fflush(stdout);  // compare.py waits for it
  omp_set_num_threads(flags.threads);
  nlohmann::ordered_json rows = nlohmann::ordered_json::object();
  for (const Workload& workload : all) {
    if (!std::regex_search(workload.name, flags.filter)) continue;
    if (flags.list) {
      std::printf("%s\n", workload.name.c_str());
      continue;
    }
    const Row row = measure(workload.build(), flags.seconds);
    const double median = row.milliseconds[row.milliseconds.size() / 2], least = row.milliseconds.front();
    rows[workload.name] = {{"median_ms", median}, {"min_ms", least}, {"n", row.runs}};
    std::printf("%-52s%12.4g%12.4g%9lld\n", workload.name.c_str(), median, least, static_cast<long long>(row.runs));
    std::fflush(stdout);
  }
  if (flags.json.empty() || flags.list) return 0;
  std::ofstream file(flags.json);
  const nlohmann::ordered_json out{{"about", about()}, {"threads", flags.threads}, {"rows", rows}};
  if (file << out.dump(1) << "\n" << std::flush) return 0;
  std::cerr << "fovea_bench_onednn: cannot write " << flags.json << "\n";
  return 1;
}

}  // namespace
}  // namespace peer

int main(int argc, char** argv) {
  try {
    return peer::run(peer::parse(argc, argv));
  } catch (const std::invalid_argument& error) {
    std::cerr << "fovea_bench_onednn: " << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "fovea_bench_onednn: " << error.what() << "\n";
    return 1;
  }
}
