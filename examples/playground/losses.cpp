// playground_losses STEPS [setting=value ...]: the loss of each step of training, a line each. The page must give the
// same numbers: tests/examples/browser/playground_test.py compares them.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include "examples/playground/playground.h"

namespace {

int fail(std::string_view why) {
  fmt::print(stderr, "playground_losses: {}\n", why);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  int steps = 0;
  const std::string_view count = argc > 1 ? argv[1] : "";
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), steps);
  if (error != std::errc() || end != count.data() + count.size() || steps < 1)
    return fail("the first argument is the number of steps; need 1 or more");
  for (int i = 2; i < argc; ++i) {
    const std::string setting = argv[i];
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) return fail(setting + " has no value; need setting=value");
    if (playground_set(setting.substr(0, equals).c_str(), setting.substr(equals + 1).c_str()) == 0)
      return fail(playground_error());
  }
  if (playground_start() == 0) return fail(playground_error());
  for (int step = 0; step < steps; ++step) {
    const double loss = playground_step();
    if (std::isnan(loss)) return fail(playground_error());
    fmt::print("{}\n", loss);
  }
  return 0;
}
