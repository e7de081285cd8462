// The pictures of a tracker: boxes over the frames of a scene, and what it sees in its window; how well it agrees with
// the truth from frame to frame, and around the frame in which most is hidden.
#pragma once

#include <fmt/format.h>
#include <fovea/optim/training/metrics.h>
#include <fovea/optim/training/text_file.h>

#include "examples/common/image_picture.h"
#include "examples/common/picture.h"
#include "examples/track/evaluation.h"
#include "examples/track/trackers.h"
#include "examples/track/world.h"

namespace fovea::examples {

inline Outline outline_of(const Tensor& box, int colour) {
  const double y = box.at({0}), x = box.at({1}), height = box.at({2}), width = box.at({3});
  return {{x - width / 2, y - height / 2, width, height}, series_colour(colour)};
}

// A frame of the only scene, with the true box, the tracker's, and its window if it has one.
inline ImagePanel frame_panel(const Scenes& scene, const Track& track, int64_t t) {
  const auto of_frame = [&](const Tensor& x) { return select(select(x, 0, 0), 0, t); };
  ImagePanel panel{.image = of_frame(scene.frames), .title = std::to_string(t)};
  if (track.windows.defined()) panel.boxes.push_back(outline_of(of_frame(track.windows), 0));
  panel.boxes.push_back(outline_of(of_frame(scene.boxes), 2));
  panel.boxes.push_back(outline_of(of_frame(track.boxes), 1));
  return panel;
}

// What it sees in that frame; the mask hides what it does not take for the object.
inline ImagePanel window_panel(const Tracker& tracker, const Scenes& scene, const Track& track, int64_t t) {
  const Tensor g = tracker.look(select(scene.frames, 1, t), select(track.windows, 1, t));
  return {.image = clamp(select(g, 0, 0), 0, 1), .weights = sigmoid(select(select(track.masks, 0, 0), 0, t))};
}

inline constexpr const char* kSceneTitle = "green: the object, orange: the tracker's box, blue: its window";

// Frames from the first to the last, and below them what is seen in their windows.
inline ImagePicture scene_picture(const Tracker& tracker, const Scenes& scene, const Track& track) {
  const int64_t last = scene.frames.size(1) - 1, count = std::min<int64_t>(6, last + 1);
  ImagePicture shown{.columns = static_cast<int>(count), .title = kSceneTitle};
  const auto add = [&](auto&& panel_of) {
    for (int64_t i = 0; i < count; ++i) shown.panels.push_back(panel_of(i * last / std::max<int64_t>(1, count - 1)));
  };
  add([&](int64_t t) { return frame_panel(scene, track, t); });
  if (track.windows.defined()) add([&](int64_t t) { return window_panel(tracker, scene, track, t); });
  return shown;
}

// The same, frame after frame.
inline std::vector<ImagePicture> scene_animation(const Tracker& tracker, const Scenes& scene, const Track& track) {
  std::vector<ImagePicture> frames;
  for (int64_t t = 0; t < scene.frames.size(1); ++t) {
    ImagePicture shown{.panels = {frame_panel(scene, track, t)}, .columns = 2, .image_size = 112};
    if (track.windows.defined()) shown.panels.push_back(window_panel(tracker, scene, track, t));
    frames.push_back(std::move(shown));
  }
  return frames;
}

// A file of numbers in a run's folder, which other runs find there: a row for each x, a column for each series.
inline void write_curves(const std::filesystem::path& file, std::string_view x, int64_t first,
                         const std::vector<Series>& columns) {
  std::string text(x);
  for (const Series& column : columns) text += "," + column.name;
  text += "\n";
  for (size_t i = 0; i < columns.front().y.size(); ++i) {
    text += std::to_string(first + static_cast<int64_t>(i));
    for (const Series& column : columns) text += fmt::format(",{:.6g}", column.y[i]);
    text += "\n";
  }
  write_text(file, text);
}

// Its curves: "iou" under the name of the run, beside it that of other runs, and what else the file has.
inline LineChart curves(const std::filesystem::path& file, const std::string& name, const std::string& title,
                        const std::vector<std::filesystem::path>& beside) {
  const MetricsTable own = read_metrics(file);
  const std::string& x = own.columns.front();
  LineChart chart{.title = title, .x_title = x, .y_title = "IoU", .y_low = 0, .y_high = 1};
  const auto add = [&](const std::string& of, const MetricsTable& table, const std::string& column) {
    chart.series.push_back({of, table.column(x), table.column(column)});
  };
  add(name, own, "iou");
  for (const std::filesystem::path& folder : beside)
    add(folder.filename().string(), read_metrics(folder / file.filename()), "iou");
  for (const std::string& column : own.columns)
    if (column != x && column != "iou") add(column, own, column);
  return chart;
}

}  // namespace fovea::examples
