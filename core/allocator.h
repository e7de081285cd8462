// Memory of tensors: counters of live and peak bytes, which tests and progress lines read, and the cache behind them.
//
// Elements lie in 64-byte aligned blocks; a released one is kept for the next of its size, by the thread that released
// it. core/blocks.h is how the library takes and gives them.
// Threads: every function may be called on any thread; the counters are the process's, the cache is the thread's.
#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <utility>

namespace fovea {

struct MemoryStats {
  int64_t live_bytes = 0;  // in tensors' hands now, rounded up to size classes
  int64_t peak_bytes = 0;  // the largest live_bytes since reset_peak_memory
  int64_t live_blocks = 0;
};

MemoryStats memory_stats();
void reset_peak_memory();
// Gives this thread's cached blocks back to the system.
void empty_memory_cache();
// Memory for a tensor that the system does not have. The message says for what, how many bytes, and what tensors hold.
class OutOfMemoryError : public std::bad_alloc {
 public:
  OutOfMemoryError(std::string message, int64_t bytes) : message_(std::move(message)), bytes_(bytes) {}
  const char* what() const noexcept override { return message_.c_str(); }
  int64_t bytes() const { return bytes_; }  // asked for

 private:
  std::string message_;
  int64_t bytes_;
};
// For tests: the nth block asked for from now on throws std::bad_alloc (0: the next one; negative: off).
void fail_allocation_after(int64_t n);

}  // namespace fovea
