// The caching allocator: counters, reuse, blocks freed on other threads, planned failures.
#include <fovea/core/allocator.h>
#include <fovea/core/blocks.h>
#include <fovea/core/creation.h>
#include <tests/catch.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

using namespace fovea;

namespace {

struct Block {
  explicit Block(size_t bytes) : at(allocate_block(bytes, &capacity)) {}
  size_t capacity = 0;
  void* at;
  void free() const { free_block(at, capacity); }
};

}  // namespace

TEST_CASE("live, peak and number of blocks", "[allocator]") {
  const MemoryStats before = memory_stats();
  reset_peak_memory();
  const Block a(100), b(5000);
  REQUIRE(a.capacity == 128);
  REQUIRE(b.capacity >= 5000);
  const auto both = static_cast<int64_t>(a.capacity + b.capacity);
  REQUIRE(memory_stats().live_bytes == before.live_bytes + both);
  REQUIRE(memory_stats().live_blocks == before.live_blocks + 2);
  b.free();
  a.free();
  REQUIRE(memory_stats().live_bytes == before.live_bytes);
  REQUIRE(memory_stats().live_blocks == before.live_blocks);
  REQUIRE(memory_stats().peak_bytes == before.live_bytes + both);
  reset_peak_memory();
  REQUIRE(memory_stats().peak_bytes == before.live_bytes);
}

TEST_CASE("every size is aligned, large enough and wholly usable", "[allocator]") {
  std::vector<Block> blocks;
  for (size_t bytes = 0; bytes < 20000; bytes = bytes * 9 / 8 + 1) {
    blocks.emplace_back(bytes);
    REQUIRE(reinterpret_cast<uintptr_t>(blocks.back().at) % 64 == 0);
    REQUIRE(blocks.back().capacity >= bytes);
    REQUIRE(blocks.back().capacity % 64 == 0);
    REQUIRE(blocks.back().capacity <= std::max<size_t>(64, bytes + bytes / 4 + 64));
    std::memset(blocks.back().at, 0xAB, blocks.back().capacity);
  }
  for (const Block& block : blocks) block.free();
}

TEST_CASE("a block comes back to who asks for its class next", "[allocator]") {
  for (const size_t bytes : {size_t{200}, size_t{1024}, size_t{1025}, size_t{3} << 20}) {
    const Block first(bytes);
    first.free();
    const Block second(bytes);
    REQUIRE(second.at == first.at);
    second.free();
  }
  void* object = allocate_object(72);
  free_object(object, 72);
  void* again = allocate_object(72);
  REQUIRE(again == object);
  free_object(again, 72);
  const Block kept(512);
  kept.free();
  empty_memory_cache();  // and the thread goes on caching afterwards
  const Block fresh(512);
  fresh.free();
  const Block reused(512);
  REQUIRE(reused.at == fresh.at);
  reused.free();
}

TEST_CASE("blocks freed on another thread", "[allocator][threads]") {
  const MemoryStats before = memory_stats();
  std::vector<Block> blocks;
  for (int i = 0; i < 1000; ++i) blocks.emplace_back(64 + i);
  std::thread([&] {
    for (const Block& block : blocks) block.free();  // this thread never asked for any
  }).join();
  REQUIRE(memory_stats().live_bytes == before.live_bytes);
  Tensor outlives;
  std::thread([&] { outlives = ones({1000}); }).join();
  REQUIRE(outlives.at({999}) == 1);
}

TEST_CASE("four threads allocate and free at once: nothing is lost or shared", "[allocator][threads]") {
  const MemoryStats before = memory_stats();
  std::vector<std::thread> threads;
  std::vector<int> broken(4, 0);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t, &broken] {
      for (int round = 0; round < 2000; ++round) {
        const Block a(256), b(256 + 64 * static_cast<size_t>(round % 30));
        std::memset(a.at, t, 256);
        std::memset(b.at, 100 + t, 256);
        for (int i = 0; i < 256; ++i) broken[t] += static_cast<unsigned char*>(a.at)[i] != t;
        b.free();
        a.free();
      }
    });
  for (std::thread& thread : threads) thread.join();
  REQUIRE(broken == std::vector<int>(4, 0));
  REQUIRE(memory_stats().live_bytes == before.live_bytes);
  REQUIRE(memory_stats().live_blocks == before.live_blocks);
}

TEST_CASE("a planned failure hits the block it was planned for", "[allocator]") {
  const MemoryStats before = memory_stats();
  fail_allocation_after(2);
  const Block a(64), b(64);
  REQUIRE_THROWS_AS(Block(64), std::bad_alloc);
  const Block after(64);  // once
  fail_allocation_after(0);
  REQUIRE_THROWS_AS(allocate_object(64), std::bad_alloc);
  fail_allocation_after(0);
  REQUIRE_THROWS_AS(Block(100000), std::bad_alloc);
  fail_allocation_after(0);
  fail_allocation_after(-1);
  const Block off(64);
  for (const Block& block : {a, b, after, off}) block.free();
  REQUIRE(memory_stats().live_blocks == before.live_blocks);
}

TEST_CASE("more than there is", "[allocator]") {
  const MemoryStats before = memory_stats();
  REQUIRE_THROWS_AS(Block(size_t{1} << 50), std::bad_alloc);
  REQUIRE_THROWS_AS(Block(SIZE_MAX), std::bad_alloc);
  REQUIRE(memory_stats().live_bytes == before.live_bytes);
}
