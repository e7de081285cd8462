#include "examples/common/image_file.h"

#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/error.h>
#include <fovea/core/file.h>
#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <string>

namespace fovea::examples {
namespace {

constexpr uint64_t most_pixels = uint64_t{1} << 25;
constexpr uint64_t most_packed = 1032;  // bytes that deflate makes of one, at most

constexpr std::string_view png_magic = "\x89PNG\r\n\x1a\n";

// A file's bytes, and its name for messages.
struct Content {
  std::string_view bytes, name;

  [[noreturn]] void refuse(uint64_t at, const std::string& rule) const {
    throw FileError(fmt::format("image: {}: byte {}: {}", name, at, rule));
  }
  void check_pixels(uint64_t at, uint64_t width, uint64_t height) const {
    if (width == 0 || height == 0 || width > most_pixels || height > most_pixels || width * height > most_pixels)
      refuse(at, fmt::format("{} x {} pixels; need at least one and at most 2^25", width, height));
  }
};

// [H, W, C] as files have it -> [C, H, W]
Tensor planes(const Tensor& pixels) { return contiguous(permute(pixels, {2, 0, 1})); }

// --- PNG -------------------------------------------------------------------------------------------------------------

uint32_t big_endian(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// All chunks are there with the checksums that they state, and nothing after them. libpng stops at the last pixel, and
// says not where.
void check_chunks(const Content& png) {
  const std::string_view bytes = png.bytes;
  for (size_t at = png_magic.size();;) {
    if (bytes.size() - at < 12) png.refuse(bytes.size(), "the file is cut short; need a chunk IEND at its end");
    const uint64_t size = big_endian(bytes, at);
    if (size > bytes.size() - at - 12)
      png.refuse(at, fmt::format("a chunk of {} bytes, and {} bytes follow; is the file cut short?", size,
                                 bytes.size() - at - 12));
    const std::string_view chunk = bytes.substr(at + 4, 4 + size);  // its type and what it holds
    const uint32_t stated = big_endian(bytes, at + 8 + size);
    if (crc32_z(0, reinterpret_cast<const Bytef*>(chunk.data()), chunk.size()) != stated)
      png.refuse(at, "a chunk whose checksum does not fit; the file is damaged");
    at += 12 + size;
    if (!chunk.starts_with("IEND")) continue;
    if (at < bytes.size()) png.refuse(at, fmt::format("{} bytes after the image's end", bytes.size() - at));
    return;
  }
}

// libpng's control block.
struct Png : png_image {
  Png() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~Png() { png_image_free(this); }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;
};

Tensor parse_png(const Content& file) {
  check_chunks(file);
  Png png;
  const auto check = [&](int done) {
    if (done == 0) throw FileError(fmt::format("image: {}: libpng: {}", file.name, png.message));
  };
  check(png_image_begin_read_from_memory(&png, file.bytes.data(), file.bytes.size()));
  constexpr size_t sizes_at = 16;
  file.check_pixels(sizes_at, png.width, png.height);
  if (uint64_t{png.width} * png.height / 8 / most_packed > file.bytes.size())
    file.refuse(sizes_at, fmt::format("{} x {} pixels in a file of {} bytes; is it cut short?", png.width, png.height,
                                      file.bytes.size()));
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  const bool colours = (png.format & PNG_FORMAT_FLAG_COLOR) != 0;
  png.format = colours ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  Tensor pixels = empty({png.height, png.width, colours ? 3 : 1}, u8);
  constexpr png_color white{255, 255, 255};
  check(png_image_finish_read(&png, &white, pixels.raw(), 0, nullptr));
  return planes(to(pixels, f32) / 255.0);
}

// --- PPM, PGM --------------------------------------------------------------------------------------------------------

constexpr std::string_view blanks = " \t\r\n\v\f";

// The next number of the line of text before the pixels; comments run from # to the line's end.
uint64_t read_number(const Content& pnm, size_t& at) {
  const auto sign = [&] { return at < pnm.bytes.size() ? pnm.bytes[at] : '\0'; };
  const size_t first = at;
  while (blanks.find(sign()) != std::string_view::npos || sign() == '#')
    at = sign() == '#' ? std::min(pnm.bytes.find('\n', at), pnm.bytes.size()) : at + 1;
  constexpr uint64_t most = uint64_t{1} << 32;
  uint64_t number = 0;
  const size_t digits = at;
  for (; sign() >= '0' && sign() <= '9' && number < most; ++at)
    number = 10 * number + static_cast<uint64_t>(sign() - '0');
  if (digits == first || digits == at)
    pnm.refuse(digits, "need width, height and the greatest value, each after a blank");
  return number;
}

Tensor parse_pnm(const Content& file) {
  size_t at = 2;
  const bool colours = file.bytes[1] == '6';
  const uint64_t width = read_number(file, at), height = read_number(file, at), sizes_end = at,
                 greatest = read_number(file, at);
  file.check_pixels(sizes_end, width, height);
  if (greatest < 1 || greatest > 65535) file.refuse(at, fmt::format("greatest value {}; need 1 to 65535", greatest));
  if (at < file.bytes.size() && blanks.find(file.bytes[at]) == std::string_view::npos)
    file.refuse(at, "need one blank between the greatest value and the pixels");
  ++at;
  const uint64_t count = width * height * (colours ? 3 : 1), bytes = greatest < 256 ? 1 : 2;
  if (at > file.bytes.size() || file.bytes.size() - at != count * bytes)
    file.refuse(file.bytes.size(), fmt::format("the file ends; need {} bytes after the first {} for {} x {} pixels, no "
                                               "less and no more",
                                               count * bytes, at, width, height));
  Tensor pixels = empty({static_cast<int64_t>(height), static_cast<int64_t>(width), colours ? 3 : 1});
  auto* to = pixels.data<float>();
  const auto* from = reinterpret_cast<const unsigned char*>(file.bytes.data()) + at;
  for (uint64_t i = 0; i < count; ++i) {
    const uint32_t value = bytes == 1 ? from[i] : uint32_t{from[2 * i]} << 8 | from[2 * i + 1];
    if (value > greatest)
      file.refuse(at + i * bytes, fmt::format("value {}; need at most the greatest, {}", value, greatest));
    to[i] = static_cast<float>(value) / static_cast<float>(greatest);
  }
  return planes(pixels);
}

// u8 [H, W, C]
Tensor rounded(const Tensor& image) {
  if (image.dim() != 3 || (image.size(0) != 1 && image.size(0) != 3) || image.numel() == 0)
    throw ShapeError("image: " + describe(image) + "; need [1, H, W] or [3, H, W] with at least one pixel");
  const NoGrad no_grad;
  const Tensor values = to(image, f32);
  if (any(isnan(values))) throw ValueError("image: " + describe(image) + " has a NaN; need numbers");
  return contiguous(permute(to(round(clamp(values, 0, 1) * 255.0), u8), {1, 2, 0}));
}

}  // namespace

Tensor parse_image(std::span<const std::byte> bytes, std::string_view name) {
  const Content file{{reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name};
  if (file.bytes.starts_with(png_magic)) return parse_png(file);
  if (file.bytes.starts_with("P5") || file.bytes.starts_with("P6")) return parse_pnm(file);
  file.refuse(0, "neither PNG, nor PGM (P5), nor PPM (P6)");
}

std::vector<std::byte> serialize_png(const Tensor& image) {
  const Tensor pixels = rounded(image);
  Png png;
  png.width = static_cast<png_uint_32>(pixels.size(1));
  png.height = static_cast<png_uint_32>(pixels.size(0));
  png.format = pixels.size(2) == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  // As large as pixels that do not shrink, at most: what libpng writes by itself is small.
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<std::byte> bytes(size);
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels.raw(), 0, nullptr) == 0)
    throw FileError(fmt::format("image: {}: libpng: {}", describe(image), png.message));
  bytes.resize(size);
  return bytes;
}

std::vector<std::byte> serialize_pnm(const Tensor& image) {
  const Tensor pixels = rounded(image);
  const std::string head =
      fmt::format("P{}\n{} {}\n255\n", pixels.size(2) == 3 ? 6 : 5, pixels.size(1), pixels.size(0));
  const auto *from = reinterpret_cast<const std::byte*>(head.data()),
             *values = static_cast<const std::byte*>(pixels.raw());
  std::vector<std::byte> bytes(from, from + head.size());
  bytes.insert(bytes.end(), values, values + pixels.numel());
  return bytes;
}

Tensor read_image(const std::filesystem::path& file) { return parse_image(read_file(file.string()), file.string()); }

void write_image(const std::filesystem::path& file, const Tensor& image) {
  const std::string ending = file.extension().string();
  if (ending != ".png" && ending != ".pgm" && ending != ".ppm")
    throw ValueError(
        fmt::format("write_image: {}: the name ends in '{}'; need .png, .pgm or .ppm", file.string(), ending));
  const int64_t channels = ending == ".pgm" ? 1 : 3;
  if (ending != ".png" && image.dim() == 3 && image.size(0) != channels)
    throw ShapeError(fmt::format("write_image: {}: the image is {}; need [{}, H, W] for {}", file.string(),
                                 describe(image), channels, ending));
  write_file(file.string(), ending == ".png" ? serialize_png(image) : serialize_pnm(image));
}

}  // namespace fovea::examples
