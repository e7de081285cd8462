// Files as text, by core/file.h: a file appears whole or not at all. Errors: FileError as there. No state: thread-safe.
#pragma once

#include <fovea/core/file.h>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace fovea {

inline void write_text(const std::filesystem::path& file, std::string_view text) {
  write_file(file.string(), std::as_bytes(std::span(text)));
}

// Without the byte order mark that some editors put before UTF-8.
inline std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

inline std::string read_text(const std::filesystem::path& file) {
  const std::vector<std::byte> bytes = read_file(file.string());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace fovea
