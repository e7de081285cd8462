// Modules in Python. What the library has is bound by layer<M>; what Python composes derives from PyModule, whose
// members are the attributes of the Python object, in the order in which they were set.
#pragma once

#include <fovea/layers/module.h>
#include <fovea/layers/state.h>

#include "common.h"

namespace fovea::python {

// fovea.Parameter and fovea.Buffer: a tensor that is a member of a module too.
template <class Member>
struct Owned : Tensor {
  explicit Owned(Member held) : Tensor(held.tensor()), member(std::move(held)) {}
  // After a visit, which may have replaced the tensor (to).
  void follow() { static_cast<Tensor&>(*this) = member.tensor(); }
  Member member;
};
using OwnedParameter = Owned<Parameter>;
using OwnedBuffer = Owned<Buffer>;

struct PyModule final : Module {
  PyModule() = default;
  PyModule(PyModule&&) = default;
  PyModule(const PyModule& other) = default;  // inside clone only
  void members(Members& m) override;
};

// A generator that may be None.
inline Generator& drawn_from(Generator* generator) { return generator != nullptr ? *generator : default_generator(); }

// What a header begins with: equations, shapes, errors.
const char* about(const char* header);

// State by name, from Python and to it. Errors: TypeError for what is no tensor.
nb::dict dict_of(const NamedTensors& tensors);
NamedTensors named_of(const std::string& op, const nb::dict& tensors);

nb::object clone_module(const nb::object& module);
// What clone of M is: run inside detail::Cloning.
template <class M>
nb::object copy_of(const Module& module) {
  return nb::cast(M(static_cast<const M&>(module)), nb::rv_policy::move);
}
using Copier = nb::object (*)(const Module&);
void register_copy(const std::type_info& type, Copier copy);

// The class of a library module: name, docstring; `call` is its __call__ and forward, with arguments as for def.
template <class M, class Base = Module>
nb::class_<M, Base> layer(nb::module_& m, const char* name, const char* text) {
  if constexpr (std::is_copy_constructible_v<M> && !std::is_abstract_v<M>) register_copy(typeid(M), copy_of<M>);
  return nb::class_<M, Base>(m, name, text);
}
template <class Class, class F, class... Extra>
Class& callable(Class& c, F f, const Extra&... extra) {
  c.def("__call__", f, extra...);
  c.def("forward", f, extra...);
  return c;
}

// A state (layers/state.h): parts by name, off or on the tape.
template <class S>
nb::class_<S> state_class(nb::module_& m, const char* name, const char* text) {
  nb::class_<S> c(m, name, text);
  c.def(
      "named_tensors",
      [](S& s) {
        nb::dict parts;
        for_each_tensor(s, [&](const StateName& part, Tensor& x, int64_t) { parts[part.str().c_str()] = x; });
        return parts;
      },
      "The tensors by name.");
  c.def(
      "detach", [](const S& s) { return fovea::detach(s); }, "The same values off the tape.");
  c.def(
      "select_rows", [](const S& s, const Tensor& rows) { return select_rows(s, rows); }, "rows"_a,
      "Those rows of the batch.");
  c.def("__getattr__", [](S& s, std::string_view part) -> nb::object {
    nb::object found;
    for_each_tensor(s, [&](const StateName& each, Tensor& x, int64_t) {
      if (each.str() == part) found = nb::cast(x);
    });
    if (!found.is_valid()) throw nb::attribute_error(std::string(part).c_str());
    return found;
  });
  return c;
}

void bind_module(nb::module_& m);
void bind_layers(nb::module_& m);
void bind_losses(nb::module_& m);  // and activations
void bind_recurrent(nb::module_& m);
void bind_attention(nb::module_& m);
void bind_memory(nb::module_& m);
void bind_weights(nb::module_& m);
void bind_models(nb::module_& m);
void bind_pointers(nb::module_& m);
void bind_vision(nb::module_& m);
void bind_optim(nb::module_& m);
void bind_training(nb::module_& m);
void bind_files(nb::module_& m);

}  // namespace fovea::python
