#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/core/array.h>
#include <fovea/core/checkpoint.h>
#include <fovea/layers/module.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace fovea {
namespace {

using Copies = std::unordered_map<const detail::TensorImpl*, Tensor>;
thread_local Copies* copies = nullptr;  // of the clone that runs on this thread: from original to copy

void require_cloning(const char* what) {
  if (copies == nullptr) throw Error(fmt::format("{}: copied outside clone; move it, or use clone(module)", what));
}

// The copy of `original` in the running clone; one copy however many members share the original.
Tensor copy_of(const Tensor& original) {
  require_cloning("parameter or buffer");
  if (!original.defined()) return original;
  const auto [entry, fresh] = copies->try_emplace(original.impl());
  if (fresh) {
    entry->second = array::clone(original.detach());
    if (original.requires_grad()) entry->second.requires_grad_();
  }
  return entry->second;
}

}  // namespace

// ---- members ----

ModuleTensor::ModuleTensor(const Tensor& initial) : tensor_(array::clone(initial.detach())) {}
ModuleTensor::ModuleTensor(const ModuleTensor& other) : tensor_(copy_of(other.tensor_)) {}
Parameter::Parameter(const Tensor& initial) : ModuleTensor(initial) { tensor_.requires_grad_(); }

Parameter Parameter::share() const {
  Parameter same;
  same.tensor_ = tensor_;
  return same;
}

Module::Module(const Module& other) : training_(other.training_), path_(other.path_) { require_cloning("module"); }

namespace detail {
Cloning::Cloning() : outermost_(copies == nullptr) {
  if (outermost_) copies = new Copies;
}
Cloning::~Cloning() {
  if (outermost_) delete std::exchange(copies, nullptr);
}
}  // namespace detail

// ---- walking ----

void Members::walk(const Module& root) {
  prefix_.clear();
  auto& module = const_cast<Module&>(root);  // a visitor that changes members was given a Module& by its own caller
  on_module("", module);
  module.members(*this);
}

Members& Members::operator()(std::string_view name, Parameter& member) {
  if (member.defined()) on_parameter(prefix_ + std::string(name), member);
  return *this;
}

Members& Members::operator()(std::string_view name, Buffer& member) {
  if (member.defined()) on_buffer(prefix_ + std::string(name), member);
  return *this;
}

Members& Members::operator()(std::string_view name, Module& member) {
  const size_t length = prefix_.size();
  prefix_ += name;
  on_module(prefix_, member);
  prefix_ += '.';
  member.members(*this);
  prefix_.resize(length);
  return *this;
}

void Members::on_parameter(const std::string&, Parameter&) {}
void Members::on_buffer(const std::string&, Buffer&) {}
void Members::on_module(const std::string&, Module&) {}

namespace {

// Parameters and buffers in the order of the walk; a shared tensor once, under its first name.
class Listing final : public Members {
 public:
  explicit Listing(const Module& module) { walk(module); }
  NamedTensors parameters, buffers;

 private:
  void on_parameter(const std::string& name, Parameter& parameter) override { add(parameters, name, parameter); }
  void on_buffer(const std::string& name, Buffer& buffer) override { add(buffers, name, buffer); }
  void on_module(const std::string& name, Module&) override { require_new(name); }
  void add(NamedTensors& list, const std::string& name, const Tensor& tensor) {
    require_new(name);
    if (seen_.insert(tensor.impl()).second) list.emplace_back(name, tensor);
  }
  void require_new(const std::string& name) {
    if (!names_.insert(name).second)
      throw ValueError(fmt::format("module: two members are named \"{}\"; give each a name of its own", name));
  }
  std::unordered_set<const detail::TensorImpl*> seen_;
  std::unordered_set<std::string> names_;
};

}  // namespace

void Module::train(bool on) {
  for_each_module<Module>(*this, [on](Module& module) { module.training_ = on; });
}

void name_paths(Module& root, std::string_view name) {
  class Naming final : public Members {
   public:
    explicit Naming(std::string_view root_name) : root_(root_name) {}

   private:
    void on_module(const std::string& below, Module& module) override {
      module.path_ = root_.empty() || below.empty() ? root_ + below : root_ + "." + below;
    }
    std::string root_;
  };
  Naming(name).walk(root);
}

NamedTensors named_parameters(const Module& module) { return Listing(module).parameters; }
NamedTensors named_buffers(const Module& module) { return Listing(module).buffers; }

