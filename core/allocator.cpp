// Size classes: 64-byte steps up to 1 KiB, then eight steps per doubling. Free lists are per thread and intrusive; big blocks
// are cached too (fresh pages cost more than most kernels that fill them), up to a bound per thread.
#include <fovea/core/allocator.h>
#include <fovea/core/counted.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

namespace fovea {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kSmall = 1024;
constexpr size_t kSmallClasses = kSmall / kAlign + 1;
constexpr size_t kClasses = kSmallClasses + 8 * 40;
constexpr size_t kCacheLimit = size_t{2} << 30;  // bytes a thread may keep

struct FreeBlock {
  FreeBlock* next;
};

// The class that holds `bytes`, and the bytes a block of it has.
struct SizeClass {
  size_t index, bytes;
};
SizeClass class_of(size_t bytes) {
  if (bytes <= kSmall) {
    const size_t index = (bytes + kAlign - 1) / kAlign;
    return {index, index * kAlign};
  }
  const int power = std::bit_width(bytes - 1) - 1;  // 2^power < bytes <= 2^(power+1)
  const size_t step = (size_t{1} << power) / 8;
  const size_t part = (bytes - (size_t{1} << power) + step - 1) / step;  // 1..8
  return {kSmallClasses + static_cast<size_t>(power - 10) * 8 + part - 1, (size_t{1} << power) + part * step};
}

std::atomic<int64_t> live_bytes{0}, peak_bytes{0}, live_blocks{0}, fail_after{-1};

void count(int64_t bytes, int64_t blocks) {
  int64_t live;
  if (single_threaded()) {
    live = live_bytes.load(std::memory_order_relaxed) + bytes;
    live_bytes.store(live, std::memory_order_relaxed);
    live_blocks.store(live_blocks.load(std::memory_order_relaxed) + blocks, std::memory_order_relaxed);
    if (live > peak_bytes.load(std::memory_order_relaxed)) peak_bytes.store(live, std::memory_order_relaxed);
    return;
  }
  live = live_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  live_blocks.fetch_add(blocks, std::memory_order_relaxed);
  int64_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
}

// Plain data, so that reading it costs no initialisation check; `ender` empties it when the thread ends.
struct Cache {
  FreeBlock* lists[kClasses];
  size_t bytes;
  bool ended;
};
thread_local constinit Cache cache{};

void empty_cache() {
  for (FreeBlock*& list : cache.lists)
    while (list != nullptr) std::free(std::exchange(list, list->next));
  cache.bytes = 0;
}
struct Ender {
  ~Ender() {
    cache.ended = true;
    empty_cache();
  }
};

[[gnu::noinline]] void* allocate_fresh(size_t bytes) {
  static thread_local Ender ender;
  (void)ender;
  void* block = std::aligned_alloc(kAlign, bytes);
  if (block == nullptr) {
    empty_cache();
    block = std::aligned_alloc(kAlign, bytes);
  }
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void* take(const SizeClass& size) {
  FreeBlock*& list = cache.lists[size.index];
  if (list == nullptr) return allocate_fresh(size.bytes);
  cache.bytes -= size.bytes;
  return std::exchange(list, list->next);
}

void give(void* block, const SizeClass& size) {
  if (cache.ended || cache.bytes + size.bytes > kCacheLimit) {
    std::free(block);
    return;
  }
  cache.bytes += size.bytes;
  cache.lists[size.index] = new (block) FreeBlock{cache.lists[size.index]};
}

void check_planned_failure() {
  if (fail_after.load(std::memory_order_relaxed) < 0) return;
  if (fail_after.fetch_sub(1) == 0) throw std::bad_alloc();
}

}  // namespace

void* allocate_block(size_t bytes, size_t* capacity) {
  check_planned_failure();
  if (bytes > (size_t{1} << 47)) throw std::bad_alloc();
  const SizeClass size = class_of(bytes == 0 ? 1 : bytes);
  void* block = take(size);
  *capacity = size.bytes;
  count(static_cast<int64_t>(size.bytes), 1);
  return block;
}

void free_block(void* block, size_t capacity) {
  count(-static_cast<int64_t>(capacity), -1);
  give(block, class_of(capacity));
}

void* allocate_object(size_t bytes) {
  check_planned_failure();
  return take(class_of(bytes));
}

void free_object(void* object, size_t bytes) { give(object, class_of(bytes)); }

MemoryStats memory_stats() { return {live_bytes.load(), peak_bytes.load(), live_blocks.load()}; }
void reset_peak_memory() { peak_bytes.store(live_bytes.load()); }
void empty_memory_cache() { empty_cache(); }
void fail_allocation_after(int64_t n) { fail_after.store(n); }

}  // namespace fovea
