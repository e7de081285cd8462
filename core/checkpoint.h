// Checkpoints: one safetensors file that any tool for that format reads, with a checksum over every byte of it in
// __metadata__ as "fovea.checksum". A corrupt file never loads silently: the checksum is 64 bits made by steps that are
// bijections, so a change inside one aligned 8-byte word is always found, any other missed once in 2^64. It says
// nothing about who wrote the file. Errors: FileError for a file that is corrupt, not a checkpoint or cannot be read or
// written; ValueError for names or metadata that cannot be written. Saving is atomic (see file.h).
#pragma once

#include <fovea/core/safetensors.h>

#include <string>
#include <string_view>

namespace fovea {

// The metadata come back without the checksum.
SafetensorsFile load_checkpoint(std::string_view path);
void save_checkpoint(std::string_view path, const NamedTensors& tensors, const Metadata& metadata = {});

// The same in memory; `name` stands for the path in errors.
SafetensorsFile parse_checkpoint(std::span<const std::byte> bytes, std::string_view name);
std::vector<std::byte> serialize_checkpoint(const NamedTensors& tensors, const Metadata& metadata = {});

// The checksum that a checkpoint of these would carry, 16 hexadecimal digits: equal for equal names, types, shapes,
// elements and metadata in the same order.
std::string checkpoint_hash(const NamedTensors& tensors, const Metadata& metadata = {});

}  // namespace fovea
