// The property of fuzz/loaders.h for images: any bytes either are an image, which is the same when it is written and
// read again, or give FileError. A PNG is tried as it is and with its checksums made right, past which few changes come
// otherwise.
#pragma once

#include <fovea/autograd/ops.h>
#include <tests/fuzz/loaders.h>
#include <zlib.h>

#include "examples/common/image_file.h"

namespace fovea::fuzz {

inline bool image_loads(std::span<const std::byte> bytes) {
  Tensor image;
  try {
    image = examples::parse_image(bytes, "fuzz");
  } catch (const FileError&) {
    return false;
  }
  const Tensor bytes_of = examples::parse_image(examples::serialize_png(image), "again");  // rounded to 8 bits
  require(max(abs(bytes_of - image)).item<float>() < 0.51F / 255, "image: another one when written again");
  const Tensor again = examples::parse_image(examples::serialize_pnm(image), "again");
  require(all(eq(again, bytes_of)), "image: PNG and PNM differ");
  return true;
}

inline void make_checksums_right(Bytes& png) {
  constexpr size_t magic = 8, around = 12;
  auto* data = reinterpret_cast<unsigned char*>(png.data());
  for (size_t at = magic; at + around <= png.size();) {
    const size_t size = size_t{data[at]} << 24 | size_t{data[at + 1]} << 16 | size_t{data[at + 2]} << 8 | data[at + 3];
    if (size > png.size() - at - around) return;
    const auto sum = static_cast<uint32_t>(crc32_z(0, data + at + 4, size + 4));
    for (size_t i = 0; i < 4; ++i) data[at + 8 + size + i] = static_cast<unsigned char>(sum >> (24 - 8 * i));
    at += around + size;
  }
}

inline const Loader& image() {
  static const Loader loader = {
      [] {
        std::vector<Bytes> seeds;
        for (const int64_t channels : {1, 3}) {
          const int64_t count = channels * 5 * 7;
          const Tensor image = reshape(to(arange(count), f32), {channels, 5, 7}) / static_cast<double>(count);
          seeds.push_back(examples::serialize_png(image));
          seeds.push_back(examples::serialize_pnm(image));
        }
        return seeds;
      },
      [](std::span<const std::byte> bytes) {
        const bool loads = image_loads(bytes);
        Bytes whole(bytes.begin(), bytes.end());
        make_checksums_right(whole);
        return image_loads(whole) || loads;
      },
      0, 0};
  return loader;
}

}  // namespace fovea::fuzz
