// Caching allocator: 64-byte aligned blocks, kept in per-thread free lists by size class when released, and counters of
// live and peak bytes that tests and progress lines read. Thread safe; a block may be freed on another thread.
// Errors: std::bad_alloc when the system has no memory (after the caches were emptied once).
#pragma once

#include <cstddef>
#include <cstdint>

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
// For tests: the nth block asked for from now on throws std::bad_alloc (0: the next one; negative: off).
void fail_allocation_after(int64_t n);

// Blocks for storages: counted. `capacity` receives the usable bytes and must be handed back.
void* allocate_block(size_t bytes, size_t* capacity);
void free_block(void* block, size_t capacity);
// Small objects (tensor headers, tape nodes): pooled, not counted. `bytes` must be the same at both calls.
void* allocate_object(size_t bytes);
void free_object(void* object, size_t bytes);

}  // namespace fovea
