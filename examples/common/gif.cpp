#include "examples/common/gif.h"

#include <fmt/format.h>
#include <fovea/core/error.h>
#include <gif_lib.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>

namespace fovea::examples {
namespace {

constexpr size_t most_colours = 256;  // of a GIF
constexpr int most_pixels = 65535;    // across and down

void check(const std::vector<Pixels>& frames, double seconds) {
  if (frames.empty()) throw ValueError("gif: no frames; need at least one");
  const Pixels& first = frames.front();
  for (size_t i = 0; i < frames.size(); ++i)
    if (frames[i].width != first.width || frames[i].height != first.height)
      throw ShapeError(fmt::format("gif: frame {} has {} x {} pixels, the first {} x {}; need frames of one size", i,
                                   frames[i].width, frames[i].height, first.width, first.height));
  if (first.width < 1 || first.height < 1 || std::max(first.width, first.height) > most_pixels)
    throw ValueError(fmt::format("gif: {} x {} pixels; need 1 to {}", first.width, first.height, most_pixels));
  if (!(seconds >= 0.01 && seconds <= 655.35))
    throw ValueError(fmt::format("gif: {} seconds a frame; need 0.01 to 655.35", seconds));
}

uint32_t colour_at(const Pixels& frame, size_t pixel) {
  const uint8_t* at = &frame.rgb[3 * pixel];
  return uint32_t{at[0]} << 16 | uint32_t{at[1]} << 8 | uint32_t{at[2]};
}

GifColorType colour_of(uint32_t colour) {
  return {static_cast<GifByteType>(colour >> 16), static_cast<GifByteType>(colour >> 8),
          static_cast<GifByteType>(colour)};
}

struct Palette {
  std::vector<GifColorType> colours{};
  std::unordered_map<uint32_t, GifByteType> places{};  // of each colour that the frames have
};

// Brings `colours` together to as many as the palette still has room for.
void quantise(std::span<const uint32_t> colours, Palette& palette) {
  const size_t kept = palette.colours.size();
  std::vector<GifByteType> channels[3], places(colours.size());
  for (const uint32_t colour : colours) {
    const GifColorType each = colour_of(colour);
    channels[0].push_back(each.Red), channels[1].push_back(each.Green), channels[2].push_back(each.Blue);
  }
  int count = static_cast<int>(most_colours - kept);
  palette.colours.resize(most_colours);
  if (GifQuantizeBuffer(static_cast<unsigned>(colours.size()), 1, &count, channels[0].data(), channels[1].data(),
                        channels[2].data(), places.data(), &palette.colours[kept]) != GIF_OK)
    throw FileError("gif: giflib finds no palette; is there memory?");
  for (size_t i = kept; i < most_colours; ++i)  // it keeps the upper five bits: 31 stands for 255
    for (GifByteType* channel : {&palette.colours[i].Red, &palette.colours[i].Green, &palette.colours[i].Blue})
      *channel = static_cast<GifByteType>(std::min(255, *channel * 255 / 248));
  for (size_t i = 0; i < colours.size(); ++i) palette.places[colours[i]] = static_cast<GifByteType>(kept + places[i]);
}

Palette palette_of(const std::vector<Pixels>& frames) {
  std::unordered_map<uint32_t, size_t> counts;
  for (const Pixels& frame : frames)
    for (size_t i = 0; i < frame.rgb.size() / 3; ++i) ++counts[colour_at(frame, i)];
  std::vector<uint32_t> colours;
  for (const auto& each : counts) colours.push_back(each.first);
  std::sort(colours.begin(), colours.end(),
            [&](uint32_t a, uint32_t b) { return counts[a] != counts[b] ? counts[a] > counts[b] : a < b; });
  const size_t kept = colours.size() <= most_colours ? colours.size() : most_colours / 2;
  Palette palette;
  for (size_t i = 0; i < kept; ++i) {
    palette.places[colours[i]] = static_cast<GifByteType>(i);
    palette.colours.push_back(colour_of(colours[i]));
  }
  if (kept < colours.size()) quantise(std::span(colours).subspan(kept), palette);
  palette.colours.resize(most_colours);
  return palette;
}

// giflib's file, into memory.
class Writer {
 public:
  Writer() {
    int error = 0;
    file_.reset(EGifOpen(&bytes_, append, &error));
    if (!file_) refuse(error);
    EGifSetGifVersion(file_.get(), true);
  }
  GifFileType* file() const { return file_.get(); }
  void check(int state) const {
    if (state != GIF_OK) refuse(file_->Error);
  }
  std::string finish() {
    int error = 0;
    if (EGifCloseFile(file_.release(), &error) != GIF_OK) refuse(error);
    return std::move(bytes_);
  }

