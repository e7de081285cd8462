#include "examples/common/header_line.h"

#include <fmt/format.h>
#include <fovea/core/parallel.h>
#include <fovea/version.h>

#include <cstdio>

namespace fovea::examples {
namespace {

std::string with_thousands(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

}  // namespace

std::string header_line(const RunHeader& header) {
  const std::string task = header.task.empty() ? "" : fmt::format("task {}, ", header.task);
  return fmt::format("{}: {}seed {}, threads {}, BLAS {}, parameters {}, fovea {}", header.example, task, header.seed,
                     header.threads, header.blas, with_thousands(header.parameters), header.version);
}

void print_header(std::string_view example, std::string_view task, uint64_t seed, const Module& model) {
  fmt::print(stderr, "{}\n",
             header_line({std::string(example), std::string(task), seed, num_threads(), blas_core_name(),
                          parameter_count(model), std::string(library_version())}));
}

}  // namespace fovea::examples
