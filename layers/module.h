// Module: something with parameters. A module lists its members once,
//
//   class Gate : public Module {
//    public:
//     explicit Gate(int64_t size) : inner_(size, size), scale_(ones({size})) {}
//     void members(Members& m) override { m("inner", inner_)("scale", scale_); }
//     Tensor operator()(const Tensor& x) const { return sigmoid(inner_(x)) * scale_; }
//
//    private:
//     Linear inner_;
//     Parameter scale_;
//   };
//
// and that list drives everything below: optimisers, files, train and eval, counting, printing, converting. operator()
// is not virtual: each layer has its natural signature. Names join with dots: "inner.weight", "layers.0.bias".
//
// Modules are moved, and clone(module) is the only way to copy one: deeply. The copy constructor that the compiler
// writes for every module is what clone runs, so the type still has it; called anywhere else it throws an Error,
// where std::is_copy_constructible says true. A module owned through a base type is held in a Box, which clones.
// Tying: `output_.weight = embedding_.weight.share()` makes two parameters one tensor. It is listed, counted, updated
// and saved once, under the name visited first; clone and to keep the tie. Threads: reading a module from several
// threads is safe while nobody changes it.
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/core/safetensors.h>
#include <fovea/layers/parameter.h>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

class Members;

class Module {
 public:
  virtual ~Module() = default;
  // Lists parameters, buffers and modules, always in the same order.
  virtual void members(Members&) {}

  // Sets the mode of this module and of all below it. Dropout acts in training mode only; modules start in it.
  void train(bool on = true);
  void eval() { train(false); }
  bool training() const { return training_; }

  // Where this module stands in the model, for messages and for attention weights collected by name: "" until
  // name_paths has named it.
  const std::string& path() const { return path_; }

 protected:
  Module() = default;
  Module(Module&&) noexcept = default;
  Module& operator=(Module&&) noexcept = default;
  Module(const Module& other);  // inside clone only

 private:
  friend class Members;
  friend void name_paths(Module& root, std::string_view name);
  bool training_ = true;
  std::string path_;
};

// Owns a module whose type is known only at run time.
template <std::derived_from<Module> Base>
class Box {
 public:
  template <std::derived_from<Base> M>
  Box(M module)
      : held_(std::make_unique<M>(std::move(module))), copy_([](const Base& held) -> std::unique_ptr<Base> {
          return std::make_unique<M>(static_cast<const M&>(held));
        }) {}
  Box(Box&&) noexcept = default;
  Box& operator=(Box&&) noexcept = default;
  Box(const Box& other) : held_(other.copy_(*other.held_)), copy_(other.copy_) {}

  Base& operator*() const { return *held_; }
  Base* operator->() const { return held_.get(); }

 private:
  std::unique_ptr<Base> held_;
  std::unique_ptr<Base> (*copy_)(const Base&);
};

// The visitor that Module::members is called with. Something new that a program does with every member derives from it,
// overrides what it is interested in, and calls walk.
class Members {
 public:
  virtual ~Members() = default;
  void walk(const Module& root);

  Members& operator()(std::string_view name, Parameter& member);
  Members& operator()(std::string_view name, Buffer& member);
  Members& operator()(std::string_view name, Module& member);
  // Members "name.0", "name.1", ...
  template <class Member>
  Members& operator()(std::string_view name, std::vector<Member>& list) {
    for (size_t i = 0; i < list.size(); ++i) (*this)(std::string(name) + "." + std::to_string(i), list[i]);
    return *this;
  }
  // Nothing when empty.
  template <class Member>
  Members& operator()(std::string_view name, std::optional<Member>& member) {
    return member ? (*this)(name, *member) : *this;
  }
  template <class M>
  Members& operator()(std::string_view name, std::unique_ptr<M>& member) {
    return member ? (*this)(name, *member) : *this;
  }
  template <class M>
  Members& operator()(std::string_view name, Box<M>& member) {
    return (*this)(name, *member);
  }

 protected:
  // `name` is the dotted name from the root of the walk. A shared parameter is visited each time it is listed.
  virtual void on_parameter(const std::string& name, Parameter& parameter);
  virtual void on_buffer(const std::string& name, Buffer& buffer);
  virtual void on_module(const std::string& name, Module& module);  // before its members

 private:
  std::string prefix_;
};

// Handles to the parameters; each tensor once. Valid until to() converts the module. ValueError for two members of one
// name.
std::vector<Tensor> parameters(const Module& module);
NamedTensors named_parameters(const Module& module);
NamedTensors named_buffers(const Module& module);
int64_t parameter_count(const Module& module);
void zero_grad(const Module& module);

// Converts every parameter and floating buffer (to f64 for gradient checks). Gradients are dropped.
void to(Module& module, DType dtype);
// Calls body with every module of type M below root, root included:
//   for_each_module<Hard>(model, [](Hard& hard) { hard.set_expectation(0.5); });
template <class M, class Body>
void for_each_module(Module& root, Body&& body) {
  struct Finder final : Members {
    explicit Finder(Body& each) : body(each) {}
    void on_module(const std::string&, Module& module) override {
      if (auto* found = dynamic_cast<M*>(&module)) body(*found);
    }
    Body& body;
  };
  Finder(body).walk(root);
}
// Gives every module below root its path, beginning with `name`.
void name_paths(Module& root, std::string_view name = "");
// A table: name, shape, count; then the total.
std::string summary(const Module& module);

// All that a file holds: parameters, then buffers, off the tape, aliasing the module.
NamedTensors state(const Module& module);
// Copies values into the module. Strict: FileError lists every missing and unexpected name, wrong shape and wrong type,
// and nothing is changed. `source` names the origin in the message.
void load_state(Module& module, const NamedTensors& values, std::string_view source = "state");
// A safetensors file with a checksum (core/checkpoint.h): a corrupt one is refused. What another program wrote, without
// one, is read by load_state(module, load_safetensors(path).tensors, path). Errors: FileError.
void save(const Module& module, std::string_view path);
void load(Module& module, std::string_view path);

namespace detail {
// While one lives, copying modules is allowed on this thread, and tensors copied twice stay one.
class Cloning {
 public:
  Cloning();
  ~Cloning();
  Cloning(const Cloning&) = delete;
  Cloning& operator=(const Cloning&) = delete;

 private:
  bool outermost_;
};
}  // namespace detail

// A deep copy: same values, modes and ties, no shared memory, no gradients.
template <std::derived_from<Module> M>
M clone(const M& module) {
  static_assert(std::copy_constructible<M>, "clone: hold modules by value, in std::vector, std::optional or Box");
  const detail::Cloning scope;
  return M(module);
}

}  // namespace fovea
