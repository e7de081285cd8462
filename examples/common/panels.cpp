// Pictures of panels: measure every panel, place them in a grid, draw. Heatmaps, then point plots: a square with axes,
// a closed line, the points and their numbers.
#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "examples/common/canvas.h"
#include "examples/common/picture.h"
#include "examples/common/ticks.h"

namespace fovea::examples {
namespace {

constexpr double title_size = 12.5;
constexpr double line_height = 14;
constexpr double longest_label = 110;
constexpr double bar_gap = 16;
constexpr double bar_width = 10;
constexpr double slant = 50;  // degrees of turned column labels
constexpr Colour nan_colour{0.62, 0.62, 0.62};
constexpr double side = 230;  // of a square
constexpr double inset = 18;  // room for the numbers of points at the edge
constexpr Colour point_colour{0.20, 0.22, 0.25};

// The room that a panel needs for its cells, and around them.
struct Room {
  double left = 0, width = 0, right = 0;
  double top = 0, height = 0, bottom = 0;
};

// Room of a column or row of panels: before the cells, the cells, after them.
struct Band {
  double before = 0, cells = 0, after = 0;
  double size() const { return before + cells + after; }
};

void widen(Band& band, double before, double cells, double after) {
  band.before = std::max(band.before, before);
  band.after = std::max(band.cells + band.after, cells + after);
  band.cells = std::max(band.cells, cells);
  band.after -= band.cells;
}

// Draws each panel at the corner of its cells; `gap` parts the panels.
void write_panels(const std::filesystem::path& file, const std::string& title, int most, const std::vector<Room>& rooms,
                  Point gap, const std::function<void(Canvas&, size_t panel, Point corner)>& draw) {
  const size_t columns = static_cast<size_t>(std::clamp<int>(most, 1, 64));
  std::vector<Band> across(std::min(columns, std::max<size_t>(1, rooms.size())));
  std::vector<Band> down((rooms.size() + columns - 1) / columns);
  for (size_t i = 0; i < rooms.size(); ++i) {
    widen(across[i % columns], rooms[i].left, rooms[i].width, rooms[i].right);
    widen(down[i / columns], rooms[i].top, rooms[i].height, rooms[i].bottom);
  }
  const double first = page_margin + (title.empty() ? 0 : 28);
  double width = 2 * page_margin + gap.x * static_cast<double>(across.size() - 1);
  double height = first + page_margin;
  for (const Band& band : across) width += band.size();
  for (const Band& band : down) height += band.size() + (&band == &down.back() ? 0 : gap.y);

  Canvas canvas(std::max(width, 2 * page_margin + text_width(title, 15, true)), height);
  canvas.text(title, {page_margin, page_margin + 8}, {.size = 15, .bold = true, .colour = title_colour});
  Point corner{page_margin, first};
  for (size_t i = 0; i < rooms.size(); ++i) {
    const Band &column = across[i % columns], &row = down[i / columns];
    if (i % columns == 0) corner.x = page_margin;
    draw(canvas, i, {corner.x + column.before, corner.y + row.before});
    corner.x += column.size() + gap.x;
    if (i % columns == columns - 1) corner.y += row.size() + gap.y;
  }
  write_text(file, canvas.png());
}

// A heatmap's room, its colours and the marks on its axes.
struct Layout : Room {
  ValueRange range;
  bool diverging = false;
  int64_t row_step = 1, column_step = 1;  // every how many rows and columns there is a mark
  bool turned = false;                    // column labels
  std::vector<Tick> bar_ticks;
};

void check(const Heatmap& panel) {
  check_grid(panel.grid, "heatmap '" + panel.title + "'");
  const auto fits = [](const auto& labels, int64_t count) {
    return labels.empty() || static_cast<int64_t>(labels.size()) == count;
  };
  if (fits(panel.row_labels, panel.grid.rows) && fits(panel.column_labels, panel.grid.cols)) return;
  throw ShapeError(
      fmt::format("heatmap '{}': {} row labels and {} column labels for {} rows x {} columns; need one each "
                  "or none",
                  panel.title, panel.row_labels.size(), panel.column_labels.size(), panel.grid.rows, panel.grid.cols));
}

std::string label(const std::vector<std::string>& labels, int64_t index) {
  return labels.empty() ? std::to_string(index) : elided(labels[static_cast<size_t>(index)], text_size, longest_label);
}

double widest(const std::vector<std::string>& labels, int64_t count) {
  if (labels.empty()) return text_width(std::to_string(std::max<int64_t>(0, count - 1)), text_size);
  double width = 0;
  for (int64_t i = 0; i < count; ++i) width = std::max(width, text_width(label(labels, i), text_size));
  return width;
}

// Cells are square where there is room; long inputs get oblong ones, at most four to one.
void choose_cells(const Grid& grid, int columns, Layout& layout) {
  const double rows = static_cast<double>(std::max<int64_t>(1, grid.rows));
  const double cols = static_cast<double>(std::max<int64_t>(1, grid.cols));
  const double most_width = columns == 1 ? 760 : std::max(150.0, 820.0 / columns);
  const double most_height = columns == 1 ? 420 : std::max(150.0, 640.0 / columns);
  double cell_width = std::min(30.0, most_width / cols);
  double cell_height = std::min(30.0, most_height / rows);
  cell_width = std::min(cell_width, std::max(4 * cell_height, 180 / cols));
  cell_height = std::min(cell_height, std::max(2 * cell_width, 140 / rows));
  if (cell_width > 14 && cell_height > 14) cell_width = cell_height = std::min(cell_width, cell_height);
  layout.width = cell_width * cols;
  layout.height = cell_height * rows;
}

void choose_marks(const Heatmap& panel, Layout& layout) {
  const double cell_height = layout.height / static_cast<double>(std::max<int64_t>(1, panel.grid.rows));
  const double cell_width = layout.width / static_cast<double>(std::max<int64_t>(1, panel.grid.cols));
  const double row_labels = widest(panel.row_labels, panel.grid.rows);
  const double column_labels = widest(panel.column_labels, panel.grid.cols);
  const bool numbered = panel.column_labels.empty();
  layout.turned = !numbered && column_labels + 4 > cell_width && column_labels > 14;
  const double column_room = layout.turned ? line_height : column_labels + (numbered ? 16 : 3);
  const auto step = [](double room, double cell, bool numbers) {
    const double least = std::max(1.0, room / cell);
    return static_cast<int64_t>(numbers ? nice_step(least) : std::ceil(least - 0.2));
  };
  layout.row_step =
      step(panel.row_labels.empty() ? 1.6 * line_height : line_height, cell_height, panel.row_labels.empty());
  layout.column_step = step(column_room, cell_width, numbered);

  const double turn = slant * std::acos(-1.0) / 180;
  const double overhang = layout.turned ? column_labels * std::cos(turn) - cell_width / 2 : 0;
  layout.left = std::max(row_labels + 8 + (panel.row_title.empty() ? 0 : 20), overhang);
  layout.top = panel.title.empty() ? 4 : 24;
  layout.bottom =
      8 + (layout.turned ? column_labels * std::sin(turn) + 6 : line_height) + (panel.column_title.empty() ? 0 : 17);
}

void choose_colours(const Heatmap& panel, Layout& layout) {
  layout.range = panel.range.value_or(value_range(panel.grid));
  layout.diverging = layout.range.low < 0;
  if (!panel.range && layout.diverging) {
    layout.range.high = std::max(-layout.range.low, layout.range.high);
    layout.range.low = -layout.range.high;
  }
  if (!panel.range && !layout.diverging) layout.range.low = 0;
  if (!(layout.range.high > layout.range.low)) layout.range.high = layout.range.low + 1;
  const int count = std::clamp(static_cast<int>(layout.height / 28), 1, 5);
  layout.bar_ticks = linear_ticks(layout.range.low, layout.range.high, count);
  if (layout.bar_ticks.size() < 2) {
    layout.bar_ticks = {{layout.range.low, fmt::format("{:.3g}", layout.range.low)},
                        {layout.range.high, fmt::format("{:.3g}", layout.range.high)}};
  }
  double width = 0;
  for (const Tick& tick : layout.bar_ticks) width = std::max(width, text_width(tick.text, text_size));
  layout.right = bar_gap + bar_width + 6 + width + 2;
}

Layout measure(const Heatmap& panel, int columns) {
  check(panel);
  Layout layout;
  choose_cells(panel.grid, columns, layout);
  choose_marks(panel, layout);
  choose_colours(panel, layout);
  const double title = text_width(panel.title, title_size, true);
  layout.right = std::max(layout.right, title - layout.width);
  return layout;
}

Colour cell_colour(float value, const Layout& layout) {
  if (std::isnan(value)) return nan_colour;
  if (layout.diverging) return diverging_colour(value / std::max(-layout.range.low, layout.range.high));
  return sequential_colour((value - layout.range.low) / (layout.range.high - layout.range.low));
}

void draw_cells(Canvas& canvas, const Grid& grid, const Box& box, const Layout& layout) {
  const Grid small = pooled(grid, static_cast<int64_t>(box.height * Canvas::pixels_per_point),
                            static_cast<int64_t>(box.width * Canvas::pixels_per_point));
  std::vector<Colour> colours;
  colours.reserve(small.values.size());
  for (const float value : small.values) colours.push_back(cell_colour(value, layout));
  canvas.image(box, static_cast<int>(small.rows), static_cast<int>(small.cols), colours);
  canvas.frame(box);
}

void draw_marks(Canvas& canvas, const Heatmap& panel, const Box& box, const Layout& layout) {
  const double cell_height = box.height / static_cast<double>(std::max<int64_t>(1, panel.grid.rows));
  const double cell_width = box.width / static_cast<double>(std::max<int64_t>(1, panel.grid.cols));
  for (int64_t row = 0; row < panel.grid.rows; row += layout.row_step) {
    const double y = box.y + (static_cast<double>(row) + 0.5) * cell_height;
    canvas.line({box.x - 3, y}, {box.x, y}, frame_colour, 0.75);
    canvas.text(label(panel.row_labels, row), {box.x - 6, y}, {.size = text_size, .align = Align::right});
  }
  const double below = box.y + box.height;
  for (int64_t col = 0; col < panel.grid.cols; col += layout.column_step) {
    const double x = box.x + (static_cast<double>(col) + 0.5) * cell_width;
    canvas.line({x, below}, {x, below + 3}, frame_colour, 0.75);
    const TextStyle upright{.size = text_size, .align = Align::centre};
    const TextStyle turned{.size = text_size, .align = Align::right, .angle = slant};
    if (layout.turned) canvas.text(label(panel.column_labels, col), {x + 3, below + 8}, turned);
    if (!layout.turned) canvas.text(label(panel.column_labels, col), {x, below + 11}, upright);
  }
}

void draw_bar(Canvas& canvas, const Box& box, const Layout& layout) {
  constexpr int shades = 128;
  std::vector<Colour> colours;
  for (int i = 0; i < shades; ++i) {
    const float share = 1.0F - (static_cast<float>(i) + 0.5F) / shades;
    colours.push_back(cell_colour(layout.range.low + share * (layout.range.high - layout.range.low), layout));
  }
  const Box bar{box.x + box.width + bar_gap, box.y, bar_width, box.height};
  canvas.image(bar, shades, 1, colours);
  canvas.frame(bar);
  for (const Tick& tick : layout.bar_ticks) {
    const double share = (tick.value - layout.range.low) / (layout.range.high - layout.range.low);
    const double y = bar.y + bar.height * (1 - share);
    canvas.line({bar.x + bar.width, y}, {bar.x + bar.width + 3, y}, frame_colour, 0.75);
    canvas.text(tick.text, {bar.x + bar.width + 6, y}, {.size = text_size});
  }
}

void draw_panel(Canvas& canvas, const Heatmap& panel, const Layout& layout, Point corner) {
  const Box box{corner.x, corner.y, layout.width, layout.height};
  draw_cells(canvas, panel.grid, box, layout);
  draw_marks(canvas, panel, box, layout);
  draw_bar(canvas, box, layout);
  canvas.text(panel.title, {box.x, box.y - 13}, {.size = title_size, .bold = true, .colour = title_colour});
  const double marks_left = std::max(widest(panel.row_labels, panel.grid.rows), 0.0);
  canvas.text(panel.row_title, {box.x - marks_left - 20, box.y + box.height / 2},
              {.size = text_size, .align = Align::centre, .angle = 90});
  canvas.text(panel.column_title, {box.x + box.width / 2, box.y + box.height + layout.bottom - 8},
              {.size = text_size, .align = Align::centre});
}

void check(const PointPlot& panel) {
  const auto count = static_cast<int64_t>(panel.x.size());
  if (panel.x.size() != panel.y.size())
    throw ShapeError(fmt::format("point plot '{}': {} x and {} y values; need as many of each", panel.title,
                                 panel.x.size(), panel.y.size()));
  for (const int64_t corner : panel.corners)
    if (corner < 0 || corner >= count)
      throw IndexError(fmt::format("point plot '{}': corner {} of {} points", panel.title, corner, count));
}

// Where the point (x, y) of the unit square stands on the page.
Point at(Point corner, double x, double y) {
  const double size = side - 2 * inset;
  return {corner.x + inset + size * x, corner.y + side - inset - size * y};
}

// Where the number of point i stands: beside it, pushed away by all others, the near ones most.
Point number_at(const std::vector<Point>& points, size_t i) {
  Point away;
  for (const Point& other : points) {
    const double x = points[i].x - other.x, y = points[i].y - other.y, square = std::max(1.0, x * x + y * y);
    away.x += x / square;
    away.y += y / square;
  }
  const double length = std::hypot(away.x, away.y);
  if (length == 0) return {points[i].x, points[i].y - 14};
  return {points[i].x + 14 * away.x / length, points[i].y + 14 * away.y / length};
}

void draw_axes(Canvas& canvas, Point corner) {
  const double bottom = corner.y + side;
  canvas.frame({corner.x, corner.y, side, side});
  for (const Tick& tick : linear_ticks(0, 1, 5)) {
    const Point mark = at(corner, tick.value, tick.value);
    canvas.line({mark.x, bottom}, {mark.x, bottom + 3}, frame_colour, 0.75);
    canvas.text(tick.text, {mark.x, bottom + 11}, {.size = text_size, .align = Align::centre});
    canvas.line({corner.x - 3, mark.y}, {corner.x, mark.y}, frame_colour, 0.75);
    canvas.text(tick.text, {corner.x - 6, mark.y}, {.size = text_size, .align = Align::right});
  }
}

void draw_panel(Canvas& canvas, const PointPlot& panel, Point corner) {
  draw_axes(canvas, corner);
  canvas.text(elided(panel.title, 12.5, side), {corner.x, corner.y - 13},
              {.size = 12.5, .bold = true, .colour = title_colour});
  std::vector<Point> points, line;
  for (size_t i = 0; i < panel.x.size(); ++i) points.push_back(at(corner, panel.x[i], panel.y[i]));
  for (const int64_t i : panel.corners) line.push_back(points[static_cast<size_t>(i)]);
  if (!line.empty()) {
    line.push_back(line.front());
    canvas.polyline(line, series_colour(0), 1.8);
    canvas.dot(line.front(), 7, series_colour(0));
    canvas.dot(line.front(), 5.2, {1, 1, 1});
  }
  for (size_t i = 0; i < points.size(); ++i) {
    canvas.dot(points[i], 2.8, point_colour);
    canvas.text(std::to_string(i), number_at(points, i), {.size = text_size, .align = Align::centre});
  }
}

}  // namespace

void write_picture(const std::filesystem::path& file, const HeatmapPicture& picture) {
  std::vector<Layout> layouts;
  for (const Heatmap& panel : picture.panels) layouts.push_back(measure(panel, std::clamp(picture.columns, 1, 64)));
  write_panels(file, picture.title, picture.columns, {layouts.begin(), layouts.end()}, {22, 10},
               [&](Canvas& canvas, size_t i, Point at) { draw_panel(canvas, picture.panels[i], layouts[i], at); });
}

void write_picture(const std::filesystem::path& file, const PointPicture& picture) {
  for (const PointPlot& panel : picture.panels) check(panel);
  const Room room{.left = 30, .width = side, .right = 10, .top = 26, .height = side, .bottom = 22};
  write_panels(file, picture.title, picture.columns, std::vector<Room>(picture.panels.size(), room), {12, 0},
               [&](Canvas& canvas, size_t i, Point at) { draw_panel(canvas, picture.panels[i], at); });
}

}  // namespace fovea::examples
