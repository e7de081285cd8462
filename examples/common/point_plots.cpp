// Point plots: a square with axes, a closed line, the points and their numbers.
#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <cmath>

#include "examples/common/panels.h"
#include "examples/common/picture.h"
#include "examples/common/ticks.h"

namespace fovea::examples {
namespace {

constexpr double side = 194;  // of a square
constexpr double inset = 18;  // room for the numbers of points at the edge
constexpr Colour point_colour{0.20, 0.22, 0.25};

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
  for (const Tick& tick : linear_ticks(0, 1, 6)) {
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

void write_picture(const std::filesystem::path& file, const PointPicture& picture) {
  for (const PointPlot& panel : picture.panels) check(panel);
  const Room room{.left = 30, .width = side, .right = 10, .top = 26, .height = side, .bottom = 22};
  write_panels(file, {.title = picture.title, .columns = picture.columns, .gap = {12, 0}},
               std::vector<Room>(picture.panels.size(), room),
               [&](Canvas& canvas, size_t i, Point at) { draw_panel(canvas, picture.panels[i], at); });
}

}  // namespace fovea::examples
