// Fails a run in which an op was taped that no op spec covers. Names that start with "test" are the tests' own.
#define FOVEA_TEST_LISTENER
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/record.h>
#include <tests/catch.h>

#include <mutex>
#include <set>

namespace {

std::mutex names_mutex;
std::set<const char*>& names() {
  static std::set<const char*> seen;
  return seen;
}

void note(const char* op) {
  const std::lock_guard<std::mutex> lock(names_mutex);
  names().insert(op);
}

struct TapedOps final : fovea::test::Listener {
  using Listener::Listener;

  void testRunStarting(const Catch::TestRunInfo&) override { fovea::detail::record_listener = note; }
  void testRunEnded(const Catch::TestRunStats&) override {
    fovea::detail::record_listener = nullptr;
    std::set<std::string> known;
    for (const fovea::OpSpec& spec : fovea::op_specs()) {
      known.insert(spec.name);
      known.insert(spec.also_records.begin(), spec.also_records.end());
    }
    for (const std::string name : names())
      if (name.rfind("test", 0) != 0 && known.count(name) == 0)
        fovea::test::fail_run("the op \"" + name + "\" was taped, but no OpSpec covers it");
  }
};

CATCH_REGISTER_LISTENER(TapedOps)

}  // namespace
