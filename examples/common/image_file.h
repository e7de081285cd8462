// Images in files: PNG by libpng; PPM and PGM in their binary forms, P6 and P5, which are a line of text before the
// bytes.
//
//   const Tensor photo = read_image("photo.png");  // f32 [3, H, W], gray ones [1, H, W], in [0, 1]
//   write_image("photo.ppm", photo);
//
// The file's first bytes say which it is when it is read, the name's ending when it is written. Values are those of
// sRGB, as files and screens have them. PNG is read with 8 bits a channel, more are rounded; what is transparent lies
// on white. Written are 8 bits a channel, of the nearest value in [0, 1].
//
// Errors: FileError with file and byte for what is no such file, cut short, damaged, longer than it says or above 2^25
// pixels, before memory for the pixels is taken; with libpng's own words for what it refuses. ShapeError when the image
// is not [1, H, W] or [3, H, W] with at least one pixel (a PGM is gray, a PPM has colours); ValueError when it has a
// NaN or the name ends otherwise. A file appears whole or not at all. No state: thread-safe.
#pragma once

#include <fovea/core/tensor.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace fovea::examples {

Tensor read_image(const std::filesystem::path& file);
void write_image(const std::filesystem::path& file, const Tensor& image);

// From bytes and to bytes; errors speak of `name`.
Tensor parse_image(std::span<const std::byte> bytes, std::string_view name);
std::vector<std::byte> serialize_png(const Tensor& image);
std::vector<std::byte> serialize_pnm(const Tensor& image);  // P5 if gray, else P6

}  // namespace fovea::examples
