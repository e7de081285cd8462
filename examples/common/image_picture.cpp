// Pictures of images: what the panels of all frames need is measured first, so that they stand still.
#include "examples/common/image_picture.h"

#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "examples/common/gif.h"
#include "examples/common/grid.h"
#include "examples/common/panels.h"

namespace fovea::examples {
namespace {

constexpr double page_width = 760, title_size = 11, title_line = 15, note_size = 10, note_line = 13.5;
constexpr Point gap{12, 12};
constexpr double page_title_size = 15;
constexpr double dots_a_disc = 4;      // how much smaller a dot is than a number's disc
constexpr int64_t most_numbered = 12;  // points of a path; of a longer one every fifth has a number
constexpr double veil = 0.74;          // how much of the image the weight 0 hides
constexpr Colour nan_colour{0.75, 0.10, 0.06}, white{1, 1, 1};

const Colour veil_colour = oklch(0.36, 0.11, 268), dot_colour = oklch(0.78, 0.16, 65),
             path_colour = oklch(0.55, 0.15, 254), first_colour = oklch(0.55, 0.14, 150),
             last_colour = oklch(0.57, 0.20, 25);

// What the panels of a row have alike: heights of what stands over and under the image.
struct Row {
  double title = 0, top = 0, bottom = 0, note = 0;
};

struct Layout {
  size_t columns = 1;          // panels a row
  double width = 0;            // of the page, at least
  double left = 0, right = 0;  // of every image: room for what lies outside
  double widest = 0;           // image
  double disc = 0;             // radius of a number's disc
  std::vector<Row> rows{};
  std::vector<double> scales{};  // points a pixel, of each panel

