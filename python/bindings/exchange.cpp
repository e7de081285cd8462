// NumPy and DLPack without a copy, both ways. A tensor over foreign memory keeps its owner alive, and what others make
// of a tensor keeps the tensor's memory alive. What no type of fovea holds, or lies in memory in a way that strides of
// whole elements cannot say, is refused here; tensor(x) copies and converts it.
#include <fovea/core/array.h>
#include <fovea/core/foreign.h>
#include <nanobind/ndarray.h>

#include <limits>
#include <memory>

#include "common.h"

namespace fovea::python {
namespace {

// In the order of DType.
constexpr std::array<nb::dlpack::dtype, 6> kTypes{nb::dtype<float>(), nb::dtype<double>(),  nb::dtype<int64_t>(),
                                                  nb::dtype<bool>(),  nb::dtype<uint8_t>(), nb::dtype<int32_t>()};

template <class... Config>
nb::object export_as(const Tensor& x, const char* what) {
  if (x.requires_grad())
    throw AutogradError(std::string(what) + ": " + describe(x) + " is on the tape; use x.detach()." + what + "()");
  size_t shape[kMaxRank];
  int64_t strides[kMaxRank];
  for (int i = 0; i < x.dim(); ++i) {
    shape[i] = static_cast<size_t>(x.shape()[i]);
    strides[i] = x.stride(i);
  }
  const nb::capsule owner(new Tensor(x), [](void* held) noexcept { delete static_cast<Tensor*>(held); });
  return nb::cast(nb::ndarray<Config...>(x.raw(), static_cast<size_t>(x.dim()), shape, owner, strides,
                                         kTypes[static_cast<size_t>(x.dtype())], nb::device::cpu::value, 0));
}

DType type_of(const char* op, const nb::ndarray<>& array) {
  for (size_t i = 0; i < kTypes.size(); ++i)
    if (array.dtype() == kTypes[i]) return static_cast<DType>(i);
  throw DTypeError(std::string(op) + ": elements of " + std::to_string(array.dtype().bits) +
                   " bits of a type that fovea has not; need f32, f64, i64, bool, u8 or i32. tensor(x) converts what "
                   "NumPy has; of PyTorch's bfloat16 take x.float()");
}

Tensor import_from(const char* op, const nb::ndarray<>& array) {
  if (array.device_type() != nb::device::cpu::value)
    throw ValueError(std::string(op) + ": the elements lie on another device; move them to the CPU");
  const DType dtype = type_of(op, array);
  if (array.ndim() > static_cast<size_t>(kMaxRank))
    throw ShapeError(std::string(op) + ": rank " + std::to_string(array.ndim()) + "; need 8 at most");
  Shape shape, strides;
  bool backward = false;
  for (size_t i = 0; i < array.ndim(); ++i) {
    shape.append(static_cast<int64_t>(array.shape(i)));
    strides.append(array.stride(i));
    backward = backward || array.stride(i) < 0;
  }
  if (backward)
    throw ShapeError(std::string(op) + ": strides " + strides.str() + "; need 0 or more: tensor(x) copies it");
  auto owner = std::make_unique<nb::ndarray<>>(array);
  Tensor x = foreign(array.data(), shape, strides, dtype, [held = owner.get()] {
    if (Py_IsInitialized() == 0) return;
    const nb::gil_scoped_acquire gil;
    delete held;
  });
  static_cast<void>(owner.release());
  return x;
}

Tensor from_dlpack(const nb::object& x) {
  if (!nb::isinstance<Tensor>(x) && nb::hasattr(x, "requires_grad") &&
      nb::cast<bool>(nb::bool_(x.attr("requires_grad"))))
    throw AutogradError(
        "from_dlpack: the array is on the tape of its own library, which would not see writes; use "
        "from_dlpack(x.detach())");
  nb::ndarray<> array;
  if (!nb::try_cast(x, array))
    throw nb::type_error(
        "from_dlpack: need an array with __dlpack__ whose elements may be written and lie on the CPU in its byte "
        "order; "
        "tensor(x) copies one that NumPy reads");
  return import_from("from_dlpack", array);
}

nb::object numpy() { return nb::module_::import_("numpy"); }

Tensor from_numpy(const nb::object& x) {
  if (!nb::isinstance(x, numpy().attr("ndarray")))
    throw nb::type_error("from_numpy: need a numpy.ndarray; tensor(x) takes numbers and lists");
  const nb::object flags = x.attr("flags");
  if (!nb::cast<bool>(flags.attr("writeable")))
    throw ValueError("from_numpy: the array is read-only, and a tensor's elements may be written; tensor(x) copies it");
  const auto itemsize = nb::cast<int64_t>(x.attr("itemsize"));
  bool whole = nb::cast<bool>(flags.attr("aligned")) && nb::cast<bool>(x.attr("dtype").attr("isnative"));
  for (const nb::handle stride : nb::cast<nb::tuple>(x.attr("strides")))
    whole &= nb::cast<int64_t>(stride) % itemsize == 0;
  if (!whole)
    throw ValueError("from_numpy: the elements are not aligned, or of the other byte order; tensor(x) copies them");
  const auto type = nb::cast<std::string>(x.attr("dtype").attr("name"));
  constexpr std::array<std::string_view, 6> names{"float32", "float64", "int64", "bool", "uint8", "int32"};
  if (std::find(names.begin(), names.end(), type) == names.end())
    throw DTypeError("from_numpy: elements are " + type +
                     "; need float32, float64, int64, bool, uint8 or int32, or tensor(x), which converts");
  return import_from("from_numpy", nb::cast<nb::ndarray<>>(x));
}

// The types that others have, as the nearest of ours.
Tensor copied(const nb::object& x) {
  nb::object array = numpy().attr("asarray")(x);
  const auto kind = nb::cast<std::string>(array.attr("dtype").attr("kind"));
  const auto size = nb::cast<int>(array.attr("itemsize"));
  const char* type = nullptr;
  if (kind == "f") type = size <= 4 ? "float32" : "float64";
  if (kind == "b") type = "bool";
  if (kind == "u") type = size == 1 ? "uint8" : "int64";
  if (kind == "i") type = size == 4 ? "int32" : "int64";
  if (type == nullptr) throw DTypeError("tensor: elements of kind '" + kind + "'; need floating, whole or bool ones");
  if (kind == "u" && size == 8 && nb::cast<int64_t>(array.attr("size")) > 0 &&
      nb::cast<uint64_t>(nb::int_(array.attr("max")())) > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    throw ValueError("tensor: elements of uint64 that i64 does not hold; x.astype(float) makes floats of them");
  array = array.attr("astype")(type, "order"_a = "C", "copy"_a = true);
  return import_from("tensor", nb::cast<nb::ndarray<>>(array));
}

int64_t whole_number(nb::handle x) {
  int overflow = 0;
  const int64_t number = PyLong_AsLongLongAndOverflow(nb::int_(nb::borrow(x)).ptr(), &overflow);
  if (overflow != 0) throw ValueError("tensor: a whole number that i64 does not hold; write it as a float");
  return number;
}

// The shape of nested lists of numbers, and which numbers they are.
struct Lists {
  Shape shape;
  std::vector<double> values;
  std::vector<int64_t> whole;
  bool all_bool = true, all_whole = true;

  void read(nb::handle x, int depth) {
    if (PyList_Check(x.ptr()) || PyTuple_Check(x.ptr())) {
      const auto n = static_cast<int64_t>(nb::len(x));
      if (depth == shape.rank()) {
        if (!values.empty()) throw ShapeError("tensor: the lists are nested to different depths");
        shape.append(n);
      }
      if (shape[depth] != n)
        throw ShapeError("tensor: lists of " + std::to_string(shape[depth]) + " and of " + std::to_string(n) +
                         " elements side by side; need equal lengths");
      for (const nb::handle item : x) read(item, depth + 1);
      return;
    }
    if (depth != shape.rank()) throw ShapeError("tensor: the lists are nested to different depths");
    double number = 0;
    const bool is_bool = PyBool_Check(x.ptr()), is_whole = is_bool || PyIndex_Check(x.ptr());
    if (nb::isinstance<Tensor>(x))
      number = nb::cast<Tensor>(x).item();
    else if (!read_number(x.ptr(), &number))
      throw nb::type_error("tensor: need numbers, lists of numbers, or an array");
    all_bool &= is_bool;
    all_whole &= is_whole && !nb::isinstance<Tensor>(x);
    values.push_back(number);
    whole.push_back(is_whole && !nb::isinstance<Tensor>(x) ? whole_number(x) : 0);
  }
};

Tensor tensor_of(const nb::object& data, std::optional<DType> dtype, bool requires_grad) {
  Tensor x;
  if (nb::isinstance<Tensor>(data)) {
    x = array::clone(nb::cast<Tensor>(data).detach());
  } else if (nb::ndarray_check(data)) {
    x = copied(data);
  } else {
    Lists lists;
    lists.read(data, 0);
    const bool empty = lists.values.empty();
    x = lists.all_whole && !empty ? from(lists.whole, lists.shape) : from(lists.values, lists.shape);
    if (!dtype) dtype = empty ? f32 : lists.all_bool ? boolean : lists.all_whole ? i64 : f32;
  }
  if (dtype && *dtype != x.dtype()) x = array::to(x, *dtype);
  if (requires_grad) x.requires_grad_();
  return x;
}

}  // namespace

void bind_exchange(nb::module_& m, nb::class_<Tensor>& t) {
  m.def("tensor", tensor_of, "data"_a, "dtype"_a = nb::none(), "requires_grad"_a = false,
        "A tensor with a copy of the data: a number, nested lists, an array or a tensor.\n\n"
        "Floats become f32, ints i64, bools bool; arrays keep their type, or take the nearest one that fovea has.");
  m.def("from_numpy", from_numpy, "array"_a,
        "A tensor over the array's memory: nothing is copied, and each sees what is written to the other.");
  m.def("from_dlpack", from_dlpack, "array"_a,
        "A tensor over the memory of anything that has __dlpack__, such as a torch.Tensor: nothing is copied.");
  t.def(
      "numpy", [](const Tensor& x) { return export_as<nb::numpy>(x, "numpy"); },
      "A numpy.ndarray over the tensor's memory: nothing is copied. Refused where a gradient is required: detach() "
      "first.");
  t.def(
      "__array__",
      [](const Tensor& x, const nb::object& dtype, const nb::object& copy) {
        nb::object array = export_as<nb::numpy>(x, "numpy");
        if (!dtype.is_none()) array = array.attr("astype")(dtype, "copy"_a = false);
        return copy.is_none() || !nb::cast<bool>(copy) ? array : nb::object(array.attr("copy")());
      },
      "dtype"_a = nb::none(), "copy"_a = nb::none());
  t.def(
      "__dlpack__",
      [](const Tensor& x, const nb::kwargs& options) {
        return export_as<nb::array_api>(x, "numpy").attr("__dlpack__")(**options);
      },
      "A DLPack capsule over the tensor's memory.");
  t.def("__dlpack_device__", [](const Tensor&) { return nb::make_tuple(1, 0); });
  t.def("__reduce__", [](const Tensor& x) {
    return nb::make_tuple(
        nb::module_::import_("fovea.pickling").attr("tensor"),
        nb::make_tuple(export_as<nb::numpy>(x.detach(), "numpy").attr("copy")(), x.dtype(), x.requires_grad()));
  });
  const auto deep = [](const Tensor& x) {
    Tensor y = array::clone(x.detach());
    if (x.requires_grad()) y.requires_grad_();
    return y;
  };
  t.def("__deepcopy__", [deep](const Tensor& x, const nb::object&) { return deep(x); });
}

}  // namespace fovea::python
