// NumPy's .npy files: one array each. Read strictly: magic \x93NUMPY, versions 1.0, 2.0 and 3.0, a header with exactly
// the keys descr, fortran_order and shape, C or Fortran order, and exactly as many bytes of data as the shape asks for.
// Types: '<f4', '<f8', '<i8', '<i4', '|u1', '|b1'. Written as version 1.0 in C order, atomically (see file.h).
// Errors: FileError names the path, the byte offset and the rule broken; nothing is allocated on the word of a file.
#pragma once

#include <fovea/core/tensor.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace fovea {

Tensor load_npy(std::string_view path);
void save_npy(std::string_view path, const Tensor& x);

// The same in memory; `name` stands for the path in errors.
Tensor parse_npy(std::span<const std::byte> bytes, std::string_view name);
std::vector<std::byte> serialize_npy(const Tensor& x);

}  // namespace fovea
