// Tensor: a handle to an n-dimensional array. Copying a handle aliases the same elements; clone() copies them.
//
// A tensor is a storage, an offset, a shape and strides up to rank 8, an element type, and a slot for the tape. The
// tape itself lives in autograd/; the members that need it are declared here and defined there. Errors: item access
// throws IndexError and DTypeError; see each function. Threads: handles may be copied and dropped on any thread;
// writing to one storage from two threads is a race.
#pragma once

#include <fovea/core/allocator.h>
#include <fovea/core/counted.h>
#include <fovea/core/dtype.h>
#include <fovea/core/error.h>
#include <fovea/core/shape.h>

#include <algorithm>
#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <string>
#include <type_traits>

namespace fovea {

// A block of memory: this header, room for the tensor object that is made with it, the elements.
struct Storage {
  Count refs{1};
  size_t capacity = 0;           // of the block
  uint64_t version = 0;          // raised by every change in place
  const char* last_change = "";  // name of the op that last wrote in place

  void retain() { refs.add(1); }
  void release() {
    if (refs.drop()) free_block(this, capacity);
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
    if (!contiguous) std::copy_n(other.steps, shape.rank(), steps);
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
  int64_t steps[kMaxRank];  // the strides where not contiguous; else never touched: a small tensor is two cache lines

  static void* operator new(size_t bytes) { return allocate_object(bytes); }
  static void operator delete(void* impl, size_t bytes) { free_object(impl, bytes); }

  void retain() { refs.add(1); }
  void release() {
    if (refs.drop()) destroy();
  }
  void destroy();
};

class Tensor {
 public:
  Tensor() = default;  // undefined: no elements, no shape; AutogradError when asked for more than defined()
  explicit Tensor(Ref<TensorImpl> impl) : impl_(std::move(impl)) {}

  bool defined() const { return static_cast<bool>(impl_); }
  int dim() const { return known().shape.rank(); }
  int64_t size(int64_t d) const { return known().shape[existing_dim("size", d, dim())]; }
  int64_t numel() const { return known().numel; }
  const Shape& shape() const { return known().shape; }
  // In elements.
  int64_t stride(int64_t d) const;
  Shape strides() const {
    const TensorImpl& impl = known();
    if (impl.contiguous) return contiguous_strides(impl.shape);
    return Shape({impl.steps, static_cast<size_t>(impl.shape.rank())});
  }
  DType dtype() const { return known().dtype; }
  bool is_contiguous() const { return known().contiguous; }
  // The same handle or another to the same tensor object (not merely the same elements).
  bool is_same(const Tensor& other) const { return impl_.get() == other.impl_.get(); }
  bool shares_storage(const Tensor& other) const { return known().storage.get() == other.known().storage.get(); }

  // Address of the first element, for kernels. data<T>() checks T against dtype() (DTypeError).
  void* raw() const { return known().data; }
  template <class T>
  T* data() const {
    if (dtype() != dtype_of<T>) throw_dtype("data", dtype_of<T>);
    return reinterpret_cast<T*>(impl_->data);
  }
  // The only element as a number (ShapeError unless numel() is 1); an element by position; writing one (in place).
  // Whole numbers come as they are, also above 2^53, when T is a whole type; others are cut to one, and what no such
  // type holds is a ValueError.
  template <class T = double>
  T item() const {
    return read<T>(only_element());
  }
  template <class T = double>
  T at(std::initializer_list<int64_t> index) const {
    return read<T>(element("at", Shape(index)));
  }
  void set(std::initializer_list<int64_t> index, double value);

  // In place, whole tensor; never recorded (AutogradError on a tensor that the tape watches while it records).
  Tensor& fill_(double value);
  Tensor& zero_() { return fill_(0); }
  Tensor& copy_(const Tensor& source);  // broadcasts, converts the element type
  Tensor& add_(const Tensor& other, double scale = 1);
  Tensor& mul_(double factor);
  // Says that `op` wrote in place: saved copies of the old elements become invalid.
  void bump_version(const char* op) {
    known().storage->version++;
    known().storage->last_change = op;
  }

  // ---- the tape (defined in autograd/tensor.cpp) ----
  bool requires_grad() const { return static_cast<bool>(known().slot); }
  bool is_leaf() const;
  // Makes this a leaf whose gradient backward() collects (or takes it off the tape). Floating types only.
  Tensor& requires_grad_(bool on = true);
  // The gradient collected so far; undefined if none. set_grad replaces it, off the tape, also by an undefined one.
  Tensor grad() const;
  void set_grad(const Tensor& gradient);
  // Another handle to the same elements that the tape does not see.
  Tensor detach() const;
  // Adds d(this)/d(leaf) to each leaf's grad. `gradient` defaults to 1 and is then only allowed for one element.
  void backward(const Tensor& gradient = Tensor(), bool retain_graph = false) const;

  TensorImpl* impl() const { return impl_.get(); }

 private:
  const TensorImpl& known() const {
    if (!impl_) throw_undefined();
    return *impl_;
  }
  [[noreturn]] static void throw_undefined();
  // AutogradError if the tape records and this is on it (autograd/tensor.cpp).
  void require_untaped(const char* op) const;
  template <class T>
  T read(int64_t offset) const {
    return dispatch_stored(dtype(), [&](auto zero) {
      const auto value = reinterpret_cast<const decltype(zero)*>(impl_->data)[offset];
      if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool> && std::is_floating_point_v<decltype(zero)>)
        require_whole(static_cast<double>(value), static_cast<double>(std::numeric_limits<T>::min()),
                      static_cast<double>(std::numeric_limits<T>::max()));
      return static_cast<T>(value);
    });
  }
  // ValueError unless `value` without its fraction lies within the bounds of a whole type.
  static void require_whole(double value, double least, double most);
  // Where it is, in elements from the first.
  int64_t only_element() const;
  int64_t element(const char* op, const Shape& index) const;
  [[noreturn]] void throw_dtype(const char* what, DType wanted) const;

  Ref<TensorImpl> impl_;
};

// "f32[2, 3]"; "undefined" for an undefined tensor. For messages.
std::string describe(const Tensor& x);
// Values in rows and columns, long axes abbreviated: printed by operator<<.
std::string to_string(const Tensor& x);
std::ostream& operator<<(std::ostream& out, const Tensor& x);

// A tensor over fresh, uninitialised memory; the base of every creation function and of every op's output.
Tensor empty(const Shape& shape, DType dtype = f32);
Tensor empty_like(const Tensor& x);  // same shape and type, contiguous

}  // namespace fovea
