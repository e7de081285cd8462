// Memory over a long training: bytes of live tensors exactly flat, and the process no larger than it soon was.
#include <fovea/autograd/ops.h>
#include <fovea/core/allocator.h>
#include <fovea/layers/memory/ntm.h>
#include <fovea/optim/adam.h>
#include <fovea/optim/clip.h>
#include <tests/catch.h>
#include <unistd.h>

#include <fstream>

using namespace fovea;

namespace {

int64_t resident_bytes() {
  int64_t whole = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> whole >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace

TEST_CASE("memory is flat over 10^5 steps of training", "[optim][slow]") {
  Generator generator(1);
  const NeuralTuringMachine model({.input_size = 3, .output_size = 2, .hidden_size = 4, .slots = 5, .width = 3},
                                  generator);
  Adam adam(parameters(model), {.lr = 1e-3});
  const Tensor x = normal({1, 3, 3}, 0, 1, generator), target = bernoulli({1, 3, 2}, 0.5, generator);
  int64_t live = 0, resident = 0;
  for (int step = 0; step < 100000; ++step) {
    adam.zero_grad();
    binary_cross_entropy_with_logits(model(x), target).backward();
    clip_grad_norm_(adam.parameters(), 10);
    adam.step();
    if (step == 1000) {
      live = memory_stats().live_bytes;
      resident = resident_bytes();
    }
    if (step > 1000 && step % 1000 == 0) REQUIRE(memory_stats().live_bytes == live);
  }
  CHECK(resident_bytes() - resident <= 1 << 20);
}
