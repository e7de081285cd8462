// Intrusive reference counting. Counts are plain integers while the process has one thread (glibc tells, at the price
// of a predicted branch) and atomic once it has more; a small step on the tape is many times cheaper for it. A build
// without threads (FOVEA_THREADS=OFF) has plain ones alone. Atomic by what g++ and clang have built in: std::atomic_ref
// came late to LLVM's library.
#pragma once

#include <cstdint>
#include <utility>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace fovea::detail {

inline bool single_threaded() {
#ifdef FOVEA_ONE_THREAD
  return true;
#elif __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

class Count {
 public:
  explicit Count(int64_t start = 0) : value_(start) {}
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;

  void add(int64_t n) {
    if (single_threaded()) [[likely]]
      value_ += n;
    else
      __atomic_fetch_add(&value_, n, __ATOMIC_RELAXED);
  }
  // Takes one away; true: it was the last.
  bool drop() {
    if (single_threaded()) [[likely]]
      return --value_ == 0;
    return __atomic_fetch_sub(&value_, 1, __ATOMIC_ACQ_REL) == 1;
  }
  int64_t get() const { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }

 private:
  alignas(8) int64_t value_;
};

// Handle to a T with members retain() and release(); release frees at zero.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(T* pointer) : pointer_(pointer) {
    if (pointer_ != nullptr) pointer_->retain();
  }
  // Takes over a reference that is already counted.
  static Ref adopt(T* pointer) {
    Ref ref;
    ref.pointer_ = pointer;
    return ref;
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

}  // namespace fovea::detail
