// Intrusive reference counting. Counts are plain integers while the process has one thread (glibc tells, at the price
// of a predicted branch) and atomic once it has more; a small step on the tape is many times cheaper for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace fovea {

inline bool single_threaded() {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

class Count {
 public:
  void add(int64_t n) {
    if (single_threaded())
      value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    else
      value_.fetch_add(n, std::memory_order_relaxed);
  }
  // Returns what is left after taking one away.
  int64_t drop() {
    if (single_threaded()) {
      const int64_t left = value_.load(std::memory_order_relaxed) - 1;
      value_.store(left, std::memory_order_relaxed);
      return left;
    }
    return value_.fetch_sub(1, std::memory_order_acq_rel) - 1;
  }
  int64_t get() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<int64_t> value_{0};
};

// Handle to a T with members retain() and release(); release frees at zero.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(T* pointer) : pointer_(pointer) {
    if (pointer_ != nullptr) pointer_->retain();
  }
  Ref(const Ref& other) : Ref(other.pointer_) {}
  Ref(Ref&& other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(pointer_, other.pointer_);
    return *this;
  }
  ~Ref() {
    if (pointer_ != nullptr) pointer_->release();
  }
  T* get() const { return pointer_; }
  T* operator->() const { return pointer_; }
  T& operator*() const { return *pointer_; }
  explicit operator bool() const { return pointer_ != nullptr; }
  // Gives up the reference without releasing it.
  T* detach() { return std::exchange(pointer_, nullptr); }

 private:
  T* pointer_ = nullptr;
};

}  // namespace fovea
