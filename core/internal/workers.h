// The threads behind the loops of core/parallel.h. Chunks are dealt one by one, to whoever asks next: the caller takes
// the first that is open, a worker the last, so that of loops over the same data each does the same part; at the end
// the caller waits for chunks that others have begun, never for a thread that has yet to wake. A worker that finds no
// chunk spins for a moment and then sleeps. Two threads that share a core hold each other up, for a chunk of a thread
// that is off its core is one the caller waits for. So a worker that was kept off its core rests, the longer the more
// often it was, and so for a moment does one that was woken too late to find a chunk; meanwhile nobody wakes it, and
// the loops run without it.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace fovea {

int usable_cores();

// Where one thread sleeps. A wake() that comes after sleep() was called is never lost.
class Bed {
 public:
  // Returns at once if stay_awake() already holds; else after a wake().
  template <class StayAwake>
  void sleep(StayAwake stay_awake) {
    asleep_.store(1);
    if (!stay_awake()) asleep_.wait(1);
    asleep_.store(0, std::memory_order_relaxed);
  }
  void wake() {
    if (asleep_.load() == 1 && asleep_.exchange(0) == 1) asleep_.notify_one();
  }

 private:
  std::atomic<int> asleep_{0};
};

// One loop. body(context, chunk) runs once for each chunk in [0, chunks).
struct Loop {
  int64_t chunks;
  void (*body)(void*, int64_t);
  void* context;
  uint64_t control;  // floating-point control, the same on every thread, or the bits would tell how many there are
};

class Workers {
 public:
  explicit Workers(Workers* of_parent) : of_parent_(of_parent) {}

  static bool inside();  // whether the calling thread is in a loop

  // Runs a loop on the calling thread and at most `helpers` workers; false, and nothing is run, inside a loop and while
  // another thread runs one. Of the exceptions thrown in chunks, that of the first chunk goes on to the caller.
  bool run(const Loop& loop, int helpers);

 private:
  struct Worker {
    alignas(64) Bed bed;
    int index = 0;
  };

  void hire(int helpers);
  void work(Worker& self);
  bool take();
  void run_chunk(int64_t chunk);
  void finish(int64_t chunks);

  alignas(64) std::atomic<int64_t> open_{0};  // chunks that nobody has taken
  std::atomic<int64_t> last_{0};              // the highest chunk of those
  std::atomic<int> helpers_{0};               // workers below this index may take them
  Loop loop_{};                               // read by whoever has taken a chunk
  alignas(64) std::atomic<int64_t> unfinished_{0};
  Bed caller_;

  std::mutex turn_;  // held by the thread whose loop this is
  std::vector<std::unique_ptr<Worker>> workers_;
  std::mutex failure_mutex_;
  int64_t failed_chunk_ = 0;
  std::exception_ptr failure_;
  const Workers* of_parent_;  // after a fork, so that a leak checker still finds it
};

}  // namespace fovea
