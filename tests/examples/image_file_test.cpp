// Image files: what is written is read back, files of other programs are read as they mean, what is damaged is refused
// with file and byte.
#include "examples/common/image_file.h"

#include <fovea/autograd/ops.h>
#include <fovea/core/error.h>
#include <fovea/core/file.h>
#include <fovea/optim/training/text_file.h>
#include <png.h>
#include <tests/fuzz/images.h>
#include <tests/fuzz/mutations.h>

#include <cmath>
#include <cstring>

#include "tests/catch.h"
#include "tests/scratch.h"

namespace fovea::examples {
namespace {

using fuzz::Bytes;
using test::Approx;
using test::contains;
using test::Scratch;

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Tensor parsed(std::string_view text) { return parse_image(bytes_of(text), "a file"); }

// Each byte's value is at least once among the values.
Tensor all_values(int64_t channels) {
  return reshape(to(remainder(arange(channels * 16 * 23), tensor({256}, {})), f32) / 255.0, {channels, 16, 23});
}

// PNG in a format that write_image has not.
Bytes png_of(uint32_t format, uint32_t width, uint32_t height, const std::vector<uint8_t>& pixels,
             const std::vector<uint8_t>& colours = {}) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = width, png.height = height, png.format = format;
  png.colormap_entries = static_cast<uint32_t>(colours.size() / 3);
  png_alloc_size_t size = 4096;
  Bytes bytes(size);
  REQUIRE(png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels.data(), 0, colours.data()) != 0);
  bytes.resize(size);
  return bytes;
}

Bytes without_chunk(Bytes png, std::string_view type) {
  const std::string_view text(reinterpret_cast<const char*>(png.data()), png.size());
  const size_t at = text.find(type);
  REQUIRE(at != std::string_view::npos);
  const auto first = png.begin() + static_cast<std::ptrdiff_t>(at) - 4;
  png.erase(first, first + 12 + std::to_integer<int>(first[3]));
  return png;
}

std::vector<float> values_of(const Tensor& image) { return {image.data<float>(), image.data<float>() + image.numel()}; }

TEST_CASE("images are read as they were written, gray and in colours") {
  const Scratch scratch;
  for (const auto& [name, channels] :
       {std::pair{"a.png", 1}, {"b.png", 3}, {"c.pgm", 1}, {"d.ppm", 3}, {"no ending of its own.png", 3}}) {
    const Tensor image = all_values(channels);
    write_image(scratch / name, image);
    const Tensor again = read_image(scratch / name);
    CAPTURE(name);
    CHECK(again.dtype() == f32);
    REQUIRE(again.shape() == image.shape());
    CHECK(all(eq(again, image)));
  }
}

TEST_CASE("what lies outside of [0, 1] is written as the nearest, between two bytes the nearer one") {
  const Tensor image = tensor({-1.F, 2.F, 100.4F / 255, 100.6F / 255, INFINITY}, {1, 1, 5});
  const std::vector<float> expected = {0, 1, 100.F / 255, 101.F / 255, 1};
  CHECK(values_of(parse_image(serialize_png(image), "png")) == expected);
  CHECK(values_of(parse_image(serialize_pnm(to(image, f64)), "pnm")) == expected);
}

TEST_CASE("PNG with colours in a table, 16 bits or see-through is read as it is seen") {
  const Tensor table = parse_image(png_of(PNG_FORMAT_RGB_COLORMAP, 2, 1, {1, 0}, {10, 20, 30, 40, 50, 60}), "table");
  REQUIRE(table.shape() == Shape{3, 1, 2});
  CHECK(values_of(table * 255.0) == std::vector<float>{40, 10, 50, 20, 60, 30});
  const Tensor glass = parse_image(png_of(PNG_FORMAT_GA, 3, 1, {0, 255, 0, 0, 100, 0}), "see-through");
  REQUIRE(glass.shape() == Shape{1, 1, 3});
  CHECK(values_of(glass) == std::vector<float>{0, 1, 1});
  // Linear light, which a file of 16 bits may hold: 0.5 of it is 0.735 of sRGB.
  const uint16_t half[] = {32768, 65535};
  std::vector<uint8_t> linear(4);
  std::memcpy(linear.data(), half, 4);
  const Bytes of_light = png_of(PNG_FORMAT_LINEAR_Y, 2, 1, linear);
  const Tensor light = parse_image(of_light, "16 bits");
  REQUIRE(light.shape() == Shape{1, 1, 2});
  CHECK(values_of(light)[0] == Approx(0.735).margin(0.01));
  CHECK(values_of(light)[1] == 1);
  // A file that says nothing of light holds values of sRGB.
  CHECK(values_of(parse_image(without_chunk(of_light, "gAMA"), "16 bits")) == std::vector<float>{128.F / 255, 1});
}

TEST_CASE("PGM and PPM: comments, 16 bits, a greatest value of one's own") {
  CHECK(values_of(parsed("P5\n# a comment\n 2 # two\r\n1\n4\n\x01\x04")) == std::vector<float>{0.25, 1});
  CHECK(values_of(parsed(std::string_view("P5 1 2 1000 \x00\xFA\x03\xE8", 16))) == std::vector<float>{0.25, 1});
  const Tensor colours = parsed("P6 2 1 5 \x01\x02\x03\x04\x05\x01");
  REQUIRE(colours.shape() == Shape{3, 1, 2});
  CHECK(values_of(colours * 5.0) == std::vector<float>{1, 4, 2, 5, 3, 1});
  CHECK(values_of(parsed("P5 1 1 50 #")) == std::vector<float>{0.7F});  // a pixel, no comment
}

