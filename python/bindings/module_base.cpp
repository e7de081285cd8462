// Module, Parameter and Buffer: members by attribute, state, files, clones, conversion.
#include <fovea/core/checkpoint.h>

#include <algorithm>
#include <typeindex>
#include <unordered_map>

#include "module.h"

namespace fovea::python {
namespace {

std::unordered_map<std::type_index, Copier>& copiers() {
  static std::unordered_map<std::type_index, Copier> table;
  return table;
}

// What is being visited, from the outermost in. What stands inside itself would be visited for ever.
class Inside {
 public:
  Inside(const std::string& name, nb::handle value) {
    if (std::find(path_.begin(), path_.end(), value.ptr()) != path_.end())
      throw ValueError("\"" + name +
                       "\" leads from a module back into itself; hold what points outwards in no attribute");
    path_.push_back(value.ptr());
  }
  ~Inside() { path_.pop_back(); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  inline static thread_local std::vector<PyObject*> path_;
};

// A module, parameter or buffer; or a list, tuple or dict in which such stand, named by their places.
void visit(Members& m, const std::string& name, nb::handle value) {
  if (nb::isinstance<Module>(value)) {
    const Inside scope(name, value);
    m(name, nb::cast<Module&>(value));
  } else if (nb::isinstance<OwnedParameter>(value)) {
    auto& owned = nb::cast<OwnedParameter&>(value);
    m(name, owned.member);
    owned.follow();
  } else if (nb::isinstance<OwnedBuffer>(value)) {
    auto& owned = nb::cast<OwnedBuffer&>(value);
    m(name, owned.member);
    owned.follow();
  } else if (PyList_Check(value.ptr()) || PyTuple_Check(value.ptr())) {
    const Inside scope(name, value);
    size_t i = 0;
    for (const nb::handle item : value) visit(m, name + "." + std::to_string(i++), item);
  } else if (PyDict_Check(value.ptr())) {
    const Inside scope(name, value);
    for (const auto& [key, item] : nb::borrow<nb::dict>(value))
      visit(m, name + "." + nb::cast<std::string>(nb::str(nb::handle(key))), item);
  }
}

nb::dict attributes(nb::handle object) { return nb::borrow<nb::dict>(object.attr("__dict__")); }

// What stands under a dotted name: a parameter, buffer or module.
struct Finder final : Members {
  explicit Finder(std::string_view dotted) : wanted(dotted) {}
  void on_parameter(const std::string& name, Parameter& member) override {
    parameter = name == wanted ? &member : parameter;
  }
  void on_buffer(const std::string& name, Buffer& member) override { buffer = name == wanted ? &member : buffer; }
  void on_module(const std::string& name, Module& member) override {
    if (name == wanted && !name.empty()) module = &member;
    const std::string list = wanted + ".";
    if (name.starts_with(list) && name.find('.', list.size()) == std::string::npos) listed.push_back(&member);
  }
  std::string wanted;
  Parameter* parameter = nullptr;
  Buffer* buffer = nullptr;
  Module* module = nullptr;
  std::vector<Module*> listed;
};

nb::object find_member(const nb::object& self, std::string_view name) {
  auto& module = nb::cast<Module&>(self);
  Finder finder(name);
  finder.walk(module);
  const auto inside = [&](Module& found) { return nb::cast(found, nb::rv_policy::reference_internal, self); };
  if (finder.parameter != nullptr) return nb::cast(OwnedParameter(finder.parameter->share()));
  if (finder.buffer != nullptr) return nb::cast(finder.buffer->tensor());
  if (finder.module != nullptr) return inside(*finder.module);
  if (!finder.listed.empty()) {
    nb::list list;
    for (Module* each : finder.listed) list.append(inside(*each));
    return list;
  }
  throw nb::attribute_error(
      (nb::cast<std::string>(self.type().attr("__name__")) + " has no member " + std::string(name)).c_str());
}

// A value of an attribute in the copy: members by their own clone, the rest as copy.deepcopy does.
nb::object copied(nb::handle value, const nb::object& memo) {
  if (nb::isinstance<OwnedParameter>(value)) return nb::cast(OwnedParameter(nb::cast<OwnedParameter&>(value).member));
  if (nb::isinstance<OwnedBuffer>(value)) return nb::cast(OwnedBuffer(nb::cast<OwnedBuffer&>(value).member));
  return nb::module_::import_("copy").attr("deepcopy")(value, memo);
}

nb::object copied_with(const nb::object& module, const nb::object& memo) {
  const nb::object key = nb::steal(PyLong_FromVoidPtr(module.ptr()));
  const nb::object before = memo.attr("get")(key);
  if (!before.is_none()) return before;
  const detail::Cloning scope;
  const auto& original = nb::cast<const Module&>(module);
  if (dynamic_cast<const PyModule*>(&original) == nullptr) {
    const auto found = copiers().find(typeid(original));
    if (found == copiers().end()) throw Error("clone: this module cannot be copied");
    nb::object copy = found->second(original);
    memo.attr("__setitem__")(key, copy);
    return copy;
  }
  nb::object copy = nb::inst_alloc(module.type());
  new (nb::inst_ptr<PyModule>(copy)) PyModule(static_cast<const PyModule&>(original));
  nb::inst_mark_ready(copy);
  memo.attr("__setitem__")(key, copy);
  nb::dict target = attributes(copy);
  for (const auto& [name, value] : attributes(module)) {
    const nb::object id = nb::steal(PyLong_FromVoidPtr(value.ptr()));
    nb::object twin = memo.attr("get")(id);
    if (twin.is_none()) {
      twin = copied(value, memo);
      memo.attr("__setitem__")(id, twin);
    }
    target[name] = twin;
  }
  return copy;
}

void bind_members(nb::module_& m) {
  nb::class_<OwnedParameter, Tensor>(m, "Parameter", "A tensor that training changes: a leaf of the tape.")
      .def(
          "__init__",
          [](OwnedParameter* self, const Tensor& initial) { new (self) OwnedParameter(Parameter(initial)); },
          "initial"_a)
      .def(
          "share", [](const OwnedParameter& p) { return OwnedParameter(p.member.share()); },
          "Another parameter that is the same tensor.");
  nb::class_<OwnedBuffer, Tensor>(m, "Buffer", "A tensor of a module's state that no gradient changes.")
      .def(
          "__init__", [](OwnedBuffer* self, const Tensor& initial) { new (self) OwnedBuffer(Buffer(initial)); },
          "initial"_a);
}

void bind_state(nb::class_<Module, PyModule>& c) {
  c.def(
      "parameters", [](const Module& self) { return parameters(self); }, "The parameters, each tensor once.");
  c.def(
      "named_parameters", [](const Module& self) { return dict_of(named_parameters(self)); }, "By dotted name.");
  c.def(
      "named_buffers", [](const Module& self) { return dict_of(named_buffers(self)); }, "By dotted name.");
  c.def("parameter_count", &parameter_count, "Numbers in all parameters.");
  c.def(
      "zero_grad", [](const Module& self) { zero_grad(self); }, "Drops the gradients of all parameters.");
  for (const char* name : {"state", "state_dict"})
    c.def(
        name, [](const Module& self) { return dict_of(state(self)); },
        "All that a file holds, by name; aliases the module.");
  for (const char* name : {"load_state", "load_state_dict"})
    c.def(
        name, [](Module& self, const nb::dict& values) { load_state(self, named_of("load_state", values)); },
        "values"_a,
        "Copies the values into the module; FileError lists what does not fit, and then nothing is changed.");
  c.def(
      "save", [](const Module& self, const Path& path) { save(self, path.string()); }, "path"_a,
      "Writes a safetensors file with a checksum.");
  c.def(
      "load", [](Module& self, const Path& path) { load(self, path.string()); }, "path"_a, "Reads what save wrote.");
  c.def(
      "load_safetensors",
      [](Module& self, const Path& path) { load_state(self, load_safetensors(path.string()).tensors, path.string()); },
      "path"_a, "Reads a safetensors file of another program.");
  c.def(
      "summary", [](const Module& self) { return summary(self); }, "A table: name, shape, count.");
}

}  // namespace

void register_copy(const std::type_info& type, Copier copy) { copiers().emplace(type, copy); }

void PyModule::members(Members& m) {
  const nb::gil_scoped_acquire gil;
  const nb::object self = nb::find(static_cast<Module*>(this));
  if (!self.is_valid()) return;
  for (const auto& [name, value] : attributes(self)) visit(m, nb::cast<std::string>(name), value);
}

nb::object clone_module(const nb::object& module) { return copied_with(module, nb::dict()); }

void bind_module(nb::module_& m) {
  bind_members(m);
  nb::class_<Module, PyModule> c(m, "Module",
                                 "Something with parameters. A subclass sets its members as attributes, after\n"
                                 "super().__init__(), and writes forward:\n\n"
                                 "    class Gate(fovea.Module):\n"
                                 "        def __init__(self, size):\n"
                                 "            super().__init__()\n"
                                 "            self.inner = fovea.Linear(size, size)\n"
                                 "            self.scale = fovea.Parameter(fovea.ones(size))\n\n"
                                 "        def forward(self, x):\n"
                                 "            return self.inner(x).sigmoid() * self.scale\n\n"
                                 "Parameters, buffers, modules, and lists, tuples and dicts of them are members.",
                                 nb::dynamic_attr());
  c.def(nb::init<>());
  c.def("__call__", [](const nb::object& self, const nb::args& args, const nb::kwargs& named) {
    return self.attr("forward")(*args, **named);
  });
  c.def("__getattr__", [](const nb::object& self, std::string_view name) {
    if (name.starts_with("__")) throw nb::attribute_error(std::string(name).c_str());
    return find_member(self, name);
  });
  c.def("get", &find_member, "name"_a, "The parameter, buffer or module of this dotted name.");
  c.def("__setattr__", [](const nb::object& self, const nb::object& name, const nb::object& value) {
    auto& module = nb::cast<Module&>(self);
    if (nb::isinstance<OwnedParameter>(value) && dynamic_cast<PyModule*>(&module) == nullptr) {
      Finder finder(nb::cast<std::string>(name));
      finder.walk(module);
      if (finder.parameter == nullptr) throw nb::attribute_error(finder.wanted.c_str());
      *finder.parameter = nb::cast<OwnedParameter&>(value).member.share();
    } else if (PyObject_GenericSetAttr(self.ptr(), name.ptr(), value.ptr()) != 0) {
      nb::raise_python_error();
    }
  });
  bind_state(c);
  c.def(
      "train", [](const nb::object& self, bool on) { return nb::cast<Module&>(self).train(on), self; }, "on"_a = true,
      "Sets training mode here and below.");
  c.def(
      "eval", [](const nb::object& self) { return nb::cast<Module&>(self).eval(), self; }, "Leaves training mode.");
  c.def_prop_ro("training", &Module::training, "Whether dropout acts.");
  c.def_prop_ro("path", &Module::path, "Where this stands in the model: name_paths sets it.");
  c.def(
      "to", [](const nb::object& self, DType dtype) { return to(nb::cast<Module&>(self), dtype), self; }, "dtype"_a,
      "Converts parameters and floating buffers; gradients are dropped.");
  c.def(
      "name_paths", [](Module& self, std::string_view name) { name_paths(self, name); }, "name"_a = "",
      "Gives each module below its path, by which weights are collected.");
  c.def("clone", &clone_module, "A deep copy: same values, modes and ties, no shared memory, no gradients.");
  c.def("__deepcopy__", &copied_with, "memo"_a);
  c.def("__copy__", &clone_module);
  c.def(
      "modules",
      [](Module& self) {
        nb::dict found;
        struct Lister final : Members {
          explicit Lister(nb::dict& target, nb::object root) : list(target), owner(std::move(root)) {}
          void on_module(const std::string& name, Module& module) override {
            list[name.c_str()] = nb::cast(module, nb::rv_policy::reference_internal, owner);
          }
          nb::dict& list;
          nb::object owner;
        } lister(found, nb::find(self));
        lister.walk(self);
        return found;
      },
      "Every module below by its dotted name, this one under \"\".");
}

}  // namespace fovea::python
