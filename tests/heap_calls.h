// How often a piece of code calls operator new, which this header replaces: one file of an executable includes it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>

namespace fovea::test {

inline thread_local int64_t heap_calls = 0;

// On average over steps in a row; the first few, which fill the pools, are left out.
inline double heap_calls_a_step(const std::function<void()>& step) {
  constexpr int kSteps = 20;
  for (int i = 0; i < 3; ++i) step();
  const int64_t before = heap_calls;
  for (int i = 0; i < kSteps; ++i) step();
  return static_cast<double>(heap_calls - before) / kSteps;
}

}  // namespace fovea::test

// clang's race detector brings its own operator new and lets no other in; it runs other tests than those that count.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FOVEA_TEST_COUNTS_NO_HEAP
#endif
#endif
#ifndef FOVEA_TEST_COUNTS_NO_HEAP
// Every form that pairs with these deletes: a sanitizer refuses a block of its own new in another's delete.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  ++fovea::test::heap_calls;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
void* operator new(size_t bytes) {
  if (void* block = operator new(bytes, std::nothrow)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { std::free(block); }
#endif
