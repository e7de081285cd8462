// Tensor: a handle to an n-dimensional array of numbers, on which the tape hangs what it records.
//
//   const Tensor x = randn({2, 3}, generator);     // f32; zeros, full, arange, tensor: core/creation.h
//   Tensor y = (x * 2 + 1).sum(-1);                // ops as methods, operators and functions: docs/ops.md
//   x[0], x[{Slice(), 1}], x[{Ellipsis, None}];    // views of x's elements
//   x[{0, Slice(1)}] = 5;                          // writes into x
//
// Ownership: copying a handle aliases the same elements, clone() copies them. Views (slices, transposed, reshaped)
// share them too, and they live as long as any handle to them.
// Const: as of a shared pointer, that of the handle. A const Tensor stays a handle to this tensor; its elements may be
// written through it, and data() gives a pointer that writes. So all members but assignment are const. What writes says
// so: a name that ends in `_`, set, set_grad, data, or an assignment to a part. No function that takes a const Tensor&
// writes its elements otherwise.
// Errors: an undefined tensor throws AutogradError whatever it is asked but defined(); item access throws IndexError
// and DTypeError; see each function.
// Threads: handles to one tensor may be copied, read and dropped on any thread. Writing elements while another thread
// reads or writes them is a race, and so is assigning to a handle that another thread uses.
#pragma once

#include <fovea/core/error.h>
#include <fovea/core/indexing.h>
#include <fovea/core/tensor_impl.h>
#include <fovea/core/tensor_methods.h>

#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <string>
#include <type_traits>

namespace fovea {

class Tensor : public TensorMethods {
 public:
  Tensor() = default;  // undefined: no elements, no shape; AutogradError when asked for more than defined()
  explicit Tensor(detail::Ref<detail::TensorImpl> impl) : impl_(std::move(impl)) {}
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & noexcept = default;
  // Into the elements that a temporary stands for: x[0] = y is x[0].copy_(y). AutogradError where it would have to be
  // recorded (autograd/tensor.cpp).
  void operator=(const Tensor& source) &&;
  void operator=(double value) && { fill_(value); }

  bool defined() const { return static_cast<bool>(impl_); }
  int dim() const { return known().shape.rank(); }
  int64_t size(int64_t d) const { return known().shape[existing_dim("size", d, dim())]; }
  int64_t numel() const { return known().numel; }
  const Shape& shape() const { return known().shape; }
  // In elements.
  int64_t stride(int64_t d) const;
  Shape strides() const {
    const detail::TensorImpl& impl = known();
    if (impl.contiguous) return contiguous_strides(impl.shape);
    return Shape({impl.strides, static_cast<size_t>(impl.shape.rank())});
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
  void set(std::initializer_list<int64_t> index, double value) const;

  // A part, as a view: a position, Slice, Ellipsis or None for each dimension (core/indexing.h).
  Tensor operator[](const Index& index) const;
  Tensor operator[](std::initializer_list<Index> index) const;
  // A copy: at i64 ids, slices of the first dimension [ids.., others]; where a bool mask [first sizes] is true, [n,
  // others].
  Tensor operator[](const Tensor& places) const;

  // In place, whole tensor; never recorded (AutogradError on a tensor that the tape watches while it records).
  const Tensor& fill_(double value) const;
  const Tensor& zero_() const { return fill_(0); }
  const Tensor& copy_(const Tensor& source) const;  // broadcasts, converts the element type
  const Tensor& add_(const Tensor& other, double scale = 1) const;
  const Tensor& mul_(double factor) const;
  // Says that `op` wrote in place: saved copies of the old elements become invalid.
  void bump_version(const char* op) const {
    known().storage->version++;
    known().storage->last_change = op;
  }

  // ---- the tape (defined in autograd/tensor.cpp) ----
  bool requires_grad() const { return static_cast<bool>(known().slot); }
  bool is_leaf() const;
  // Makes this a leaf whose gradient backward() collects (or takes it off the tape). Floating types only.
  const Tensor& requires_grad_(bool on = true) const;
  // The gradient collected so far; undefined if none. set_grad replaces it, off the tape, also by an undefined one.
  Tensor grad() const;
  void set_grad(const Tensor& gradient) const;
  // Another handle to the same elements that the tape does not see.
  Tensor detach() const;
  // Adds d(this)/d(leaf) to each leaf's grad. `gradient` defaults to 1 and is then only allowed for one element.
  void backward(const Tensor& gradient = Tensor(), bool retain_graph = false) const;

  detail::TensorImpl* impl() const { return impl_.get(); }

 private:
  const detail::TensorImpl& known() const {
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

  detail::Ref<detail::TensorImpl> impl_;
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
