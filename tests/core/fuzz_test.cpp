// The fuzz targets' mutations with a fixed seed: every build meets some hostile files.
#include <tests/catch.h>
#include <tests/fuzz/mutations.h>

namespace fovea {
namespace {

// Returns how many of the mutated files still loaded.
int fuzz_some(const fuzz::Loader& loader, int runs) {
  const std::vector<fuzz::Bytes> seeds = loader.seeds();
  for (const fuzz::Bytes& seed : seeds) CHECK(loader.run(seed));
  fuzz::Dice dice(20240229);
  int loaded = 0;
  for (int run = 0; run < runs; ++run) {
    const fuzz::Bytes bytes = fuzz::mutated(loader, seeds[dice.below(seeds.size())], dice);
    loaded += loader.run(bytes) ? 1 : 0;
  }
  return loaded;
}

}  // namespace

TEST_CASE("hostile npy files load or give FileError", "[npy][fuzz]") {
  const int loaded = fuzz_some(fuzz::npy(), 20'000);
  CHECK(loaded > 100);  // the mutations reach the data
  CHECK(loaded < 15'000);
}

TEST_CASE("hostile safetensors files load or give FileError", "[safetensors][fuzz]") {
  const int loaded = fuzz_some(fuzz::safetensors(), 20'000);
  CHECK(loaded > 100);
  CHECK(loaded < 15'000);
}

TEST_CASE("hostile checkpoints give FileError", "[checkpoint][fuzz]") {
  const auto bytes = serialize_checkpoint({{"x", arange(3)}});
  fuzz::Dice dice(7);
  int loaded = 0;
  for (int run = 0; run < 20'000; ++run) {
    const fuzz::Bytes mutated = fuzz::mutated(fuzz::checkpoint(), bytes, dice);
    if (fuzz::checkpoint().run(mutated) && mutated != bytes) ++loaded;
  }
  CHECK(loaded == 0);
}

}  // namespace fovea
