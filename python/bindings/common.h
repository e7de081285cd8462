// What the bindings share: how Python's values become the library's arguments, and the functions that bind a floor.
#pragma once

#include <fovea/autograd/ops.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "casters.h"

namespace fovea::python {

namespace nb = nanobind;
using namespace nanobind::literals;
using Path = std::filesystem::path;  // of Python, str or os.PathLike

void bind_errors(nb::module_& m);
void bind_exchange(nb::module_& m, nb::class_<Tensor>& t);  // NumPy and DLPack
void bind_indexing(nb::class_<Tensor>& t);
void bind_creation(nb::module_& m);
void bind_autograd(nb::module_& m, nb::class_<Tensor>& t);
void bind_random(nb::module_& m);
nb::class_<Tensor> bind_tensor(nb::module_& m);
// Functions, and methods of t; written by ./dev ops.
void bind_ops_binary(nb::module_& m, nb::class_<Tensor>& t);
void bind_ops_unary(nb::module_& m, nb::class_<Tensor>& t);
void bind_ops_reduce(nb::module_& m, nb::class_<Tensor>& t);
void bind_ops_shape(nb::module_& m, nb::class_<Tensor>& t);
void bind_ops_index(nb::module_& m, nb::class_<Tensor>& t);
void bind_ops_layers(nb::module_& m, nb::class_<Tensor>& t);
void bind_ops_fused(nb::module_& m, nb::class_<Tensor>& t);

// The value as a T, or TypeError: `where` has said of what it is a part.
template <class T>
T expected(nb::handle value, const std::string& where, const char* what) {
  T found{};
  if (nb::try_cast(value, found)) return found;
  const auto type = nb::cast<std::string>(value.type().attr("__name__"));
  throw nb::type_error((where + " is of type " + type + "; need " + what).c_str());
}

// None, made when it is asked for: as a factory or an initialiser.
inline const auto none = [] { return nb::none(); };

// None becomes an undefined tensor, and back.
inline const Tensor& given(const Tensor* x) {
  static const Tensor undefined;
  return x != nullptr ? *x : undefined;
}
inline nb::object known(Tensor x) { return x.defined() ? nb::cast(std::move(x)) : nb::none(); }
template <class... Tensors>
nb::tuple tuple_of(Tensors&&... parts) {
  return nb::make_tuple(known(std::forward<Tensors>(parts))...);
}

// Other Python threads run while this lives, where the work is worth the exchange.
class Released {
 public:
  template <class... Tensors>
  explicit Released(const Tensors&... operands) {
    if ((large(operands) || ...)) state_ = PyEval_SaveThread();
  }
  ~Released() {
    if (state_ != nullptr) PyEval_RestoreThread(state_);
  }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;

 private:
  static constexpr int64_t kLarge = 4096;  // elements: below, an op takes a few microseconds
  static bool large(const Tensor& x) { return x.defined() && x.numel() >= kLarge; }
  static bool large(const Tensor* x) { return x != nullptr && large(*x); }
  static bool large(const Operand& x) { return large(x.tensor); }
  static bool large(const std::vector<Tensor>& list) {
    for (const Tensor& x : list)
      if (large(x)) return true;
    return false;
  }
  PyThreadState* state_ = nullptr;
};

// Whether the type has this method from its slots (fast.h).
bool is_fast(std::string_view method);

// A function and the method of the same name, whose first argument is the tensor itself; an operator where it has a
// sign.
template <class F, class First, class... Rest>
void both(nb::module_& m, nb::class_<Tensor>& t, const char* name, const char* sign, F f, const char* text,
          const First& first, const Rest&... rest) {
  m.def(name, f, first, rest..., text);
  if (!is_fast(name)) t.def(name, f, rest..., text);
  if (sign != nullptr && !is_fast(sign)) t.def(sign, f, rest..., nb::is_operator(), text);
}

}  // namespace fovea::python
