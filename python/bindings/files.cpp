// Files of tensors: safetensors, checkpoints, npy.
#include <fovea/core/checkpoint.h>
#include <fovea/core/npy.h>
#include <nanobind/stl/map.h>

#include "module.h"

namespace fovea::python {
namespace {

nb::dict dict_of(const NamedTensors& tensors) {
  nb::dict named;
  for (const auto& [name, x] : tensors) named[name.c_str()] = x;
  return named;
}

NamedTensors named_of(const nb::dict& tensors) {
  NamedTensors named;
  for (const auto& [name, x] : tensors) named.emplace_back(nb::cast<std::string>(name), nb::cast<Tensor>(x));
  return named;
}

}  // namespace

void bind_files(nb::module_& m) {
  m.def(
      "load_safetensors", [](std::string_view path) { return dict_of(load_safetensors(path).tensors); }, "path"_a,
      "The tensors of a safetensors file by name.");
  m.def(
      "load_metadata", [](std::string_view path) { return load_safetensors(path).metadata; }, "path"_a,
      "The texts of a safetensors file by name.");
  m.def(
      "save_safetensors",
      [](std::string_view path, const nb::dict& tensors, const Metadata& metadata) {
        save_safetensors(path, named_of(tensors), metadata);
      },
      "path"_a, "tensors"_a, "metadata"_a = Metadata{}, "Writes tensors by name.");
  m.def(
      "load_checkpoint", [](std::string_view path) { return dict_of(load_checkpoint(path).tensors); }, "path"_a,
      "As load_safetensors, of a file with a checksum; FileError if it is corrupt.");
  m.def(
      "save_checkpoint",
      [](std::string_view path, const nb::dict& tensors, const Metadata& metadata) {
        save_checkpoint(path, named_of(tensors), metadata);
      },
      "path"_a, "tensors"_a, "metadata"_a = Metadata{}, "As save_safetensors, with a checksum.");
  m.def("load_npy", &load_npy, "path"_a, "The array of an npy file.");
  m.def("save_npy", &save_npy, "path"_a, "x"_a, "Writes an npy file.");
}

}  // namespace fovea::python
