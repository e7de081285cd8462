#include <fovea/core/parallel.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/catch.h"

using namespace fovea;

TEST_CASE("the kernels' instruction set has a name") {
  const std::vector<std::string> known{"AVX-512", "AVX2", "AVX", "NEON", "baseline"};
  CHECK(std::find(known.begin(), known.end(), instruction_set_name()) != known.end());
}

#ifdef FOVEA_ANY_ARCH
// The test's own process has chosen already: `./dev test --full` runs it under each value.
TEST_CASE("FOVEA_KERNELS chooses among the sets that the CPU runs") {
  const char* const asked = std::getenv("FOVEA_KERNELS");
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  std::string expected = avx512 ? "AVX-512" : avx2 ? "AVX2" : "baseline";
  if (asked != nullptr && std::string(asked) == "baseline") expected = "baseline";
  if (asked != nullptr && std::string(asked) == "avx2" && avx2) expected = "AVX2";
  CHECK(instruction_set_name() == expected);
}
#endif
