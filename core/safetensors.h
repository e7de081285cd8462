// Safetensors files: named tensors behind a JSON header, readable by PyTorch, NumPy and Hugging Face tools.
//
// Read strictly. The header is at most 100,000,000 bytes and inside the file, starts with '{', is UTF-8 JSON without
// duplicate or unknown keys; __metadata__ maps strings to strings; the tensors' bytes start at 0, leave no holes, never
// overlap, end exactly at the end of the file, and are as many as shape and type say. F32, F64, I64, I32, U8 and BOOL
// are supported, F16 and BF16 read as f32, which holds them; rank 0 and empty tensors are legal.
// Written with the names in the order given, the data with the largest elements first so that all of it is aligned.
// Errors: FileError names the path, the byte offset and the rule broken; nothing is allocated on the word of a file.
// ValueError for names or metadata that cannot be written. Saving is atomic (see file.h).
#pragma once

#include <fovea/core/tensor.h>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;
using Metadata = std::map<std::string, std::string>;

struct SafetensorsFile {
  NamedTensors tensors;  // in the order of the header
  Metadata metadata;
};

// What f32 and f64 are written as: f16 and bf16 are the nearest to the f32, of two the even one; ValueError where a
// number is too large for them.
enum class StoredFloat { as_is, f16, bf16 };

SafetensorsFile load_safetensors(std::string_view path);
void save_safetensors(std::string_view path, const NamedTensors& tensors, const Metadata& metadata = {},
                      StoredFloat floats = StoredFloat::as_is);

// The same in memory; `name` stands for the path in errors.
SafetensorsFile parse_safetensors(std::span<const std::byte> bytes, std::string_view name);
std::vector<std::byte> serialize_safetensors(const NamedTensors& tensors, const Metadata& metadata = {},
                                             StoredFloat floats = StoredFloat::as_is);

}  // namespace fovea
