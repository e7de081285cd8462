#include "fast.h"

namespace fovea::python {
namespace {

PyTypeObject* tensor_type = nullptr;
enum Op { kAdd, kSub, kMul, kDiv, kTanh, kSigmoid, kRelu, kExp, kOps };
constexpr const char* kNames[kOps] = {"add", "sub", "mul", "div", "tanh", "sigmoid", "relu", "exp"};
PyObject* functions[kOps];  // the long way; they live as long as the module

constexpr int64_t kLarge = 4096;  // from here on the long way, which lets other threads run

// Null for anything but a small tensor.
const Tensor* small(PyObject* object) {
  if (Py_TYPE(object) != tensor_type || !nb::inst_ready(object)) return nullptr;
  const Tensor* x = nb::inst_ptr<Tensor>(object);
  return x->defined() && x->numel() < kLarge ? x : nullptr;
}

PyObject* wrapped(Tensor y) {
  nb::object object = nb::inst_alloc(reinterpret_cast<PyObject*>(tensor_type));
  new (nb::inst_ptr<Tensor>(object)) Tensor(std::move(y));
  nb::inst_mark_ready(object);
  return object.release().ptr();
}

bool is_operand(PyObject* object) {
  double number = 0;
  return PyObject_TypeCheck(object, tensor_type) != 0 || read_number(object, &number);
}

template <Op op>
Tensor apply(const Tensor& a, const Tensor& b) {
  if constexpr (op == kAdd) return add(a, b);
  if constexpr (op == kSub) return sub(a, b);
  if constexpr (op == kMul) return mul(a, b);
  if constexpr (op == kDiv) return div(a, b);
}
template <Op op>
Tensor apply(const Tensor& a, double b) {
  if constexpr (op == kAdd) return add(a, b);
  if constexpr (op == kSub) return sub(a, b);
  if constexpr (op == kMul) return mul(a, b);
  if constexpr (op == kDiv) return div(a, b);
}
template <Op op>
Tensor apply(const Tensor& x) {
  if constexpr (op == kTanh) return tanh(x);
  if constexpr (op == kSigmoid) return sigmoid(x);
  if constexpr (op == kRelu) return relu(x);
  if constexpr (op == kExp) return exp(x);
}

template <Op op>
PyObject* binary(PyObject* left, PyObject* right) {
  const Tensor *a = small(left), *b = small(right);
  try {
    if (a != nullptr && b != nullptr) return wrapped(apply<op>(*a, *b));
    if (a != nullptr && PyFloat_CheckExact(right)) return wrapped(apply<op>(*a, PyFloat_AsDouble(right)));
  } catch (...) {  // the long way says what is wrong
  }
  if (!is_operand(left) || !is_operand(right)) Py_RETURN_NOTIMPLEMENTED;
  // The functions take the tensor first where the order is nothing.
  if ((op == kAdd || op == kMul) && PyObject_TypeCheck(left, tensor_type) == 0) std::swap(left, right);
  return PyObject_CallFunctionObjArgs(functions[op], left, right, nullptr);
}

template <Op op>
PyObject* unary(PyObject* self, PyObject*) {
  const Tensor* x = small(self);
  try {
    if (x != nullptr) return wrapped(apply<op>(*x));
  } catch (...) {  // the long way says what is wrong
  }
  return PyObject_CallFunctionObjArgs(functions[op], self, nullptr);
}

}  // namespace

bool is_fast(std::string_view method) {
  for (const char* name : {"__add__", "__sub__", "__mul__", "__truediv__", "tanh", "sigmoid", "relu", "exp"})
    if (method == name) return true;
  return false;
}

const PyType_Slot* fast_slots() {
  static PyMethodDef methods[] = {
      {"tanh", unary<kTanh>, METH_NOARGS, "tanh($self, /)\n--\n\nHyperbolic tangent."},
      {"sigmoid", unary<kSigmoid>, METH_NOARGS, "sigmoid($self, /)\n--\n\nLogistic function."},
      {"relu", unary<kRelu>, METH_NOARGS, "relu($self, /)\n--\n\nGradient 0 at 0."},
      {"exp", unary<kExp>, METH_NOARGS, "exp($self, /)\n--\n\nExponential."},
      {nullptr, nullptr, 0, nullptr}};
  static const PyType_Slot slots[] = {{Py_nb_add, reinterpret_cast<void*>(binary<kAdd>)},
                                      {Py_nb_subtract, reinterpret_cast<void*>(binary<kSub>)},
                                      {Py_nb_multiply, reinterpret_cast<void*>(binary<kMul>)},
                                      {Py_nb_true_divide, reinterpret_cast<void*>(binary<kDiv>)},
                                      {Py_tp_methods, methods},
                                      {0, nullptr}};
  return slots;
}

void finish_fast(const nb::module_& m, const nb::class_<Tensor>& t) {
  tensor_type = reinterpret_cast<PyTypeObject*>(t.ptr());
  for (int i = 0; i < kOps; ++i) functions[i] = nb::object(m.attr(kNames[i])).release().ptr();
}

}  // namespace fovea::python