  double text_room() const { return widest + right; }
  const Row& row_of(size_t panel) const { return rows[panel / columns]; }
};

// --- Checks ----------------------------------------------------------------------------------------------------------

void check_finite(const ImagePanel& panel, const char* what, std::initializer_list<double> numbers) {
  for (const double number : numbers)
    if (!std::isfinite(number))
      throw ValueError(
          fmt::format("image panel '{}': {} has the coordinate {}; need finite numbers", panel.title, what, number));
}

void check(const ImagePanel& panel) {
  const Tensor &image = panel.image, &weights = panel.weights;
  if (!image.defined() || image.dim() != 3 || (image.size(0) != 1 && image.size(0) != 3) || image.numel() == 0)
    throw ShapeError(fmt::format("image panel '{}': the image is {}; need [C, H, W] with C 1 or 3, H and W at least 1",
                                 panel.title, image.defined() ? describe(image) : "undefined"));
  if (weights.defined()) {
    if (weights.dim() != 2 || weights.numel() == 0 || image.size(1) % weights.size(0) != 0 ||
        image.size(2) % weights.size(1) != 0)
      throw ShapeError(
          fmt::format("image panel '{}': weights are {} and the image is {}; need weights [h, w], h a divisor of {} "
                      "and w one of {}",
                      panel.title, describe(weights), describe(image), image.size(1), image.size(2)));
    for (const float weight : grid_of(weights).values)
      if (!(std::isfinite(weight) && weight >= 0))
        throw ValueError(
            fmt::format("image panel '{}': a weight is {}; need finite ones, not negative", panel.title, weight));
  }
  for (const Outline& each : panel.boxes)
    check_finite(panel, "a box", {each.box.x, each.box.y, each.box.width, each.box.height});
  for (const Point& each : panel.path) check_finite(panel, "the path", {each.x, each.y});
  for (const Point& each : panel.dots) check_finite(panel, "a dot", {each.x, each.y});
}

void check(const std::vector<ImagePicture>& frames) {
  for (const ImagePicture& frame : frames) {
    if (!(frame.image_size > 0))
      throw ValueError(
          fmt::format("image picture '{}': image_size is {}; need a size above 0", frame.title, frame.image_size));
    for (const ImagePanel& panel : frame.panels) check(panel);
  }
  const std::vector<ImagePanel>& first = frames.front().panels;
  for (size_t i = 1; i < frames.size(); ++i) {
    const std::vector<ImagePanel>& panels = frames[i].panels;
    if (panels.size() != first.size())
      throw ShapeError(fmt::format("animation: frame {} has {} panels, the first {}; need as many in all", i,
                                   panels.size(), first.size()));
    for (size_t k = 0; k < panels.size(); ++k)
      if (panels[k].image.size(1) != first[k].image.size(1) || panels[k].image.size(2) != first[k].image.size(2))
        throw ShapeError(
            fmt::format("animation: the image of panel {} is {} in frame {} and {} in the first; need one "
                        "height and width in all",
                        k, describe(panels[k].image), i, describe(first[k].image)));
  }
}

// --- Layout ----------------------------------------------------------------------------------------------------------

// Of the image on the page; whole points, so that what stands beside it is as sharp.
Box size_of(const ImagePanel& panel, double scale) {
  return {0, 0, std::ceil(scale * static_cast<double>(panel.image.size(2))),
          std::ceil(scale * static_cast<double>(panel.image.size(1)))};
}

// Points a pixel: whole pixels of the page, all alike, where that changes the size little.
double scale_of(const Tensor& image, double size) {
  const double exact = size / static_cast<double>(std::max(image.size(1), image.size(2)));
  const double pixels = exact * Canvas::pixels_per_point;
  return pixels < 2.5 ? exact : std::floor(pixels + 0.5) / Canvas::pixels_per_point;
}

// How far things reach out of an image on each side, in points; at most half an image.
struct Reach {
  double left = 0, right = 0, top = 0, bottom = 0;
};

Reach reach_of(const ImagePanel& panel, double scale, double disc) {
  const double width = scale * static_cast<double>(panel.image.size(2)),
               height = scale * static_cast<double>(panel.image.size(1)), most = std::max(width, height) / 2;
  Reach reach;
  const auto add = [&](const Box& box, double radius) {
    const auto widen = [&](double& side, double need) {
      side = std::max(side, std::ceil(std::clamp(need + radius, 0.0, most)));
    };
    widen(reach.left, -scale * std::min(box.x, box.x + box.width));
    widen(reach.top, -scale * std::min(box.y, box.y + box.height));
    widen(reach.right, scale * std::max(box.x, box.x + box.width) - width);
    widen(reach.bottom, scale * std::max(box.y, box.y + box.height) - height);
  };
  for (const Outline& each : panel.boxes) add(each.box, each.width / 2 + 1);
  for (const Point& each : panel.path) add({each.x, each.y, 0, 0}, disc + 1);
  for (const Point& each : panel.dots) add({each.x, each.y, 0, 0}, disc / dots_a_disc);
  return reach;
}

// Makes room for one frame; rows only once the columns are known.
void widen(Layout& layout, const ImagePicture& frame, bool rows) {
  for (size_t i = 0; i < frame.panels.size(); ++i) {
    const ImagePanel& panel = frame.panels[i];
    const Reach reach = reach_of(panel, layout.scales[i], layout.disc);
    layout.left = std::max(layout.left, reach.left);
    layout.right = std::max(layout.right, reach.right);
    if (!rows) continue;
    Row& row = layout.rows[i / layout.columns];
    row.top = std::max(row.top, reach.top);
    row.bottom = std::max(row.bottom, reach.bottom);
    const auto lines = [&](const std::string& text, double size, bool bold) {
      return static_cast<double>(wrapped(text, size, layout.text_room(), bold).size());
    };
    row.title = std::max(row.title, title_line * lines(panel.title, title_size, true));
    row.note = std::max(row.note, note_line * lines(panel.note, note_size, false));
  }
}

// All but the rows, for images of `image_size`.
Layout measure_across(const std::vector<ImagePicture>& frames, double image_size) {
  Layout layout{.disc = std::clamp(0.055 * image_size, 4.0, 6.5)};
  for (const ImagePanel& panel : frames.front().panels) {
    layout.scales.push_back(scale_of(panel.image, image_size));
    layout.widest = std::max(layout.widest, size_of(panel, layout.scales.back()).width);
  }
  for (const ImagePicture& frame : frames) {
    widen(layout, frame, false);
    const double title = text_width(frame.title, page_title_size, true);
    layout.width = std::max(layout.width, std::min(page_width, 2 * page_margin + title));
  }
  return layout;
}

Layout measure(const std::vector<ImagePicture>& frames) {
  const ImagePicture& first = frames.front();
  const double room = page_width - 2 * page_margin;
  const auto panel_width = [](const Layout& layout) { return layout.left + layout.widest + layout.right; };
  double image_size = std::min(first.image_size, room);
  Layout layout = measure_across(frames, image_size);
  while (panel_width(layout) > room) {
    image_size *= std::min(0.95, room / panel_width(layout));
    layout = measure_across(frames, image_size);
  }
  const double fit = std::floor((room + gap.x) / (panel_width(layout) + gap.x));
  layout.columns = static_cast<size_t>(std::clamp(fit, 1.0, std::max(1.0, static_cast<double>(first.columns))));
  layout.rows.resize(first.panels.size() / layout.columns + 1);
  for (const ImagePicture& frame : frames) widen(layout, frame, true);
  return layout;
}

// --- Drawing ---------------------------------------------------------------------------------------------------------

double mixed(double a, double b, double share) { return a + share * (b - a); }

// The image's colours, under a veil where the weights are small.
std::vector<Colour> cells_of(const ImagePanel& panel) {
  const Tensor image = array::contiguous(array::to(panel.image, f32));
  const int64_t rows = image.size(1), cols = image.size(2);
  const auto* values = image.data<float>();
  const Grid weights = panel.weights.defined() ? grid_of(panel.weights) : Grid{};
  const float most = weights.values.empty() ? 0 : *std::max_element(weights.values.begin(), weights.values.end());
  std::vector<Colour> cells;
  cells.reserve(static_cast<size_t>(rows * cols));
  for (int64_t i = 0; i < rows * cols; ++i) {
    const auto channel = [&](int64_t c) { return values[(image.size(0) == 1 ? 0 : c) * rows * cols + i]; };
    Colour cell{std::clamp(channel(0), 0.F, 1.F), std::clamp(channel(1), 0.F, 1.F), std::clamp(channel(2), 0.F, 1.F)};
    if (std::isnan(channel(0)) || std::isnan(channel(1)) || std::isnan(channel(2))) cell = nan_colour;
    if (!weights.values.empty()) {
      const float weight = weights.at(i / cols * weights.rows / rows, i % cols * weights.cols / cols);
      const double hidden = veil * (most > 0 ? 1 - weight / most : 1);
      cell = {mixed(cell.red, veil_colour.red, hidden), mixed(cell.green, veil_colour.green, hidden),
              mixed(cell.blue, veil_colour.blue, hidden)};
    }
    cells.push_back(cell);
  }
  return cells;
}

void draw_outline(Canvas& canvas, const Box& box, const Colour& colour, double width) {
  const double right = box.x + box.width, bottom = box.y + box.height;
  // Once more along the first side: the last corner is as round as the others.
  const Point corners[] = {{box.x, box.y},  {right, box.y}, {right, bottom},
                           {box.x, bottom}, {box.x, box.y}, {right, box.y}};
  canvas.polyline(corners, white, width + 1.2, 0.55);
  canvas.polyline(corners, colour, width);
}

void draw_path(Canvas& canvas, std::span<const Point> points, double radius) {
  if (points.size() > 1) {
    canvas.polyline(points, white, 2.8, 0.55);
    canvas.polyline(points, path_colour, 1.6);
  }
  const auto last = static_cast<int64_t>(points.size()) - 1;
  for (int64_t i = 0; i <= last; ++i) {
    const Point& at = points[static_cast<size_t>(i)];
    const Colour& colour = i == last && i > 0 ? last_colour : i == 0 ? first_colour : path_colour;
    const bool numbered = last < most_numbered || i == 0 || i == last || (i + 1) % 5 == 0;
    const double size = numbered ? radius : radius / 2;
    canvas.dot(at, size + 0.8, white);
    canvas.dot(at, size, colour);
    if (numbered)
      canvas.text(std::to_string(i + 1), at,
                  {.size = (i < 9 ? 1.5 : 1.2) * radius, .align = Align::centre, .bold = true, .colour = white});
  }
}

void draw_over(Canvas& canvas, const ImagePanel& panel, const Layout& layout, const Box& image, double scale) {
  const auto on_page = [&](const Point& at) { return Point{image.x + scale * at.x, image.y + scale * at.y}; };
  for (const Point& dot : panel.dots) canvas.dot(on_page(dot), layout.disc / dots_a_disc, dot_colour);
  for (const Outline& each : panel.boxes) {
    const Point at = on_page({each.box.x, each.box.y});
    draw_outline(canvas, {at.x, at.y, scale * each.box.width, scale * each.box.height}, each.colour, each.width);
  }
  std::vector<Point> path;
  for (const Point& at : panel.path) path.push_back(on_page(at));
  draw_path(canvas, path, layout.disc);
}

void draw_panel(Canvas& canvas, const ImagePanel& panel, const Layout& layout, size_t index, Point corner) {
  const auto rows = static_cast<int>(panel.image.size(1)), cols = static_cast<int>(panel.image.size(2));
  const Row& row = layout.row_of(index);
  const double scale = layout.scales[index];
  const Box image{corner.x, corner.y, scale * cols, scale * rows};
  canvas.image(image, rows, cols, cells_of(panel));
  canvas.frame(image);
  canvas.clip({image.x - layout.left - 1, image.y - row.top - 1, layout.left + layout.widest + layout.right + 2,
               row.top + image.height + row.bottom + 2});
  draw_over(canvas, panel, layout, image, scale);
  canvas.unclip();

  const std::vector<std::string> titles = wrapped(panel.title, title_size, layout.text_room(), true);
  double y = image.y - row.top - 4 - title_line * (static_cast<double>(titles.size()) - 0.5);  // the last line is low
  for (const std::string& line : titles) {
    canvas.text(line, {image.x, y}, {.size = title_size, .bold = true, .colour = title_colour});
    y += title_line;
  }
  y = image.y + image.height + row.bottom + 2 + note_line / 2;
  for (const std::string& line : wrapped(panel.note, note_size, layout.text_room())) {
    canvas.text(line, {image.x, y}, {.size = note_size});
    y += note_line;
  }
}

Canvas drawn(const ImagePicture& picture, const Layout& layout) {
  std::vector<Room> rooms;
  for (size_t i = 0; i < picture.panels.size(); ++i) {
    const Row& row = layout.row_of(i);
    const Box image = size_of(picture.panels[i], layout.scales[i]);
    rooms.push_back({.left = layout.left,
                     .width = image.width,
                     .right = layout.text_room() - image.width,
                     .top = row.top + (row.title > 0 ? row.title + 4 : 0),
                     .height = image.height,
                     .bottom = row.bottom + (row.note > 0 ? std::ceil(row.note) + 4 : 0)});
  }
  return draw_panels({.title = elided(picture.title, page_title_size, page_width - 2 * page_margin, true),
                      .columns = static_cast<int>(layout.columns),
                      .gap = gap,
                      .width = layout.width},
                     rooms,
                     [&](Canvas& canvas, size_t i, Point at) { draw_panel(canvas, picture.panels[i], layout, i, at); });
}

}  // namespace

void write_picture(const std::filesystem::path& file, const ImagePicture& picture) {
  check({picture});
  write_text(file, drawn(picture, measure({picture})).png());
}

void write_animation(const std::filesystem::path& file, const std::vector<ImagePicture>& frames,
                     double seconds_a_frame) {
  std::vector<Pixels> pixels;
  if (!frames.empty()) {
    check(frames);
    const Layout layout = measure(frames);
    for (const ImagePicture& frame : frames) pixels.push_back(drawn(frame, layout).pixels());
  }
  write_text(file, gif(pixels, seconds_a_frame));
}

}  // namespace fovea::examples
