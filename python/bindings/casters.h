// How Python's values become arguments: sizes, dimensions, numbers in place of tensors, enumerators by name.
#pragma once

#include <fovea/autograd/conv.h>
#include <fovea/autograd/grid_sample.h>
#include <fovea/autograd/interpolate.h>
#include <fovea/autograd/ops.h>
#include <nanobind/nanobind.h>

#include <array>
#include <span>
#include <string_view>

namespace fovea::python {

// A tensor, or a number that takes the type of the tensor beside it.
struct Operand {
  const Tensor* tensor = nullptr;
  double number = 0;
  Tensor like(const Tensor& other) const { return tensor != nullptr ? *tensor : scalar(number, other.dtype()); }
  Tensor like(const Operand& other) const {
    if (tensor != nullptr) return *tensor;
    return scalar(number, other.tensor != nullptr ? other.tensor->dtype() : f32);
  }
};

// Names by which Python passes an enumerator.
template <class E>
struct Names;
template <>
struct Names<Reduction> {
  static constexpr std::array<std::string_view, 3> list{"none", "sum", "mean"};
};
template <>
struct Names<InterpolateMode> {
  static constexpr std::array<std::string_view, 2> list{"nearest", "bilinear"};
};
template <>
struct Names<GridMode> {
  static constexpr std::array<std::string_view, 2> list{"bilinear", "nearest"};
};
template <>
struct Names<GridPadding> {
  static constexpr std::array<std::string_view, 3> list{"zeros", "border", "reflection"};
};

// Whole numbers of an int or a sequence of ints; false for anything else.
bool read_sizes(PyObject* source, int64_t* sizes, int* count);
bool read_number(PyObject* source, double* number);

}  // namespace fovea::python

namespace nanobind::detail {

template <>
struct type_caster<fovea::Shape> {
  NB_TYPE_CASTER(fovea::Shape, const_name("int | collections.abc.Sequence[int]"))
  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    int64_t sizes[fovea::kMaxRank];
    int count = 0;
    if (!fovea::python::read_sizes(source.ptr(), sizes, &count)) return false;
    value = fovea::Shape(std::span<const int64_t>(sizes, static_cast<size_t>(count)));
    return true;
  }
  static handle from_cpp(const fovea::Shape& shape, rv_policy, cleanup_list*) noexcept {
    PyObject* tuple = PyTuple_New(shape.rank());
    for (int i = 0; tuple != nullptr && i < shape.rank(); ++i) PyTuple_SetItem(tuple, i, PyLong_FromLongLong(shape[i]));
    return tuple;
  }
};

template <>
struct type_caster<fovea::Dims> {
  NB_TYPE_CASTER(fovea::Dims, const_name("int | collections.abc.Sequence[int]"))
  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    if (source.is_none()) return value.list = {}, true;
    int64_t sizes[fovea::kMaxRank];
    int count = 0;
    if (!fovea::python::read_sizes(source.ptr(), sizes, &count)) return false;
    value.list = fovea::Shape(std::span<const int64_t>(sizes, static_cast<size_t>(count)));
    return true;
  }
  static handle from_cpp(const fovea::Dims& dims, rv_policy policy, cleanup_list* cleanup) noexcept {
    return type_caster<fovea::Shape>::from_cpp(dims.list, policy, cleanup);
  }
};

template <>
struct type_caster<fovea::RowsColumns> {
  static constexpr auto Name = const_name("int | tuple[int, int]");
  template <class T>
  using Cast = fovea::RowsColumns;
  template <class T>
  static constexpr bool can_cast() {
    return true;
  }
  fovea::RowsColumns value = 0;
  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    int64_t sizes[fovea::kMaxRank];
    int count = 0;
    if (!fovea::python::read_sizes(source.ptr(), sizes, &count) || count < 1 || count > 2) return false;
    value = fovea::RowsColumns(sizes[0], sizes[count - 1]);
    return true;
  }
  static handle from_cpp(const fovea::RowsColumns& pair, rv_policy, cleanup_list*) noexcept {
    return Py_BuildValue("(LL)", static_cast<long long>(pair.rows), static_cast<long long>(pair.columns));
  }
  operator fovea::RowsColumns() const { return value; }
};

template <>
struct type_caster<fovea::python::Operand> {
  static constexpr auto Name = const_name("Tensor | float");
  template <class T>
  using Cast = fovea::python::Operand;
  template <class T>
  static constexpr bool can_cast() {
    return true;
  }
  fovea::python::Operand value;
  bool from_python(handle source, uint32_t flags, cleanup_list* cleanup) noexcept {
    make_caster<fovea::Tensor> tensor;
    if (!PyFloat_CheckExact(source.ptr()) &&
        tensor.from_python(source, flags & ~static_cast<uint32_t>(cast_flags::convert), cleanup)) {
      value.tensor = tensor.operator fovea::Tensor*();
      return value.tensor != nullptr;
    }
    return fovea::python::read_number(source.ptr(), &value.number);
  }
  operator fovea::python::Operand() const { return value; }
};

// Enumerators go by name.
template <class E>
struct named_caster {
  NB_TYPE_CASTER(E, const_name("str"))
  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    if (!PyUnicode_Check(source.ptr())) return false;
    Py_ssize_t length = 0;
    const char* text = PyUnicode_AsUTF8AndSize(source.ptr(), &length);
    const auto& names = fovea::python::Names<E>::list;
    for (size_t i = 0; text != nullptr && i < names.size(); ++i)
      if (names[i] == std::string_view(text, static_cast<size_t>(length))) return value = static_cast<E>(i), true;
    PyErr_Clear();
    return false;
  }
  static handle from_cpp(E e, rv_policy, cleanup_list*) noexcept {
    const std::string_view name = fovea::python::Names<E>::list[static_cast<size_t>(e)];
    return PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size()));
  }
};
template <>
struct type_caster<fovea::Reduction> : named_caster<fovea::Reduction> {};
template <>
struct type_caster<fovea::InterpolateMode> : named_caster<fovea::InterpolateMode> {};
template <>
struct type_caster<fovea::GridMode> : named_caster<fovea::GridMode> {};
template <>
struct type_caster<fovea::GridPadding> : named_caster<fovea::GridPadding> {};

}  // namespace nanobind::detail
