// PooledVector: a std::vector whose elements lie in the allocator's pool of small objects, so that one that lives for a
// step costs no call of the heap once such a step has been made before.
#pragma once

#include <fovea/core/blocks.h>

#include <vector>

namespace fovea {

template <class T>
struct PoolAllocator {
  using value_type = T;
  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(allocate_object(n * sizeof(T))); }
  void deallocate(T* first, size_t n) { free_object(first, n * sizeof(T)); }
  bool operator==(const PoolAllocator&) const { return true; }
};

template <class T>
using PooledVector = std::vector<T, PoolAllocator<T>>;

}  // namespace fovea
