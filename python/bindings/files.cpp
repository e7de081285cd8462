// Files of tensors: safetensors, checkpoints, npy.
#include <fovea/core/checkpoint.h>
#include <fovea/core/npy.h>
#include <nanobind/stl/map.h>

#include "module.h"

namespace fovea::python {
namespace {

StoredFloat stored_float(std::string_view name) {
  if (name == "as_is") return StoredFloat::as_is;
  if (name == "f16") return StoredFloat::f16;
  if (name == "bf16") return StoredFloat::bf16;
  throw ValueError("save_safetensors: floats=\"" + std::string(name) + "\"; need as_is, f16 or bf16");
}

}  // namespace

nb::dict dict_of(const NamedTensors& tensors) {
  nb::dict named;
  for (const auto& [name, x] : tensors) named[name.c_str()] = x;
  return named;
}

NamedTensors named_of(const std::string& op, const nb::dict& tensors) {
  NamedTensors named;
  for (const auto& [key, x] : tensors) {
    const auto name = expected<std::string>(key, op + ": a name", "str");
    named.emplace_back(name, expected<Tensor>(x, op + ": " + name, "fovea.Tensor, which fovea.tensor(x) makes"));
  }
  return named;
}

void bind_files(nb::module_& m) {
  m.def(
      "load_safetensors", [](const Path& path) { return dict_of(load_safetensors(path.string()).tensors); }, "path"_a,
      "The tensors of a safetensors file by name.");
  m.def(
      "load_metadata", [](const Path& path) { return load_safetensors(path.string()).metadata; }, "path"_a,
      "The texts of a safetensors file by name.");
  m.def(
      "save_safetensors",
      [](const Path& path, const nb::dict& tensors, const Metadata& metadata, std::string_view floats) {
        save_safetensors(path.string(), named_of("save_safetensors", tensors), metadata, stored_float(floats));
      },
      "path"_a, "tensors"_a, "metadata"_a = Metadata{}, "floats"_a = "as_is",
      "Writes tensors by name; floats: as_is, or f16 or bf16, half as large and rounded.");
  m.def(
      "load_checkpoint", [](const Path& path) { return dict_of(load_checkpoint(path.string()).tensors); }, "path"_a,
      "As load_safetensors, of a file with a checksum; FileError if it is corrupt.");
  m.def(
      "save_checkpoint",
      [](const Path& path, const nb::dict& tensors, const Metadata& metadata) {
        save_checkpoint(path.string(), named_of("save_checkpoint", tensors), metadata);
      },
      "path"_a, "tensors"_a, "metadata"_a = Metadata{}, "As save_safetensors, with a checksum.");
  m.def(
      "load_npy", [](const Path& path) { return load_npy(path.string()); }, "path"_a, "The array of an npy file.");
  m.def(
      "save_npy", [](const Path& path, const Tensor& x) { save_npy(path.string(), x); }, "path"_a, "x"_a,
      "Writes an npy file.");
}

}  // namespace fovea::python
