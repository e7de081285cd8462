#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/core/kernels/random.h>
#include <fovea/core/random.h>

namespace fovea {
namespace {

constexpr uint64_t kForkDomain = 1;  // counters of derived keys never meet those of elements

uint64_t word_of(uint64_t key, uint64_t counter, uint64_t domain = 0) {
  const auto block = kernels::philox({key, counter}, domain);
  return static_cast<uint64_t>(block[0]) << 32 | block[1];
}

}  // namespace

double Generator::uniform() { return static_cast<double>(word_of(key_, reserve(1)) >> 11) * 0x1p-53; }

int64_t Generator::randint(int64_t low, int64_t high) {
  if (low >= high) throw ValueError(fmt::format("randint: the range [{}, {}) is empty; need low < high", low, high));
  return kernels::integer_below(word_of(key_, reserve(1)), low, high);
}

Generator Generator::fork(uint64_t stream) const { return Generator(word_of(key_, stream, kForkDomain)); }

Generator& default_generator() {
  thread_local Generator generator;
  return generator;
}

void manual_seed(uint64_t seed) { default_generator() = Generator(seed); }

}  // namespace fovea