TEST_CASE("a PGM or PPM that is none is refused at its byte") {
  const auto refused = [](std::string_view text, const char* at) {
    CAPTURE(std::string(text));
    CHECK_THROWS_WITH(parsed(text), contains(std::string("a file: ") + at));
    CHECK_THROWS_AS(parsed(text), FileError);
  };
  refused("", "byte 0: neither");
  refused("P4 1 1 \x01", "byte 0: neither");
  refused("P2 1 1 1 1", "byte 0: neither");
  refused("P5", "byte 2: need width");
  refused("P51 1 1 \x01", "byte 2: need width");
  refused("P5 1", "byte 4: need width");
  refused("P5 1 -1 1 \x01", "byte 5: need width");
  refused("P5 1 # all a comment", "byte 20: need width");
  refused("P5 0 1 1 ", "byte 6: 0 x 1 pixels");
  refused("P5 1 1 0 \x01", "byte 8: greatest value 0");
  refused("P5 1 1 65536 \x01", "byte 12: greatest value 65536");
  refused("P5 8192 8192 255 x", "byte 12: 8192 x 8192 pixels");
  refused("P5 4294967296 4294967296 255 x", "byte 24: 4294967296 x");
  refused("P5 99999999999999999999999999 1 255 x", "byte");
  refused("P5 1 1 255", "byte 10: the file ends");
  refused("P5 2 1 255 x", "byte 12: the file ends");
  refused("P5 1 1 255 xx", "byte 13: the file ends");
  refused("P6 1 1 255 xx", "byte 13: the file ends");
  refused("P5 1 1 255x ", "byte 10: need one blank");
  refused("P5 2 1 9 \x09\x0A", "byte 10: value 10");
}

TEST_CASE("a PNG that is cut short, damaged or longer than it says is refused at its byte") {
  const Bytes png = serialize_png(all_values(3));
  const auto refused = [](const Bytes& bytes, const std::string& rule) {
    CHECK_THROWS_AS(parse_image(bytes, "a file"), FileError);
    CHECK_THROWS_WITH(parse_image(bytes, "a file"), contains("a file: ") && contains(rule));
  };
  for (size_t size = 0; size < png.size(); size += size < 60 ? 1 : 97) {
    CAPTURE(size);
    refused({png.begin(), png.begin() + static_cast<std::ptrdiff_t>(size)}, "byte ");
  }
  for (size_t at = 0; at < png.size(); at += 1 + at / 50) {
    Bytes damaged = png;
    damaged[at] ^= std::byte{4};
    CAPTURE(at);
    refused(damaged, "byte ");
  }
  Bytes longer = png;
  longer.push_back(std::byte{0});
  refused(longer, "byte " + std::to_string(png.size()) + ": 1 bytes after");
}

TEST_CASE("a PNG is not unpacked for sizes that its bytes cannot hold") {
  Bytes png = serialize_png(all_values(1));
  const auto sized = [&](uint32_t width, uint32_t height) {
    for (size_t i = 0; i < 4; ++i) {
      png[16 + i] = static_cast<std::byte>(width >> (24 - 8 * i));
      png[20 + i] = static_cast<std::byte>(height >> (24 - 8 * i));
    }
    fuzz::make_checksums_right(png);
    return png;
  };
  CHECK_THROWS_WITH(parse_image(sized(8192, 8192), "a file"), contains("byte 16: 8192 x 8192 pixels"));
  CHECK_THROWS_WITH(parse_image(sized(5000, 5000), "a file"), contains("byte 16") && contains("cut short"));
  CHECK_THROWS_WITH(parse_image(sized(0, 16), "a file"), contains("a file: libpng: "));
  CHECK_THROWS_WITH(parse_image(sized(23, 17), "a file"), contains("a file: libpng: "));
  CHECK(parse_image(sized(23, 16), "a file").shape() == Shape{1, 16, 23});
}

TEST_CASE("images that cannot be written are refused, and the file stays as it was") {
  const Scratch scratch;
  write_text(scratch / "a.png", "before");
  for (const Shape& shape : {Shape{28, 28}, Shape{2, 28, 28}, Shape{1, 0, 28}, Shape{1, 1, 28, 28}})
    CHECK_THROWS_AS(write_image(scratch / "a.png", zeros(shape)), ShapeError);
  CHECK_THROWS_AS(write_image(scratch / "a.png", full({1, 2, 2}, NAN)), ValueError);
  CHECK(read_text(scratch / "a.png") == "before");
  CHECK_THROWS_AS(write_image(scratch / "a.pgm", zeros({3, 2, 2})), ShapeError);
  CHECK_THROWS_AS(write_image(scratch / "a.ppm", zeros({1, 2, 2})), ShapeError);
  CHECK_THROWS_WITH(write_image(scratch / "a.jpg", zeros({1, 2, 2})), contains("'.jpg'") && contains(".png"));
  CHECK_THROWS_AS(write_image(scratch / "no folder" / "a.png", zeros({1, 2, 2})), FileError);
  CHECK_THROWS_AS(read_image(scratch / "absent.png"), FileError);
  CHECK_THROWS_WITH(read_image(scratch / "a.png"), contains("a.png: byte 0: neither PNG"));
}

TEST_CASE("hostile images load or give FileError", "[fuzz]") {
  const fuzz::Loader& loader = fuzz::image();
  const std::vector<Bytes> seeds = loader.seeds();
  for (const Bytes& seed : seeds) CHECK(loader.run(seed));
  fuzz::Dice dice(20240229);
  int loaded = 0;
  for (int run = 0; run < 4000; ++run)
    loaded += loader.run(fuzz::mutated(loader, seeds[dice.below(seeds.size())], dice)) ? 1 : 0;
  CHECK(loaded > 100);  // the mutations reach the pixels
  CHECK(loaded < 3000);
}

}  // namespace
}  // namespace fovea::examples
