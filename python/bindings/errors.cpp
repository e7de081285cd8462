// The library's exceptions as Python classes of the same names. IndexError and ValueError are the builtins of these
// names too, FileError is an OSError; messages stay as they are.
#include <fovea/core/error.h>
#include <fovea/optim/training/update.h>

#include "common.h"

namespace fovea::python {
namespace {

PyObject* error_types[8];

PyObject* make(nb::module_& m, const char* name, std::initializer_list<PyObject*> bases, const char* text) {
  nb::object base = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(bases.size())));
  Py_ssize_t i = 0;
  for (PyObject* each : bases) {
    Py_INCREF(each);
    PyTuple_SetItem(base.ptr(), i++, each);
  }
  const std::string full = std::string("fovea.") + name;
  PyObject* type = PyErr_NewExceptionWithDoc(full.c_str(), text, base.ptr(), nullptr);
  if (type == nullptr) nb::raise_python_error();
  m.attr(name) = nb::handle(type);
  return type;
}

template <class E>
bool raise_as(const std::exception_ptr& error, PyObject* type) {
  try {
    std::rethrow_exception(error);
  } catch (const E& e) {
    PyErr_SetString(type, e.what());
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

void bind_errors(nb::module_& m) {
  PyObject* base = make(m, "Error", {PyExc_RuntimeError}, "What all errors of fovea derive from.");
  error_types[0] = base;
  error_types[1] = make(m, "ShapeError", {base}, "Sizes, ranks or broadcasts that do not fit.");
  error_types[2] = make(m, "DTypeError", {base}, "Element types that do not fit.");
  error_types[3] = make(m, "IndexError", {base, PyExc_IndexError}, "A position, dimension or id outside its range.");
  error_types[4] = make(m, "ValueError", {base, PyExc_ValueError}, "A number or option outside its range.");
  error_types[5] = make(m, "AutogradError", {base}, "Misuse of the tape; a NaN where they are looked for.");
  error_types[6] = make(m, "FileError", {base, PyExc_OSError}, "A file that cannot be read or written.");
  error_types[7] = make(m, "NonFiniteError", {error_types[5]}, "A loss or a gradient of training that is not finite.");
  nb::register_exception_translator([](const std::exception_ptr& error, void*) {
    const bool known = raise_as<ShapeError>(error, error_types[1]) || raise_as<DTypeError>(error, error_types[2]) ||
                       raise_as<IndexError>(error, error_types[3]) || raise_as<ValueError>(error, error_types[4]) ||
                       raise_as<NonFiniteError>(error, error_types[7]) ||
                       raise_as<AutogradError>(error, error_types[5]) || raise_as<FileError>(error, error_types[6]) ||
                       raise_as<Error>(error, error_types[0]);
    if (!known) std::rethrow_exception(error);
  });
}

}  // namespace fovea::python
