// Pictures of images: files of the right size, what is laid over an image seen, animations that giflib reads back as
// they were drawn, input that must throw.
#include "examples/common/image_picture.h"

#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text_file.h>
#include <gif_lib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "examples/common/gif.h"
#include "tests/catch.h"
#include "tests/examples/png_size.h"
#include "tests/scratch.h"

namespace fovea::examples {
namespace {

using test::contains;
using test::png_size;
using test::PngSize;
using test::Scratch;

constexpr double infinite = std::numeric_limits<double>::infinity();

size_t hash_of(const ImagePicture& picture) {
  const Scratch scratch;
  write_picture(scratch / "a.png", picture);
  return std::hash<std::string>()(read_text(scratch / "a.png"));
}

PngSize size_of(const ImagePicture& picture) {
  const Scratch scratch;
  write_picture(scratch / "a.png", picture);
  return png_size(scratch / "a.png");
}

Tensor gray(int64_t height, int64_t width, float value = 0.5F) { return full({1, height, width}, value); }

// Frames as they are seen one after the other.
struct Film {
  std::vector<Pixels> frames{};
  std::vector<int> delays{};  // of 10 ms
  bool for_ever = false;
};

Film read_gif(const std::string& bytes) {
  struct Source {
    const std::string& bytes;
    size_t at = 0;
  } source{bytes};
  int error = 0;
  const auto take = [](GifFileType* file, GifByteType* to, int count) {
    auto& from = *static_cast<Source*>(file->UserData);
    const size_t taken = std::min(static_cast<size_t>(count), from.bytes.size() - from.at);
    std::copy_n(from.bytes.data() + from.at, taken, to);
    from.at += taken;
    return static_cast<int>(taken);
  };
  const auto close = [](GifFileType* file) { DGifCloseFile(file, nullptr); };
  const std::unique_ptr<GifFileType, decltype(close)> file(DGifOpen(&source, take, &error), close);
  REQUIRE(file != nullptr);
  REQUIRE(DGifSlurp(file.get()) == GIF_OK);
  Film film;
  for (int i = 0; i < file->ImageCount; ++i) {
    const SavedImage& image = file->SavedImages[i];
    GraphicsControlBlock control;
    REQUIRE(DGifSavedExtensionToGCB(file.get(), i, &control) == GIF_OK);
    film.delays.push_back(control.DelayTime);
    for (int k = 0; k < image.ExtensionBlockCount; ++k) {
      const ExtensionBlock& block = image.ExtensionBlocks[k];
      if (block.ByteCount != 11 || std::memcmp(block.Bytes, "NETSCAPE2.0", 11) != 0) continue;
      REQUIRE(k + 1 < image.ExtensionBlockCount);
      const ExtensionBlock& times = image.ExtensionBlocks[k + 1];
      film.for_ever = times.ByteCount == 3 && std::memcmp(times.Bytes, "\x01\0\0", 3) == 0;
    }
    Pixels pixels{file->SWidth, file->SHeight, {}};
    REQUIRE(image.ImageDesc.Width == file->SWidth);
    REQUIRE(image.ImageDesc.Height == file->SHeight);
    for (int k = 0; k < pixels.width * pixels.height; ++k) {
      const GifColorType& colour = file->SColorMap->Colors[image.RasterBits[k]];
      pixels.rgb.insert(pixels.rgb.end(), {colour.Red, colour.Green, colour.Blue});
    }
    film.frames.push_back(std::move(pixels));
  }
  return film;
}

// The greatest and the mean difference of two channels.
std::pair<int, double> difference(const Pixels& a, const Pixels& b) {
  REQUIRE(a.rgb.size() == b.rgb.size());
  int most = 0;
  double sum = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) {
    const int each = std::abs(a.rgb[i] - b.rgb[i]);
    most = std::max(most, each);
    sum += each;
  }
  return {most, sum / static_cast<double>(a.rgb.size())};
}

TEST_CASE("an image is as large as was asked for, its pixels whole pixels of the page, whatever its size") {
  constexpr uint32_t around = 2 * 2 * 16;
  for (const int64_t side : {1, 7, 14, 28, 84, 168}) {
    const PngSize size = size_of({.panels = {{.image = gray(side, side)}}});
    CAPTURE(side);
    CHECK(size.width == around + 168);
    CHECK(size.height == around + 168);
  }
  const PngSize flat = size_of({.panels = {{.image = gray(7, 28)}}});
  CHECK(flat.width == around + 168);
  CHECK(flat.height == around + 42);
  const PngSize rounded = size_of({.panels = {{.image = gray(40, 40)}}});
  CHECK(rounded.width == around + 160);
  const PngSize large = size_of({.panels = {{.image = gray(3000, 3000)}}});
  CHECK(large.width == around + 168);
}

TEST_CASE("a page is at most 760 points wide: as many panels a row as fit, and an image no larger") {
  ImagePicture picture{.panels = std::vector<ImagePanel>(24, {.image = gray(28, 28), .title = "7", .note = "a note"}),
                       .columns = 24};
  const PngSize many = size_of(picture);
  CHECK(many.width <= 2 * 760);
  CHECK(many.width > 2 * 600);
  picture.columns = 3;
  const PngSize few = size_of(picture);
  CHECK(few.width < many.width);
  CHECK(few.height > many.height);
  CHECK(size_of({.panels = {{.image = gray(5, 5)}}, .image_size = 5000}).width <= 2 * 760);
  for (const int64_t side : {1, 290, 300, 1000}) {
    const ImagePanel panel{.image = gray(side, side), .path = {{-1e9, 0}, {1e9, 0}}};
    CAPTURE(side);
    CHECK(size_of({.panels = {{.image = gray(side, side)}}, .image_size = 728}).width <= 2 * 760);
    CHECK(size_of({.panels = {panel}, .image_size = 728}).width <= 2 * 760);
    CHECK(size_of({.panels = {panel}, .image_size = 728}).width > 2 * 600);
  }
  CHECK(size_of({.panels = {{.image = gray(5, 5)}}, .title = std::string(900, 'w')}).width <= 2 * 760);
  CHECK(size_of({}).width > 0);
}

TEST_CASE("all that is laid over an image is seen, and what lies outside makes room, not more than half an image") {
  const ImagePicture plain{.panels = {{.image = gray(28, 28)}}};
  const auto with = [&](const auto& change) {
    ImagePicture picture = plain;
    change(picture.panels[0]);
    return picture;
  };
  const ImagePicture changed[] = {with([](ImagePanel& p) { p.title = "7"; }),
                                  with([](ImagePanel& p) { p.note = "7"; }),
                                  with([](ImagePanel& p) {
                                    p.weights = tensor({1.F, 2.F}, {1, 2});
                                  }),
                                  with([](ImagePanel& p) {
                                    p.boxes = {{.box = {2, 3, 8, 8}}};
                                  }),
                                  with([](ImagePanel& p) {
                                    p.path = {{9, 9}, {14, 20}};
                                  }),
                                  with([](ImagePanel& p) {
                                    p.dots = {{14, 14}};
                                  })};
  for (const ImagePicture& picture : changed) CHECK(hash_of(picture) != hash_of(plain));
  CHECK(hash_of(with([](ImagePanel& p) { p.weights = ones({4, 4}); })) == hash_of(plain));

  const PngSize before = size_of(plain);
  const PngSize outside = size_of(with([](ImagePanel& p) { p.boxes = {{.box = {-7, 3, 8, 8}}}; }));
  CHECK(outside.width >= before.width + 2 * 21);
  CHECK(outside.width <= before.width + 2 * 24);
  CHECK(outside.height == before.height);
  const PngSize far = size_of(with([](ImagePanel& p) { p.path = {{-1e9, -1e9}, {1e9, 1e9}}; }));
  CHECK(far.width == 2 * before.width - 2 * 2 * 16);
}

TEST_CASE("a NaN in an image is seen, other values are drawn as the nearest of 0 and 1") {
  const auto drawn = [](float left, float right) {
    return hash_of({.panels = {{.image = tensor({left, right}, {1, 1, 2})}}});
  };
  CHECK(drawn(-3, 7) == drawn(0, 1));
  CHECK(drawn(NAN, 1) != drawn(0, 1));
  CHECK(drawn(NAN, 1) != drawn(1, 1));
}

TEST_CASE("images of f64 and of other strides are drawn as what they hold") {
  const Tensor image = reshape(to(arange(12), f64) / 12.0, {1, 3, 4});
  const auto drawn = [](const Tensor& shown) { return hash_of({.panels = {{.image = shown}}}); };
  CHECK(drawn(image) == drawn(array::to(image, f32)));
  const Tensor turned = array::transpose(image, 1, 2);
  CHECK(drawn(turned) == drawn(array::contiguous(turned)));
  CHECK(drawn(turned) != drawn(image));
}

TEST_CASE("panels that cannot be drawn are refused") {
  const auto refused = [](ImagePanel panel) { return size_of({.panels = {std::move(panel)}}); };
  CHECK_THROWS_AS(refused({.image = {}}), ShapeError);
  CHECK_THROWS_AS(refused({.image = zeros({28, 28})}), ShapeError);
  CHECK_THROWS_AS(refused({.image = zeros({2, 28, 28})}), ShapeError);
  CHECK_THROWS_AS(refused({.image = zeros({1, 0, 28})}), ShapeError);
  CHECK_THROWS_WITH(refused({.image = gray(28, 28), .title = "seven", .weights = ones({5, 7})}),
                    contains("seven") && contains("f32[5, 7]") && contains("f32[1, 28, 28]"));
  CHECK_THROWS_AS(refused({.image = gray(28, 28), .weights = ones({28})}), ShapeError);
  CHECK_THROWS_AS(refused({.image = gray(28, 28), .weights = ones({0, 7})}), ShapeError);
  CHECK_THROWS_AS(refused({.image = gray(28, 28), .weights = full({1, 1}, -1.F)}), ValueError);
  CHECK_THROWS_AS(refused({.image = gray(28, 28), .weights = full({1, 1}, NAN)}), ValueError);
  CHECK_THROWS_AS(refused({.image = gray(28, 28), .boxes = {{.box = {0, 0, infinite, 1}}}}), ValueError);
  CHECK_THROWS_AS(refused({.image = gray(28, 28), .path = {{NAN, 0}}}), ValueError);
  CHECK_THROWS_AS(refused({.image = gray(28, 28), .dots = {{0, NAN}}}), ValueError);
  CHECK_THROWS_AS(size_of({.panels = {{.image = gray(28, 28)}}, .image_size = 0}), ValueError);
  const Scratch scratch;
  CHECK_THROWS_AS(write_picture(scratch / "no folder" / "a.png", ImagePicture{.panels = {{.image = gray(28, 28)}}}),
                  FileError);
}

TEST_CASE("an animation is read back: its frames, their size, their time, for ever") {
  const Scratch scratch;
  std::vector<ImagePicture> frames(3, {.panels = {{.image = gray(28, 28)}}, .title = "step 1"});
  frames[1].panels[0].path = {{-5, 3}};  // the others have the room for it too
  frames[1].title = "a step with a longer title than others";
  frames[2].panels[0].note = "3";
  write_animation(scratch / "a.gif", frames, 0.25);
  const Film film = read_gif(read_text(scratch / "a.gif"));
  CHECK(film.for_ever);
  CHECK(film.delays == std::vector<int>{25, 25, 25});
  REQUIRE(film.frames.size() == 3);
  CHECK(difference(film.frames[0], film.frames[1]).first > 100);
  CHECK(film.frames[0].rgb[0] == 255);
  CHECK(film.frames[0].width > 2 * 150);
}

TEST_CASE("the largest weight hides nothing, a smaller one leaves light and dark apart") {
  const Scratch scratch;
  const Tensor image = tensor({0.F, 1.F, 0.F, 1.F, 0.F, 1.F}, {1, 1, 6});
  write_animation(scratch / "a.gif", {{.panels = {{.image = image, .weights = tensor({0.F, 0.4F, 0.8F}, {1, 3})}}}}, 1);
  const Film film = read_gif(read_text(scratch / "a.gif"));
  const auto shade = [&](int column) {  // red and green of the middle of a pixel: 28 wide, in a margin of 32
    const Pixels& frame = film.frames.at(0);
    const size_t at = 3 * static_cast<size_t>((32 + 14) * frame.width + 32 + 14 + 28 * column);
    return frame.rgb[at] + frame.rgb[at + 1];
  };
  CHECK(shade(4) == 0);
  CHECK(shade(5) == 2 * 255);
  CHECK(shade(2) > 10);
  CHECK(shade(0) > shade(2) + 10);
  CHECK(shade(3) < 2 * 255 - 50);
  CHECK(shade(1) < shade(3) - 50);
  CHECK(shade(1) > shade(0) + 50);
}

TEST_CASE("a GIF has exactly the frames' colours where they are few") {
  Pixels frame{64, 48, std::vector<uint8_t>(3 * 64 * 48)};
  for (size_t i = 0; i < frame.rgb.size(); ++i) frame.rgb[i] = static_cast<uint8_t>(i / 3 % 250);
  Pixels other = frame;
  for (uint8_t& value : other.rgb) value = static_cast<uint8_t>(255 - value);
  for (const auto& frames : {std::vector<Pixels>{frame}, {frame, other}}) {
    const Film film = read_gif(gif(frames, 1));
    REQUIRE(film.frames.size() == frames.size());
    for (size_t i = 0; i < frames.size(); ++i) CHECK(difference(film.frames[i], frames[i]).first == 0);
  }
}

TEST_CASE("a GIF has near colours where there are many, the commonest as they are") {
  Pixels frame{64, 48, std::vector<uint8_t>(3 * 64 * 48)};
  for (size_t y = 0; y < 48; ++y)  // a gray half, and as many colours as pixels
    for (size_t x = 0; x < 64; ++x) {
      uint8_t* pixel = &frame.rgb[3 * (y * 64 + x)];
      const bool gray = y < 24;
      pixel[0] = static_cast<uint8_t>(gray ? 4 * (x % 25) : 4 * x);
      pixel[1] = static_cast<uint8_t>(gray ? 4 * (x % 25) : 5 * y);
      pixel[2] = static_cast<uint8_t>(gray ? 4 * (x % 25) : 255 - 4 * x);
    }
  const Film film = read_gif(gif({frame}, 1));
  REQUIRE(film.frames.size() == 1);
  const auto [most, mean] = difference(film.frames[0], frame);
  CHECK(most <= 40);
  CHECK(mean < 4);
  for (size_t i = 0; i < 3 * 64 * 24; ++i) REQUIRE(film.frames[0].rgb[i] == frame.rgb[i]);

  // None of the colours that there are would be nearer.
  const auto distance = [&](size_t one, size_t other) {
    int sum = 0;
    for (size_t c = 0; c < 3; ++c) {
      const int away = frame.rgb[3 * one + c] - film.frames[0].rgb[3 * other + c];
      sum += away * away;
    }
    return sum;
  };
  for (size_t one = 0; one < 64 * 48; one += 5)
    for (size_t other = 0; other < 64 * 48; ++other)
      if (distance(one, other) < distance(one, one)) FAIL("pixel " << one << " is nearer to the colour of " << other);
}

TEST_CASE("animations that cannot be made are refused, and the file stays as it was") {
  const Scratch scratch;
  const auto refused = [&](const std::vector<ImagePicture>& frames, double seconds = 1) {
    write_animation(scratch / "a.gif", frames, seconds);
  };
  const ImagePicture one{.panels = {{.image = gray(28, 28)}}}, wide{.panels = {{.image = gray(28, 30)}}};
  write_text(scratch / "a.gif", "before");
  CHECK_THROWS_AS(refused({}), ValueError);
  CHECK_THROWS_AS(refused({one}, 0), ValueError);
  CHECK_THROWS_AS(refused({one}, NAN), ValueError);
  CHECK_THROWS_AS(refused({one}, 700), ValueError);
  CHECK_THROWS_WITH(refused({one, wide}), contains("f32[1, 28, 30]") && contains("frame 1"));
  CHECK_THROWS_AS(refused({one, ImagePicture{}}), ShapeError);
  CHECK_THROWS_AS(refused({ImagePicture{.panels = {{.image = {}}}}}), ShapeError);
  CHECK(read_text(scratch / "a.gif") == "before");
  CHECK_THROWS_AS(gif({Pixels{}}, 1), ValueError);
  CHECK_THROWS_AS(gif({Pixels{1, 1, {0, 0, 0}}, Pixels{1, 2, {0, 0, 0, 0, 0, 0}}}, 1), ShapeError);
}

}  // namespace
}  // namespace fovea::examples