std::vector<Tensor> parameters(const Module& module) {
  std::vector<Tensor> list;
  for (const auto& [name, tensor] : named_parameters(module)) list.push_back(tensor);
  return list;
}

int64_t parameter_count(const Module& module) {
  int64_t count = 0;
  for (const Tensor& tensor : parameters(module)) count += tensor.numel();
  return count;
}

void zero_grad(const Module& module) {
  for (Tensor& tensor : parameters(module)) tensor.set_grad(Tensor());
}

void to(Module& module, DType dtype) {
  if (!is_floating(dtype))
    throw DTypeError(fmt::format("to: a module of {} cannot be trained; need f32 or f64", name_of(dtype)));
  class Conversion final : public Members {
   public:
    explicit Conversion(DType wanted) : dtype_(wanted) {}

   private:
    void on_parameter(const std::string&, Parameter& parameter) override { convert(parameter.tensor_); }
    void on_buffer(const std::string&, Buffer& buffer) override {
      if (is_floating(buffer->dtype())) convert(buffer.tensor_);
    }
    void convert(Tensor& tensor) {
      if (tensor.dtype() == dtype_) return;
      const auto [entry, fresh] = converted_.try_emplace(tensor.impl());
      if (fresh) {
        originals_.push_back(tensor);
        entry->second = array::to(tensor.detach(), dtype_);
        if (tensor.requires_grad()) entry->second.requires_grad_();
      }
      tensor = entry->second;
    }
    DType dtype_;
    Copies converted_;
    std::vector<Tensor> originals_;  // keeps their addresses from being used again
  };
  Conversion(dtype).walk(module);
}

std::string summary(const Module& module) {
  const Listing listing(module);
  size_t names = 4, shapes = 5;
  for (const NamedTensors* list : {&listing.parameters, &listing.buffers})
    for (const auto& [name, tensor] : *list) {
      names = std::max(names, name.size());
      shapes = std::max(shapes, describe(tensor).size());
    }
  std::string text = fmt::format("{:<{}}  {:<{}}  {:>10}\n", "name", names, "shape", shapes, "count");
  const auto line = [&](std::string_view name, std::string_view shape, int64_t count, std::string_view remark) {
    text += fmt::format("{:<{}}  {:<{}}  {:>10}{}\n", name, names, shape, shapes, count, remark);
  };
  for (const auto& [name, tensor] : listing.parameters)
    line(name, describe(tensor), tensor.numel(), tensor.requires_grad() ? "" : "  frozen");
  for (const auto& [name, tensor] : listing.buffers) line(name, describe(tensor), tensor.numel(), "  buffer");
  line("parameters", "", parameter_count(module), "");
  return text;
}

// ---- state ----

NamedTensors state(const Module& module) {
  Listing listing(module);
  NamedTensors all;
  for (const NamedTensors* list : {&listing.parameters, &listing.buffers})
    for (const auto& [name, tensor] : *list) all.emplace_back(name, tensor.detach());
  return all;
}

void load_state(Module& module, const NamedTensors& values, std::string_view source) {
  std::map<std::string_view, const Tensor*> given;
  std::string faults;
  const auto fault = [&](std::string_view name, std::string_view text) {
    faults += fmt::format("{}{} {}", faults.empty() ? "" : "; ", name, text);
  };
  for (const auto& [name, tensor] : values)
    if (!given.emplace(name, &tensor).second) fault(name, "appears twice");
  const NamedTensors targets = state(module);
  std::vector<const Tensor*> sources;
  for (const auto& [name, target] : targets) {
    const auto found = given.find(name);
    sources.push_back(found == given.end() ? nullptr : found->second);
    if (sources.back() == nullptr)
      fault(name, "is missing");
    else if (!sources.back()->defined())
      fault(name, "is undefined");
    else if (!(sources.back()->shape() == target.shape()) || sources.back()->dtype() != target.dtype())
      fault(name, fmt::format("is {}, the module's is {}", describe(*sources.back()), describe(target)));
    if (found != given.end()) given.erase(found);
  }
  for (const auto& [name, tensor] : given) fault(name, "is unexpected");
  if (!faults.empty())
    throw FileError(fmt::format("load: {} does not fit the module: {}; nothing was changed", source, faults));
  for (size_t i = 0; i < targets.size(); ++i) Tensor(targets[i].second).copy_(*sources[i]);
}

void save(const Module& module, std::string_view path) { save_checkpoint(path, state(module)); }
void load(Module& module, std::string_view path) { load_state(module, load_checkpoint(path).tensors, path); }

}  // namespace fovea
