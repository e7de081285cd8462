// The width and height that a PNG's header states; the test fails unless the file begins and ends as a PNG.
#pragma once

#include <fovea/optim/training/text_file.h>

#include <filesystem>

#include "tests/catch.h"

namespace fovea::test {

struct PngSize {
  uint32_t width = 0;
  uint32_t height = 0;
};

inline PngSize png_size(const std::filesystem::path& file) {
  const std::string bytes = read_text(file);
  REQUIRE(bytes.size() > 33);
  REQUIRE(bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  REQUIRE(bytes.substr(12, 4) == "IHDR");
  REQUIRE(bytes.substr(bytes.size() - 8, 4) == "IEND");
  const auto big_endian = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  };
  return {big_endian(16), big_endian(20)};
}

}  // namespace fovea::test
