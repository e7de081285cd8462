// Random numbers: counter-based Philox4x32-10, so that element i of a tensor depends only on the key, the counter and
// i, never on the number of threads. The whole state is a key and a counter. Same numbers on every platform.
//
// Which generator: the one that is given; where a function or an options struct takes one and none is given, the
// default generator of the thread that makes the call (for a layer's dropout or noise: of the thread that runs it, at
// that moment). A function that draws says so by taking a generator; nothing else draws.
// Threads: every thread has its own default generator, and each begins as Generator(0), whichever thread came first;
// manual_seed seeds the calling thread's alone. So two threads that are seeded alike, or not at all, draw the same
// numbers; to draw others, seed thread k with its own number or give it generator.fork(k). A Generator of one's own
// belongs to one thread at a time.
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

// Of the calling thread.
Generator& default_generator();
void manual_seed(uint64_t seed);

}  // namespace fovea
