// Parameter and Buffer: the two kinds of tensor a module holds. Both read as a Tensor. Both are moved, never copied,
// except by clone(module), which copies the elements.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

// A tensor that training changes; a leaf of the tape. Undefined: absent (a layer without bias), and then listed
// nowhere.
class Parameter {
 public:
  Parameter() = default;
  explicit Parameter(const Tensor& initial);  // copies the elements; floating types only
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(Parameter&&) noexcept = default;
  Parameter(const Parameter& other);  // a deep copy, inside clone only

  // Another parameter that is the same tensor.
  Parameter share() const;
  operator const Tensor&() const { return tensor_; }
  const Tensor& tensor() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }
  bool defined() const { return tensor_.defined(); }

 private:
  friend void to(class Module& module, DType dtype);
  Tensor tensor_;
};

// A tensor that belongs to a module's state and is saved with it, but that no gradient changes.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(const Tensor& initial);  // copies the elements
  Buffer(Buffer&&) noexcept = default;
  Buffer& operator=(Buffer&&) noexcept = default;
  Buffer(const Buffer& other);

  operator const Tensor&() const { return tensor_; }
  const Tensor& tensor() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }
  bool defined() const { return tensor_.defined(); }

 private:
  friend void to(class Module& module, DType dtype);
  Tensor tensor_;
};

}  // namespace fovea
