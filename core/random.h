// Random numbers: counter-based Philox4x32-10, so that element i of a tensor depends only on the key, the counter and
// i, never on the number of threads. The whole state is a key and a counter. Same numbers on every platform.
#pragma once

#include <cstdint>

namespace fovea {

class Generator {
 public:
  explicit Generator(uint64_t seed = 0) : key_(seed) {}
  uint64_t key() const { return key_; }
  uint64_t counter() const { return counter_; }
  void set_state(uint64_t key, uint64_t counter) {
    key_ = key;
    counter_ = counter;
  }
  // Takes `blocks` consecutive counters (four 32-bit numbers each) and returns the first.
  uint64_t reserve(uint64_t blocks) {
    const uint64_t first = counter_;
    counter_ += blocks;
    return first;
  }
  // One number in [0, 1), one in [low, high): for programs that draw sizes or choices.
  double uniform();
  int64_t randint(int64_t low, int64_t high);
  // An independent generator derived from this one's key and `stream` (data, init, dropout, sampling ...).
  Generator fork(uint64_t stream) const;

 private:
  uint64_t key_ = 0;
  uint64_t counter_ = 0;
};

// Of this thread; seeded 0 until manual_seed.
Generator& default_generator();
void manual_seed(uint64_t seed);

}  // namespace fovea