 private:
  struct Close {
    void operator()(GifFileType* file) const { EGifCloseFile(file, nullptr); }
  };
  static int append(GifFileType* file, const GifByteType* data, int size) {
    static_cast<std::string*>(file->UserData)->append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    return size;
  }
  [[noreturn]] static void refuse(int error) {
    const char* why = GifErrorString(error);
    throw FileError(fmt::format("gif: {}", why != nullptr ? why : "giflib fails and says not why"));
  }

  std::string bytes_{};
  std::unique_ptr<GifFileType, Close> file_{};
};

void write_head(Writer& gif, const Pixels& first, const Palette& palette) {
  const std::unique_ptr<ColorMapObject, void (*)(ColorMapObject*)> map(
      GifMakeMapObject(static_cast<int>(palette.colours.size()), palette.colours.data()), GifFreeMapObject);
  if (!map) throw std::bad_alloc();
  gif.check(EGifPutScreenDesc(gif.file(), first.width, first.height, 8, 0, map.get()));
  constexpr char loops[] = "NETSCAPE2.0";  // the extension of that browser which all others know
  constexpr unsigned char for_ever[] = {1, 0, 0};
  gif.check(EGifPutExtensionLeader(gif.file(), APPLICATION_EXT_FUNC_CODE));
  gif.check(EGifPutExtensionBlock(gif.file(), sizeof(loops) - 1, loops));
  gif.check(EGifPutExtensionBlock(gif.file(), sizeof(for_ever), for_ever));
  gif.check(EGifPutExtensionTrailer(gif.file()));
}

void write_frame(Writer& gif, const Pixels& frame, const Palette& palette, double seconds) {
  const GraphicsControlBlock control{.DisposalMode = DISPOSE_DO_NOT,
                                     .UserInputFlag = false,
                                     .DelayTime = static_cast<int>(std::lround(100 * seconds)),
                                     .TransparentColor = NO_TRANSPARENT_COLOR};
  GifByteType block[4];
  gif.check(EGifPutExtension(gif.file(), GRAPHICS_EXT_FUNC_CODE, static_cast<int>(EGifGCBToExtension(&control, block)),
                             block));
  gif.check(EGifPutImageDesc(gif.file(), 0, 0, frame.width, frame.height, false, nullptr));
  const auto width = static_cast<size_t>(frame.width);
  std::vector<GifByteType> line(width);
  for (size_t y = 0; y < static_cast<size_t>(frame.height); ++y) {
    for (size_t x = 0; x < width; ++x) {
      const size_t pixel = y * width + x;
      const bool again = x > 0 && colour_at(frame, pixel) == colour_at(frame, pixel - 1);
      line[x] = again ? line[x - 1] : palette.places.at(colour_at(frame, pixel));
    }
    gif.check(EGifPutLine(gif.file(), line.data(), frame.width));
  }
}

}  // namespace

std::string gif(const std::vector<Pixels>& frames, double seconds_a_frame) {
  check(frames, seconds_a_frame);
  const Palette palette = palette_of(frames);
  Writer writer;
  write_head(writer, frames.front(), palette);
  for (const Pixels& frame : frames) write_frame(writer, frame, palette, seconds_a_frame);
  return writer.finish();
}

}  // namespace fovea::examples
