// Line charts: choose the axes, draw the grid lines, the series and the legend.
#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "examples/common/canvas.h"
#include "examples/common/picture.h"
#include "examples/common/ticks.h"

namespace fovea::examples {
namespace {

constexpr double plot_width = 640;
constexpr double plot_height = 300;
constexpr Colour grid_colour{0.90, 0.91, 0.92};

struct Axis {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  bool logarithmic = false;

  bool holds(double value) const { return std::isfinite(value) && (!logarithmic || value > 0); }
  void include(double value) {
    if (!holds(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double share(double value) const {
    if (logarithmic) return std::log(value / low) / std::log(high / low);
    return (value - low) / (high - low);
  }
};

void check(const LineChart& chart) {
  for (const Series& series : chart.series) {
    if (series.x.size() == series.y.size()) continue;
    throw ShapeError(fmt::format("line chart '{}': series '{}' has {} x and {} y values; need as many of each",
                                 chart.title, series.name, series.x.size(), series.y.size()));
  }
  if (!(chart.smoothing >= 0 && chart.smoothing < 1)) {
    throw ValueError(
        fmt::format("line chart '{}': smoothing is {}; need 0 <= smoothing < 1", chart.title, chart.smoothing));
  }
}

Axis x_axis(const LineChart& chart) {
  Axis axis;
  for (const Series& series : chart.series) {
    for (const double x : series.x) axis.include(x);
  }
  if (axis.low > axis.high) axis.low = 0, axis.high = 1;
  if (axis.low == axis.high) axis.low -= 0.5, axis.high += 0.5;
  if (axis.low > 0 && axis.low < 0.1 * axis.high) axis.low = 0;
  if (chart.points) {
    const double beside = 0.03 * (axis.high - axis.low);  // no point stands on the labels of the other axis
    axis.low -= beside, axis.high += beside;
    return axis;
  }
  const double step = nice_step((axis.high - axis.low) / 8);
  const double next = std::ceil(axis.high / step) * step;
  if (next - axis.high < 0.02 * (axis.high - axis.low)) axis.high = next;  // steps 0 to 19,999 end at the tick 20k
  return axis;
}

Axis y_axis(const LineChart& chart) {
  Axis axis{.logarithmic = chart.log_y};
  for (const Series& series : chart.series) {
    for (const double y : series.y) axis.include(y);
  }
  if (chart.y_low && axis.holds(*chart.y_low)) axis.low = *chart.y_low;
  if (chart.y_high && axis.holds(*chart.y_high)) axis.high = *chart.y_high;
  if (axis.low > axis.high) axis.low = chart.log_y ? 0.1 : 0, axis.high = 1;
  if (chart.log_y) {
    if (axis.high < 1.5 * axis.low) axis.low /= 2, axis.high *= 2;
    return axis;
  }
  if (!chart.y_low && axis.low > 0 && axis.low < 0.5 * axis.high) axis.low = 0;  // show the zero when it is near
  if (axis.low == axis.high) axis.low -= 0.5, axis.high += 0.5;
  const double step = nice_step((axis.high - axis.low) / 5);
  if (!chart.y_low) axis.low = std::floor(axis.low / step + 1e-9) * step;
  if (!chart.y_high) axis.high = std::ceil(axis.high / step - 1e-9) * step;
  return axis;
}

struct Plot {
  Box box;
  Axis x;
  Axis y;
  Point at(double to_x, double to_y) const {
    return {box.x + box.width * x.share(to_x), box.y + box.height * (1 - y.share(to_y))};
  }
};

void draw_axes(Canvas& canvas, const Plot& plot, const LineChart& chart, const std::vector<Tick>& y_ticks) {
  const Box& box = plot.box;
  const double below = box.y + box.height;
  for (const Tick& tick : y_ticks) {
    const double y = plot.at(plot.x.low, tick.value).y;
    canvas.line({box.x, y}, {box.x + box.width, y}, grid_colour, 0.75);
    canvas.text(tick.text, {box.x - 7, y}, {.size = text_size, .align = Align::right});
  }
  canvas.line({box.x, below}, {box.x + box.width, below}, frame_colour, 1);
  for (const Tick& tick : linear_ticks(plot.x.low, plot.x.high)) {
    const double x = plot.at(tick.value, plot.y.low).x;
    canvas.line({x, below}, {x, below + 4}, frame_colour, 1);
    canvas.text(tick.text, {x, below + 13}, {.size = text_size, .align = Align::centre});
  }
  canvas.text(chart.x_title, {box.x + box.width / 2, below + 31}, {.size = text_size, .align = Align::centre});
}

// The line in unbroken pieces; within one pixel column of a long series only the first, least, greatest and last point.
void draw_line(Canvas& canvas, const Plot& plot, const Series& series, const std::vector<double>& y,
               const Colour& colour, double width, double opacity) {
  std::vector<Point> piece;
  const auto flush = [&] {
    if (piece.size() > 1) canvas.polyline(piece, colour, width, opacity);
    piece.clear();
  };
  size_t column_start = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    if (!std::isfinite(series.x[i]) || !plot.y.holds(y[i])) {
      flush();
      column_start = 0;
      continue;
    }
    const Point point = plot.at(series.x[i], y[i]);
    const auto column = [](double x) { return std::floor(x * Canvas::pixels_per_point); };
    if (piece.empty() || column(piece[column_start].x) != column(point.x)) column_start = piece.size();
    if (piece.size() - column_start == 4) {
      const auto inner = piece.begin() + static_cast<std::ptrdiff_t>(column_start) + 1;
      const auto [top, bottom] = std::minmax({inner[0].y, inner[1].y, inner[2].y, point.y});
      inner[0].y = top;
      inner[1].y = bottom;
      inner[2] = point;
      continue;
    }
    piece.push_back(point);
  }
  flush();
}

// A dot; of a further series a ring around it, so that equal values stay visible.
void draw_point(Canvas& canvas, Point at, size_t series, bool large) {
  const Colour colour = series_colour(static_cast<int>(series));
  if (!large || series == 0) return canvas.dot(at, large ? 4 : 2.6, colour);
  canvas.ring(at, 4 + 2.5 * static_cast<double>(series), colour);
}

void draw_series(Canvas& canvas, const Plot& plot, const LineChart& chart) {
  const double beyond = chart.points ? 16 : 4;
  canvas.clip({plot.box.x - beyond, plot.box.y - beyond, plot.box.width + 2 * beyond, plot.box.height + 2 * beyond});
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    const Colour colour = series_colour(static_cast<int>(i));
    if (chart.points || chart.smoothing > 0) draw_line(canvas, plot, series, series.y, colour, 0.8, 0.3);
    if (!chart.points)
      draw_line(canvas, plot, series, running_mean(series.y, chart.smoothing, chart.log_y), colour, 1.8, 1);
    if (!chart.points && series.x.size() > 40) continue;
    for (size_t k = 0; k < series.x.size(); ++k) {
      const bool inside = std::isfinite(series.x[k]) && plot.y.holds(series.y[k]);
      if (inside) draw_point(canvas, plot.at(series.x[k], series.y[k]), i, chart.points);
    }
  }
  canvas.unclip();
}

// Returns the height taken: names flow over as many lines as they need.
double legend(Canvas* canvas, const LineChart& chart, Point corner) {
  if (chart.series.size() < 2) return 0;
  Point at = corner;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const std::string name = elided(chart.series[i].name, text_size, 300);
    const double width = 22 + text_width(name, text_size) + 18;
    if (at.x > corner.x && at.x + width > corner.x + plot_width) at = {corner.x, at.y + 17};
    if (canvas != nullptr) {
      if (chart.points) draw_point(*canvas, {at.x + 8, at.y}, i, true);
      if (!chart.points) canvas->line({at.x, at.y}, {at.x + 16, at.y}, series_colour(static_cast<int>(i)), 2.4);
      canvas->text(name, {at.x + 22, at.y}, {.size = text_size});
    }
    at.x += width;
  }
  return at.y - corner.y + 22;
}

}  // namespace

std::vector<double> running_mean(const std::vector<double>& values, double smoothing, bool logarithms) {
  const auto count = static_cast<std::ptrdiff_t>(values.size());
  const auto most = static_cast<std::ptrdiff_t>(std::lround(smoothing / (1 - smoothing)));
  const auto at = [&](std::ptrdiff_t i) {
    const double value = values[static_cast<size_t>(i)];
    return logarithms ? std::log(value) : value;
  };
  std::vector<double> means;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const std::ptrdiff_t beside = std::min({i, count - 1 - i, most});
    double sum = 0, known = 0;
    for (std::ptrdiff_t k = i - beside; k <= i + beside; ++k)
      if (const double value = at(k); std::isfinite(value)) sum += value, ++known;
    const double mean = logarithms ? std::exp(sum / known) : sum / known;
    means.push_back(std::isfinite(at(i)) ? mean : values[static_cast<size_t>(i)]);
  }
  return means;
}

