// The first line of a run: what one needs to know to repeat it.
//
//   copy: task copy, seed 1, threads 2, BLAS SkylakeX, parameters 17,162, fovea 0.1.0
#pragma once

#include <fovea/layers/module.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace fovea::examples {

struct RunHeader {
  std::string example{};
  std::string task{};
  uint64_t seed = 0;
  int threads = 1;
  std::string blas{};  // the core that the BLAS chose
  int64_t parameters = 0;
  std::string version{};
};

std::string header_line(const RunHeader& header);
// To stderr, with this process's threads, BLAS and version.
void print_header(std::string_view example, std::string_view task, uint64_t seed, const Module& model);

}  // namespace fovea::examples
