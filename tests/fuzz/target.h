// The program around a loader: libFuzzer's entry points. Each file <name>.cpp beside this one defines loader().
#pragma once

#include <tests/fuzz/mutations.h>

namespace fovea::fuzz {
const Loader& loader();
}

// The names are libFuzzer's, and each program includes this once.
// NOLINTBEGIN(readability-identifier-naming, misc-definitions-in-headers)
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t limit);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fovea::fuzz::loader().run({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}

// Half of the time libFuzzer's own mutation, else ours; sometimes a fresh valid file.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t limit, unsigned seed) {
  using namespace fovea::fuzz;  // NOLINT(google-build-using-namespace)
  Dice dice(seed);
  if (dice.below(2) == 0) return LLVMFuzzerMutate(data, size, limit);
  static const std::vector<Bytes> seeds = loader().seeds();
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const bool fresh = size < 8 || dice.below(16) == 0;
  const Bytes bytes = mutated(loader(), fresh ? seeds[dice.below(seeds.size())] : Bytes(first, first + size), dice);
  const size_t count = std::min(bytes.size(), limit);
  std::memcpy(data, bytes.data(), count);
  return count;
}
// NOLINTEND(readability-identifier-naming, misc-definitions-in-headers)