void write_picture(const std::filesystem::path& file, const LineChart& chart) {
  check(chart);
  Plot plot{.box = {}, .x = x_axis(chart), .y = y_axis(chart)};
  const std::vector<Tick> y_ticks =
      chart.log_y ? log_ticks(plot.y.low, plot.y.high) : linear_ticks(plot.y.low, plot.y.high);
  double labels = 0;
  for (const Tick& tick : y_ticks) labels = std::max(labels, text_width(tick.text, text_size));

  // The name of the vertical axis stands level above it: it is read without turning the head.
  const double left = page_margin + labels + 8;
  const double titles = (chart.title.empty() ? 0 : 26) + (chart.y_title.empty() ? 0 : 20);
  const double top = page_margin + titles + legend(nullptr, chart, {left, 0});
  plot.box = {left, top, plot_width, plot_height};
  Canvas canvas(left + plot_width + page_margin + 12, top + plot_height + 42 + page_margin - 8);

  double y = page_margin;
  canvas.text(elided(chart.title, 15, plot_width), {page_margin, y + 6},
              {.size = 15, .bold = true, .colour = title_colour});
  y += chart.title.empty() ? 0 : 26;
  y += legend(&canvas, chart, {page_margin, y + 6});
  canvas.text(chart.y_title, {page_margin, y + 2}, {.size = text_size});
  draw_axes(canvas, plot, chart, y_ticks);
  draw_series(canvas, plot, chart);
  write_text(file, canvas.png());
}

}  // namespace fovea::examples
