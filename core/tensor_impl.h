// What a Tensor points to: its object, its block of memory, and the slot for the tape. For the engine and the ops;
// users see Tensor alone. Threads: counts are atomic once the process has more than one thread, the rest is not.
#pragma once

#include <fovea/core/blocks.h>
#include <fovea/core/counted.h>
#include <fovea/core/dtype.h>
#include <fovea/core/shape.h>

#include <algorithm>
#include <cstddef>

namespace fovea::detail {

struct Storage;
void release_slow(Storage& storage);  // core/foreign.cpp
// The capacity of a storage whose elements are another's (core/foreign.h): no block is as large.
constexpr size_t kForeign = SIZE_MAX;

// A block of memory: this header, room for the tensor object that is made with it, the elements.
struct Storage {
  Count refs{1};
  size_t capacity = 0;           // of the block, or kForeign
  uint64_t version = 0;          // raised by every change in place
  const char* last_change = "";  // name of the op that last wrote in place

  void retain() { refs.add(1); }
  void release() {
    if (refs.drop() && !give_ready(this, capacity)) [[unlikely]]
      release_slow(*this);
  }
};

// What the tape hangs on a tensor (autograd/node.h derives from it). Born with one reference; dispose() is called when
// the last one goes.
class TapeSlot {
 public:
  virtual ~TapeSlot() = default;
  void retain() { refs_.add(1); }
  void release() {
    if (refs_.drop()) dispose();
  }

 protected:
  virtual void dispose() = 0;

 private:
  Count refs_{1};
};

// Born with one reference. The first tensor of a storage lies in its block and costs no memory of its own; views are
// objects from the pool.
struct TensorImpl {
  TensorImpl(Ref<Storage> block, std::byte* first, const Shape& sizes, int64_t n, DType type)
      : storage(std::move(block)), data(first), numel(n), dtype(type), shape(sizes) {}
  // Another object over the same elements, on no tape.
  TensorImpl(const TensorImpl& other)
      : storage(other.storage),
        data(other.data),
        numel(other.numel),
        dtype(other.dtype),
        contiguous(other.contiguous),
        shape(other.shape) {
    if (!contiguous) std::copy_n(other.strides, shape.rank(), strides);
  }
  TensorImpl& operator=(const TensorImpl&) = delete;

  Count refs{1};
  Ref<Storage> storage;
  std::byte* data = nullptr;  // first element
  int64_t numel = 0;
  Ref<TapeSlot> slot;  // null: not on the tape
  DType dtype = DType::f32;
  bool contiguous = true;
  uint16_t output_index = 0;  // which output of slot's op this is
  Shape shape;
  int64_t strides[kMaxRank];  // only where not contiguous; else never touched: a small tensor is two cache lines

  static void* operator new(size_t bytes) { return allocate_object(bytes); }
  static void operator delete(void* impl, size_t bytes) { free_object(impl, bytes); }

  void retain() { refs.add(1); }
  void release() {
    if (refs.drop()) destroy();
  }
  void destroy();
};

}  // namespace fovea::detail
