// Tensor: its properties, its elements as Python's numbers, in-place operators, the tape's part of it.
#include <fovea/autograd/operators.h>

#include "fast.h"

namespace fovea::python {
namespace {

nb::object number(const Tensor& x) {
  if (x.dtype() == boolean) return nb::bool_(x.item<bool>());
  if (is_floating(x.dtype())) return nb::float_(x.item<double>());
  return nb::int_(x.item<int64_t>());
}

nb::object nested(const Tensor& x) {
  if (x.dim() == 0) return number(x);
  nb::list list;
  for (int64_t i = 0; i < x.size(0); ++i) list.append(nested(x[i]));
  return list;
}

// a += b: the same object where the elements were written, a new one where the tape records the sum.
template <class Op>
nb::object in_place(const char* sign, const nb::object& self, const Operand& b, Op op) {
  Tensor a = nb::cast<Tensor>(self);
  const Tensor before = a;
  detail::assign(sign, a, op(a, b));
  return a.is_same(before) ? self : nb::cast(a);
}

void bind_in_place(nb::class_<Tensor>& t) {
  t.def("__iadd__", [](const nb::object& self, Operand b) {
    return in_place("+=", self, b, [](const Tensor& x, const Operand& y) {
      return y.tensor != nullptr ? add(x, *y.tensor) : add(x, y.number);
    });
  });
  t.def("__isub__", [](const nb::object& self, Operand b) {
    return in_place("-=", self, b, [](const Tensor& x, const Operand& y) {
      return y.tensor != nullptr ? sub(x, *y.tensor) : sub(x, y.number);
    });
  });
  t.def("__imul__", [](const nb::object& self, Operand b) {
    return in_place("*=", self, b, [](const Tensor& x, const Operand& y) {
      return y.tensor != nullptr ? mul(x, *y.tensor) : mul(x, y.number);
    });
  });
  t.def("__itruediv__", [](const nb::object& self, Operand b) {
    return in_place("/=", self, b, [](const Tensor& x, const Operand& y) {
      return y.tensor != nullptr ? div(x, *y.tensor) : div(x, y.number);
    });
  });
  t.def(
      "fill_", [](const nb::object& self, double value) { return nb::cast<Tensor>(self).fill_(value), self; },
      "value"_a, "Writes the number into every element.");
  t.def(
      "zero_", [](const nb::object& self) { return nb::cast<Tensor>(self).zero_(), self; },
      "Writes 0 into every element.");
  t.def(
      "copy_", [](const nb::object& self, const Tensor& source) { return nb::cast<Tensor>(self).copy_(source), self; },
      "source"_a, "Writes the source's elements, broadcast and converted, into this tensor.");
  t.def(
      "add_",
      [](const nb::object& self, Operand other, double alpha) {
        const Tensor x = nb::cast<Tensor>(self);
        return x.add_(other.like(x), alpha), self;
      },
      "other"_a, "alpha"_a = 1, "Adds alpha times the other in place; never recorded.");
  t.def(
      "mul_", [](const nb::object& self, double factor) { return nb::cast<Tensor>(self).mul_(factor), self; },
      "factor"_a, "Multiplies in place; never recorded.");
}

void bind_reflected(nb::class_<Tensor>& t) {
  const auto is = nb::is_operator();
  t.def(
      "__rpow__", [](const Tensor& b, double a) { return pow(scalar(a, b.dtype()), b); }, is);
  t.def(
      "__rfloordiv__", [](const Tensor& b, double a) { return floor_divide(scalar(a, b.dtype()), b); }, is);
  t.def(
      "__rmod__", [](const Tensor& b, double a) { return remainder(scalar(a, b.dtype()), b); }, is);
  t.def(
      "__pos__", [](const Tensor& x) { return x; }, is);
}

void bind_numbers(nb::class_<Tensor>& t) {
  t.def("item", number, "The only element as a Python number.");
  t.def("tolist", nested, "The elements as nested lists.");
  t.def("__float__", [](const Tensor& x) { return x.item<double>(); });
  t.def("__int__", [](const Tensor& x) { return x.item<int64_t>(); });
  t.def("__bool__", [](const Tensor& x) {
    if (x.numel() != 1)
      throw ValueError("bool: the truth of " + describe(x) + " is not one value; use any(x) or all(x)");
    return x.item<double>() != 0;
  });
  t.def("__index__", [](const Tensor& x) {
    if (is_floating(x.dtype()) || x.dtype() == boolean)
      throw nb::type_error(("index: " + describe(x) + " is no whole number").c_str());
    return x.item<int64_t>();
  });
  t.def("__len__", [](const Tensor& x) {
    if (x.dim() == 0) throw nb::type_error("len: a tensor of rank 0 has no length");
    return x.size(0);
  });
  t.def("__iter__", [](const Tensor& x) {
    if (x.dim() == 0) throw nb::type_error("iter: a tensor of rank 0 has no parts");
    return nb::iter(nb::cast(unbind(x, 0)));
  });
  t.def("__repr__", [](const Tensor& x) {
    if (!x.defined()) return std::string("tensor(undefined)");
    return to_string(x) + (x.requires_grad() ? "  requires_grad" : "");
  });
}

}  // namespace

bool read_sizes(PyObject* source, int64_t* sizes, int* count) {
  const auto whole = [&](PyObject* item) {
    if (PyFloat_Check(item) || *count == kMaxRank) return false;
    const Py_ssize_t size = PyNumber_AsSsize_t(item, PyExc_OverflowError);
    if (size == -1 && PyErr_Occurred() != nullptr) return PyErr_Clear(), false;
    sizes[(*count)++] = size;
    return true;
  };
  *count = 0;
  if (PyLong_CheckExact(source) || PyIndex_Check(source)) return whole(source);
  if (!PyTuple_Check(source) && !PyList_Check(source)) return false;
  const Py_ssize_t length = PySequence_Size(source);
  for (Py_ssize_t i = 0; i < length; ++i) {
    const nb::object item = nb::steal(PySequence_GetItem(source, i));
    if (!item.is_valid() || !whole(item.ptr())) return PyErr_Clear(), false;
  }
  return true;
}

bool read_number(PyObject* source, double* number) {
  if (!PyFloat_Check(source) && !PyLong_Check(source)) {
    // NumPy's numbers, which are neither; not its arrays, nor text.
    if (PyNumber_Check(source) == 0 || PySequence_Check(source) != 0) return false;
  }
  *number = PyFloat_AsDouble(source);
  if (*number == -1 && PyErr_Occurred() != nullptr) return PyErr_Clear(), false;
  return true;
}

nb::class_<Tensor> bind_tensor(nb::module_& m) {
  nb::enum_<DType> dtype(m, "DType", "Type of a tensor's elements: f32, f64, i64 and bool compute, u8 and i32 store.");
  for (const DType each : {f32, f64, i64, boolean, u8, i32}) dtype.value(std::string(name_of(each)).c_str(), each);
  for (const DType each : {f32, f64, i64, boolean, u8, i32})
    m.attr(each == boolean ? "boolean" : std::string(name_of(each)).c_str()) = nb::cast(each);
  for (const char* shown : {"__repr__", "__str__"})
    dtype.attr(shown) =
        nb::cpp_function([](DType self) { return "fovea." + std::string(self == boolean ? "boolean" : name_of(self)); },
                         nb::is_method());

  nb::class_<Tensor> t(m, "Tensor",
                       "A handle to an n-dimensional array of numbers, on which the tape hangs what it records.\n\n"
                       "Made by tensor, zeros, from_numpy and the like. Slices and views share its elements.",
                       nb::pooled(256), nb::type_slots(fast_slots()));
  t.def_prop_ro(
      "shape", [](const Tensor& x) { return x.shape(); }, "The sizes, a tuple.");
  t.def_prop_ro("dtype", &Tensor::dtype, "The type of the elements.");
  t.def_prop_ro("ndim", &Tensor::dim, "The number of dimensions.");
  t.def_prop_ro(
      "T", [](const Tensor& x) { return fovea::t(x); }, "The transposed matrix, a view.");
  t.def("dim", &Tensor::dim, "The number of dimensions.");
  t.def("numel", &Tensor::numel, "The number of elements.");
  t.def(
      "size",
      [](const Tensor& x, std::optional<int64_t> dim) { return dim ? nb::cast(x.size(*dim)) : nb::cast(x.shape()); },
      "dim"_a = nb::none(), "One size, or all of them.");
  t.def("stride", &Tensor::stride, "dim"_a, "Elements from one position of dim to the next.");
  t.def("strides", &Tensor::strides, "Of each dimension, in elements.");
  t.def("is_contiguous", &Tensor::is_contiguous, "Whether the elements lie in row-major order.");
  t.def("is_same", &Tensor::is_same, "other"_a, "Whether both are handles to one tensor object.");
  t.def("shares_storage", &Tensor::shares_storage, "other"_a, "Whether both lie in the same memory.");
  t.def(
      "data_ptr", [](const Tensor& x) { return reinterpret_cast<uintptr_t>(x.raw()); },
      "Address of the first element.");
  t.attr("__hash__") = nb::module_::import_("builtins").attr("object").attr("__hash__");
  t.attr("__array_priority__") = 1000;  // NumPy's numbers leave operators to the tensor
  bind_numbers(t);
  bind_in_place(t);
  bind_reflected(t);
  return t;
}

}  // namespace fovea::python
