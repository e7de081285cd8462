// Files as text, by core/file.h: a file appears whole or not at all. Errors: FileError as there. No state: thread-safe.
#pragma once

#include <fovea/core/error.h>
#include <fovea/core/file.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace fovea {

// FileError "cannot append to FILE: No space left on device (errno 28)".
[[noreturn]] inline void throw_file_error(std::string_view doing, const std::filesystem::path& file, int error) {
  throw FileError("cannot " + std::string(doing) + " " + file.string() + ": " + std::generic_category().message(error) +
                  " (errno " + std::to_string(error) + ")");
}

inline void write_text(const std::filesystem::path& file, std::string_view text) {
  write_file(file.string(), std::as_bytes(std::span<const char>(text)));
}

// Without the byte order mark that some editors put before UTF-8.
inline std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

// FileError above 1 GiB, before it is read: no text of ours is near it, and a sparse file has any size.
inline std::string read_text(const std::filesystem::path& file) {
  constexpr std::uintmax_t most = std::uintmax_t{1} << 30;
  std::error_code unknown;  // then read_file says what is wrong
  const std::uintmax_t size = std::filesystem::file_size(file, unknown);
  if (!unknown && size > most)
    throw FileError(file.string() + " has " + std::to_string(size) + " bytes; need a text of at most 1 GiB");
  const std::vector<std::byte> bytes = read_file(file.string());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace fovea
