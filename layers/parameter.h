// Parameter and Buffer: the two kinds of tensor a module holds. Both read as a Tensor. Both are moved, never copied,
// except by clone(module), which copies the elements.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

class ModuleTensor {
 public:
  operator const Tensor&() const { return tensor_; }
  const Tensor& tensor() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }
  bool defined() const { return tensor_.defined(); }

 protected:
  ModuleTensor() = default;
  explicit ModuleTensor(const Tensor& initial);  // copies the elements
  ModuleTensor(ModuleTensor&&) noexcept = default;
  ModuleTensor& operator=(ModuleTensor&&) noexcept = default;
  ModuleTensor(const ModuleTensor& other);  // a deep copy, inside clone only

  friend void to(class Module& module, DType dtype);
  Tensor tensor_;
};

// A tensor that training changes; a leaf of the tape. Undefined: absent (a layer without bias), and then listed
// nowhere.
class Parameter final : public ModuleTensor {
 public:
  Parameter() = default;
  explicit Parameter(const Tensor& initial);  // floating types only
  // Another parameter that is the same tensor.
  Parameter share() const;
};

// A tensor that belongs to a module's state and is saved with it, but that no gradient changes.
class Buffer final : public ModuleTensor {
 public:
  Buffer() = default;
  explicit Buffer(const Tensor& initial) : ModuleTensor(initial) {}
};

}  // namespace fovea
