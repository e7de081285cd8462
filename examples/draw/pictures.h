// Pictures of DRAW: how a digit comes about, where the network reads and writes meanwhile, and what it draws from
// nothing. A window is drawn as the square of its grid, its line as wide as the Gaussians are; red reads, blue writes.
#pragma once

#include <fmt/format.h>
#include <fovea/layers/vision/draw.h>

#include <algorithm>
#include <cmath>

#include "examples/common/image_picture.h"
#include "examples/common/record.h"

namespace fovea::examples {

inline const Colour kReadColour{0.90, 0.25, 0.20}, kWriteColour{0.25, 0.60, 0.95};
inline constexpr double kImageSize = 42;  // points: eleven fit a page

// Of image b: window [B, 5] as Draw's state has it, N Gaussians a side, or the width of the only one; cut off
// two pixels beside the image.
inline Outline outline_of(const DrawOptions& o, const Tensor& window, int64_t b, int64_t N, const Colour& colour) {
  const double half = N == 1 ? window.at({b, 3}) : static_cast<double>(N) * window.at({b, 2}) / 2;
  const auto cut = [](double at, int64_t size) { return std::clamp(at, -2.0, static_cast<double>(size) + 2); };
  const double x = window.at({b, 1}) + 0.5, y = window.at({b, 0}) + 0.5;
  const Point from{cut(x - half, o.width), cut(y - half, o.height)},
      to{cut(x + half, o.width), cut(y + half, o.height)};
  return {.box = {from.x, from.y, to.x - from.x, to.y - from.y}, .colour = colour, .width = 1};
}

// σ(c_t) of image b and the windows of that step.
inline ImagePanel canvas_panel(const DrawOptions& o, const Draw::State& state, int64_t b) {
  ImagePanel panel{.image = contiguous(slice(sigmoid(state.canvas), 0, b, b + 1))};
  if (state.read_window.defined()) panel.boxes.push_back(outline_of(o, state.read_window, b, o.read_size, kReadColour));
  if (state.write_window.defined())
    panel.boxes.push_back(outline_of(o, state.write_window, b, o.write_size, kWriteColour));
  return panel;
}

// The canvases of image 0 with the windows of each step, beside the image.
inline void record_canvases(Recorded& seen, const DrawOptions& o, const Tensor& x,
                            const std::vector<Draw::State>& trace) {
  std::vector<Tensor> canvases;
  std::vector<float> read, write;
  const auto add = [&](std::vector<float>& boxes, const Tensor& window, int64_t N) {
    if (!window.defined()) return;
    const auto box = outline_of(o, window, 0, N, kReadColour).box;
    for (const double v : {box.x, box.y, box.width, box.height}) boxes.push_back(static_cast<float>(v));
  };
  for (const Draw::State& state : trace) {
    canvases.push_back(sigmoid(slice(state.canvas, 0, 0, 1).detach()));
    add(read, state.read_window, o.read_size), add(write, state.write_window, o.write_size);
  }
  const auto T = static_cast<int64_t>(trace.size());
  RecordedMarks marks;
  if (!read.empty()) marks.boxes.emplace_back("read", from(read, {T, 4}));
  if (!write.empty()) marks.boxes.emplace_back("write", from(write, {T, 4}));
  seen.images("canvas", stack(canvases, 0), marks);
  seen.images("digit", unsqueeze(x, 1));
}

// x [1, 28, 28], drawn; the loss is that of training.
inline void record_drawing(Recorder& recorder, const Draw& draw, const Tensor& x, Generator generator,
                           const std::string& title) {
  recorder.sample({.title = title}, [&](Recorded& seen) {
    std::vector<Draw::State> trace;
    const Draw::State last = draw(x, generator, &trace);
    record_canvases(seen, draw.options(), x, trace);
    return sum(binary_cross_entropy_with_logits(last.canvas, x, Reduction::none)) + sum(last.latent_loss);
  });
}

// One row a digit of x [B, H, W]: the digit, then its canvas after some steps, at most `columns` in all.
inline ImagePicture steps_picture(const DrawOptions& o, const Tensor& x, const std::vector<Draw::State>& trace,
                                  int columns = 11) {
  const auto T = static_cast<int64_t>(trace.size()), shown = std::min<int64_t>(T, columns - 1);
  ImagePicture picture{.columns = static_cast<int>(shown) + 1, .image_size = kImageSize};
  for (int64_t b = 0; b < x.size(0); ++b) {
    picture.panels.push_back({.image = contiguous(slice(x, 0, b, b + 1)), .title = b == 0 ? "digit" : ""});
    for (int64_t i = 1; i <= shown; ++i) {
      const int64_t t = i * T / shown;
      picture.panels.push_back(canvas_panel(o, trace[static_cast<size_t>(t - 1)], b));
      if (b == 0) picture.panels.back().title = fmt::format("{}{}", i == 1 ? "step " : "", t);
    }
  }
  return picture;
}

// All images of one state, in rows of `columns`; without `windows` the canvases alone.
inline ImagePicture canvases_picture(const DrawOptions& o, const Draw::State& state, int columns, bool windows) {
  ImagePicture picture{.columns = columns, .image_size = kImageSize};
  for (int64_t b = 0; b < state.canvas.size(0); ++b) {
    picture.panels.push_back(canvas_panel(o, state, b));
    if (!windows) picture.panels.back().boxes.clear();
  }
  return picture;
}

}  // namespace fovea::examples
