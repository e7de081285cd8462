// The entry point of every test executable.
#define CATCH_CONFIG_RUNNER
#include <iostream>

#include "tests/catch.h"

namespace fovea::test {
namespace {
int run_failures = 0;
}

void fail_run(std::string_view why) {
  ++run_failures;
  std::cerr << "the run failed: " << why << '\n';
}

}  // namespace fovea::test

int main(int argc, char** argv) {
  const int result = Catch::Session().run(argc, argv);
  return result != 0 ? result : (fovea::test::run_failures > 0 ? 1 : 0);
}
