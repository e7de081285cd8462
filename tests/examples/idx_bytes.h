// Small IDX files that tests make; examples/common/idx.h says what they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace fovea::test {

inline std::string big_endian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

inline std::string idx(char type, const std::vector<uint32_t>& sizes, const std::string& elements) {
  std::string bytes = std::string(2, '\0') + type + static_cast<char>(sizes.size());
  for (const uint32_t size : sizes) bytes += big_endian(size);
  return bytes + elements;
}

inline void put(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace fovea::test
