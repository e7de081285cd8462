// Files that appear whole or not at all: what a killed run, a full disk or a power cut leaves is the old file or the
// new.
//
// The text goes to a temporary file in the same folder, is synced, renamed over the old one, and the folder is synced.
// Errors: FileError naming the path and the reason errno gives. Not for two processes writing one file at a time.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace fovea::examples {

void write_file(const std::filesystem::path& file, std::string_view bytes);

std::string read_file(const std::filesystem::path& file);

}  // namespace fovea::examples
