// Size classes: 64-byte steps up to 1 KiB, then eight steps per doubling. Free lists are per thread and intrusive; big
// blocks are cached too (fresh pages cost more than most kernels that fill them), up to a bound per thread.
#include <fovea/core/allocator.h>
#include <fovea/core/blocks.h>

#include <bit>
#include <cstdlib>
#include <new>

namespace fovea {
namespace detail {

thread_local constinit BlockCache block_cache{};
constinit MemoryCounters memory_counters{0, 0, 0, -1};

namespace {

constexpr int64_t kCacheLimit = int64_t{2} << 30;  // bytes a thread may keep

// The class that holds `bytes`, and the bytes a block of it has.
struct SizeClass {
  size_t index, bytes;
};
SizeClass class_of(size_t bytes) {
  if (bytes <= kSmallBlock) {
    const size_t index = bytes == 0 ? 1 : (bytes + kBlockAlign - 1) / kBlockAlign;
    return {index, index * kBlockAlign};
  }
  const int power = std::bit_width(bytes - 1) - 1;  // 2^power < bytes <= 2^(power+1)
  const size_t step = (size_t{1} << power) / 8;
  const size_t part = (bytes - (size_t{1} << power) + step - 1) / step;  // 1..8
  return {kSmallClasses + static_cast<size_t>(power - 10) * 8 + part - 1, (size_t{1} << power) + part * step};
}

void empty_cache() {
  for (FreeBlock*& list : block_cache.lists)
    while (list != nullptr) std::free(std::exchange(list, list->next));
  block_cache.room = block_cache.open ? kCacheLimit : 0;
}

// Opens the thread's cache when first needed and empties it when the thread ends; what is freed after that goes back
// to the system at once.
struct Opening {
  Opening() {
    block_cache.open = true;
    block_cache.room = kCacheLimit;
  }
  ~Opening() {
    block_cache.open = false;
    empty_cache();
  }
};

void open_cache() {
  static thread_local const Opening opening;
  (void)opening;
}

void count(int64_t bytes, int64_t blocks) {
  MemoryCounters& counters = memory_counters;
  const int64_t live = __atomic_add_fetch(&counters.live_bytes, bytes, __ATOMIC_RELAXED);
  __atomic_fetch_add(&counters.live_blocks, blocks, __ATOMIC_RELAXED);
  int64_t peak = __atomic_load_n(&counters.peak_bytes, __ATOMIC_RELAXED);
  while (live > peak &&
         !__atomic_compare_exchange_n(&counters.peak_bytes, &peak, live, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

void* allocate_fresh(size_t bytes) {
  void* block = std::aligned_alloc(kBlockAlign, bytes);
  if (block == nullptr) {
    empty_cache();
    block = std::aligned_alloc(kBlockAlign, bytes);
  }
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* take_slow(size_t bytes) {
  if (memory_counters.fail_after.load(std::memory_order_relaxed) >= 0 && memory_counters.fail_after.fetch_sub(1) == 0)
    throw std::bad_alloc();
  const SizeClass size = class_of(bytes);
  FreeBlock*& list = block_cache.lists[size.index];
  if (list == nullptr) return allocate_fresh(size.bytes);
  block_cache.room += static_cast<int64_t>(size.bytes);
  return std::exchange(list, list->next);
}

void give_slow(void* block, size_t bytes) {
  open_cache();
  const SizeClass size = class_of(bytes);
  if (block_cache.room < static_cast<int64_t>(size.bytes)) return std::free(block);
  block_cache.room -= static_cast<int64_t>(size.bytes);
  FreeBlock*& list = block_cache.lists[size.index];
  list = new (block) FreeBlock{list};
}

void* allocate_block_slow(size_t bytes) {
  void* const block = take(bytes);
  count(static_cast<int64_t>(bytes), 1);
  return block;
}

void free_block_slow(void* block, size_t bytes) {
  count(-static_cast<int64_t>(bytes), -1);
  give(block, bytes);
}

size_t round_up_large(size_t bytes) {
  if (bytes > kLargestBlock<size_t>) throw std::bad_alloc();
  return class_of(bytes).bytes;
}

}  // namespace detail

MemoryStats memory_stats() {
  detail::MemoryCounters& counters = detail::memory_counters;
  return {__atomic_load_n(&counters.live_bytes, __ATOMIC_SEQ_CST),
          __atomic_load_n(&counters.peak_bytes, __ATOMIC_SEQ_CST),
          __atomic_load_n(&counters.live_blocks, __ATOMIC_SEQ_CST)};
}

void reset_peak_memory() {
  __atomic_store_n(&detail::memory_counters.peak_bytes, memory_stats().live_bytes, __ATOMIC_SEQ_CST);
}

void empty_memory_cache() { detail::empty_cache(); }

void fail_allocation_after(int64_t n) { detail::memory_counters.fail_after.store(n); }

}  // namespace fovea
