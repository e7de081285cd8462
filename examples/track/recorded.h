// Frames with the boxes over them, recorded; and frames that were typed: a folder with an image each, in the order of
// their names, and the box around what is to be followed in the first one.
//
//   FOLDER x y width height       pixels from the upper left corner
//
// Errors: ValueError for another form, frames of other sizes than those learned from, and a box that is nowhere.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <filesystem>

#include "examples/common/image_file.h"
#include "examples/common/record.h"
#include "examples/common/typed.h"
#include "examples/track/trackers.h"
#include "examples/track/world.h"

namespace fovea::examples {

struct TypedFrames {
  Tensor frames, boxes;  // [1, T + 1, 1, S, S], [1, 1, 4]
};

inline TypedFrames typed_frames(const std::string& text, int64_t side) {
  std::vector<std::string> words = typed_words(text);
  if (words.size() < 5) throw ValueError("--look: need a folder of images and the first box: FOLDER x y width height");
  std::vector<double> box;
  for (auto at = words.end() - 4; at != words.end(); ++at) box.push_back(typed_number(*at));
  const std::filesystem::path folder =
      text.substr(0, text.find(words[words.size() - 5]) + words[words.size() - 5].size());
  std::error_code failed;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) files.push_back(entry.path());
  if (failed) throw FileError(fmt::format("--look: {}: {}", folder.string(), failed.message()));
  std::sort(files.begin(), files.end());
  std::vector<Tensor> frames;
  for (const auto& file : files) {
    const Tensor image = read_image(file);
    if (image.size(1) != side || image.size(2) != side)
      throw ValueError(fmt::format("--look: {}: {} x {} pixels; the network learned from {} x {}", file.string(),
                                   image.size(2), image.size(1), side, side));
    frames.push_back(typed_image(file.string(), 1, side));
  }
  if (frames.size() < 2)
    throw ValueError(fmt::format("--look: {}: {} images; need two", folder.string(), frames.size()));
  const double x = box[0], y = box[1], width = box[2], height = box[3];
  if (width <= 0 || height <= 0 || x < 0 || y < 0 || x + width > static_cast<double>(side) ||
      y + height > static_cast<double>(side))
    throw ValueError(fmt::format("--look: a box of {} {} {} {} is not in a frame of {}", x, y, width, height, side));
  return {stack(frames, 1),
          to(from(std::vector<double>{y + height / 2, x + width / 2, height, width}, {1, 1, 4}), f32)};
}

// scene.boxes are those known: of every frame, or of the first. The loss is undefined where they are not.
inline void record_frames(Recorder& recorder, const Tracker& tracker, const Scenes& scene, const std::string& title) {
  recorder.sample({.title = title}, [&](Recorded& seen) {
    const Track track = tracker(scene.frames, select(scene.boxes, 1, 0));
    const auto pixels = [](const Tensor& boxes) {  // centre y, x, height, width -> corner x, y, width, height
      const auto [y, x, h, w] = split<4>(select(boxes.detach(), 0, 0), {1, 1, 1, 1}, 1);
      return cat({x - w / 2.0, y - h / 2.0, w, h}, 1);
    };
    const bool known = scene.boxes.size(1) == scene.frames.size(1);
    RecordedMarks marks;
    if (known) marks.boxes.emplace_back("true box", pixels(scene.boxes));
    marks.boxes.emplace_back("box", pixels(track.boxes));
    if (track.windows.defined()) marks.boxes.emplace_back("window", pixels(track.windows));
    seen.images("frames", select(scene.frames, 0, 0), marks);
    return known ? tracker.loss(track, scene.boxes) : Tensor();
  });
}

}  // namespace fovea::examples
