// Blocks of memory for the library itself: 64-byte aligned, kept in per-thread free lists by size class when released.
// What users see of it is in core/allocator.h. A block may be freed on another thread than the one that took it.
// Errors: std::bad_alloc when the system has no memory (after the caches were emptied once).
// Cost: a block of up to 1 KiB that was used before comes and goes without a call.
#pragma once

#include <fovea/core/counted.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

namespace fovea {

// Blocks for storages: counted. `capacity` receives the usable bytes and must be handed back.
void* allocate_block(size_t bytes, size_t* capacity);
void free_block(void* block, size_t capacity);
// Small objects (views, tape nodes): pooled, not counted. `bytes` must be the same at both calls.
void* allocate_object(size_t bytes);
void free_object(void* object, size_t bytes);

// ---- what of it is worth inlining ----
namespace detail {

// The most that is asked of a system; differences between addresses in it fit, and so does the size class above it.
template <class Size>
constexpr Size kLargestBlock = std::min<uint64_t>(uint64_t{1} << 47, std::numeric_limits<Size>::max() / 4 * 2);

// A count of bytes as a size. More than a Size of 32 bits can count becomes a size that no system has.
template <class Size = size_t>
constexpr Size to_size(int64_t bytes) {
  if (sizeof(Size) < sizeof(bytes) && bytes > static_cast<int64_t>(kLargestBlock<Size>)) return kLargestBlock<Size> + 1;
  return static_cast<Size>(bytes);
}

constexpr size_t kBlockAlign = 64;
constexpr size_t kSmallBlock = 1024;  // up to here a size class is a multiple of 64 bytes
constexpr size_t kSmallClasses = kSmallBlock / kBlockAlign + 1;
constexpr size_t kBlockClasses = kSmallClasses + 8 * 40;

struct FreeBlock {
  FreeBlock* next;
};

// Plain zeros at first, so that reaching it costs no check whether it was initialised.
struct BlockCache {
  FreeBlock* lists[kBlockClasses];
  int64_t room;  // bytes that may still be kept; 0 until first needed and after the thread has ended
  bool open;
};
extern thread_local constinit BlockCache block_cache;

// Plain numbers while the process has one thread, reached atomically once it has more.
struct MemoryCounters {
  int64_t live_bytes, peak_bytes, live_blocks;  // an order in which no two are updated as one vector
  std::atomic<int64_t> fail_after;
};
extern constinit MemoryCounters memory_counters;

// The slow paths, of any size class; take_slow also plays the planned failures.
void* take_slow(size_t bytes);
void give_slow(void* block, size_t bytes);
size_t round_up_large(size_t bytes);

// The bytes of the class that holds them.
inline size_t round_up(size_t bytes) {
  if (bytes - 1 >= kSmallBlock) [[unlikely]]  // also 0
    return round_up_large(bytes);
  return (bytes + kBlockAlign - 1) & ~(kBlockAlign - 1);
}

// `bytes` is rounded up already.
inline void* take(size_t bytes) {
  if (bytes > kSmallBlock) return take_slow(bytes);
  FreeBlock*& list = block_cache.lists[bytes / kBlockAlign];
  if (list == nullptr || memory_counters.fail_after.load(std::memory_order_relaxed) >= 0) [[unlikely]]
    return take_slow(bytes);
  block_cache.room += static_cast<int64_t>(bytes);
  return std::exchange(list, list->next);
}

inline void give(void* block, size_t bytes) {
  const int64_t room = block_cache.room - static_cast<int64_t>(bytes);
  if (bytes > kSmallBlock || room < 0) [[unlikely]]
    return give_slow(block, bytes);
  block_cache.room = room;
  FreeBlock*& list = block_cache.lists[bytes / kBlockAlign];
  list = new (block) FreeBlock{list};
}

// The fast path, with no call on it: null unless the process has one thread and a block of this class lies ready.
inline void* take_ready(size_t bytes) {
  if (bytes > kSmallBlock || !single_threaded() || memory_counters.fail_after.load(std::memory_order_relaxed) >= 0)
    return nullptr;
  FreeBlock*& list = block_cache.lists[bytes / kBlockAlign];
  if (list == nullptr) return nullptr;
  block_cache.room += static_cast<int64_t>(bytes);
  MemoryCounters& counters = memory_counters;
  counters.live_blocks += 1;
  counters.live_bytes += static_cast<int64_t>(bytes);
  if (counters.live_bytes > counters.peak_bytes) counters.peak_bytes = counters.live_bytes;
  return std::exchange(list, list->next);
}

// As fast: false, and nothing done, unless the process has one thread and the cache has room.
inline bool give_ready(void* block, size_t bytes) {
  if (bytes > kSmallBlock || !single_threaded() || block_cache.room < static_cast<int64_t>(bytes)) [[unlikely]]
    return false;
  block_cache.room -= static_cast<int64_t>(bytes);
  MemoryCounters& counters = memory_counters;
  counters.live_blocks -= 1;
  counters.live_bytes -= static_cast<int64_t>(bytes);
  FreeBlock*& list = block_cache.lists[bytes / kBlockAlign];
  list = new (block) FreeBlock{list};
  return true;
}

void* allocate_block_slow(size_t bytes);  // counted
void free_block_slow(void* block, size_t bytes);

}  // namespace detail

inline void* allocate_block(size_t bytes, size_t* capacity) {
  *capacity = detail::round_up(bytes);
  void* const block = detail::take_ready(*capacity);
  return block != nullptr ? block : detail::allocate_block_slow(*capacity);
}

inline void free_block(void* block, size_t capacity) {
  if (!detail::give_ready(block, capacity)) [[unlikely]]
    detail::free_block_slow(block, capacity);
}

inline void* allocate_object(size_t bytes) { return detail::take(detail::round_up(bytes)); }
inline void free_object(void* object, size_t bytes) { detail::give(object, detail::round_up(bytes)); }

}  // namespace fovea
