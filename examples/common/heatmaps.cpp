// Heatmaps: measure every panel so that the page keeps to its width, then draw. What neighbours have alike (the words
// of an axis, the colours) is drawn once.
#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "examples/common/panels.h"
#include "examples/common/picture.h"
#include "examples/common/ticks.h"

namespace fovea::examples {
namespace {

constexpr double page_width = 760, largest = 1600;  // points; what labels may make of it, in both directions
constexpr double title_size = 12.5, note_size = 10.5, least_size = 9;
constexpr double longest_label = 110, short_label = 12;  // what is wider than both a cell and this is turned
constexpr double bar_gap = 16, bar_width = 10;
constexpr double slant = 50, upwards = 90;  // degrees of turned labels
constexpr Point gap{14, 10};
constexpr Colour nan_colour{0.62, 0.62, 0.62}, wrong_colour{0.75, 0.10, 0.06};

struct Colours {
  ValueRange range;
  bool diverging = false;
  std::vector<Tick> ticks{};

  bool operator==(const Colours& other) const {
    return range.low == other.range.low && range.high == other.range.high && diverging == other.diverging;
  }
  Colour of(float value) const {
    if (std::isnan(value)) return nan_colour;
    if (diverging) return diverging_colour(value / std::max(-range.low, range.high));
    return sequential_colour((value - range.low) / (range.high - range.low));
  }
};

// The labels of one axis.
struct Marks {
  bool drawn = true;  // here, not at a neighbour
  double size = text_size;
  int64_t step = 1;  // every how many rows or columns there is one
  double longest = 0;
  double turn = 0;        // degrees
  bool turn_all = false;  // else those that are wider than a cell
};

struct Layout : Room {
  double cell_width = 0, cell_height = 0;
  Marks rows, columns;
  std::vector<std::string> titles{}, notes{};  // lines
};

void check(const Heatmap& panel) {
  check_grid(panel.grid, "heatmap '" + panel.title + "'");
  const auto fits = [](const auto& labels, int64_t count) {
    return labels.empty() || static_cast<int64_t>(labels.size()) == count;
  };
  if (!fits(panel.row_labels, panel.grid.rows) || !fits(panel.column_labels, panel.grid.cols) ||
      !fits(panel.wrong_rows, panel.grid.rows))
    throw ShapeError(fmt::format(
        "heatmap '{}': {} row labels, {} marks of wrong rows and {} column labels for {} rows x {} columns; need one "
        "each or none",
        panel.title, panel.row_labels.size(), panel.wrong_rows.size(), panel.column_labels.size(), panel.grid.rows,
        panel.grid.cols));
}

std::string label(const std::vector<std::string>& labels, int64_t index, double room = longest_label) {
  return labels.empty() ? std::to_string(index) : elided(labels[static_cast<size_t>(index)], text_size, room);
}

std::vector<double> widths(const std::vector<std::string>& labels, int64_t count, double room = longest_label) {
  if (labels.empty()) return {text_width(std::to_string(std::max<int64_t>(0, count - 1)), text_size)};
  std::vector<double> widths;
  for (int64_t i = 0; i < count; ++i) widths.push_back(text_width(label(labels, i, room), text_size));
  return widths;
}

double longest(const std::vector<double>& widths) {
  return widths.empty() ? 0 : *std::max_element(widths.begin(), widths.end());
}

// The least number of rows or columns between two labels.
double distance(const std::vector<std::string>& labels) {
  size_t least = labels.size(), last = labels.size();
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty()) continue;
    if (last < i) least = std::min(least, i - last);
    last = i;
  }
  return static_cast<double>(std::max<size_t>(1, least));
}

// --- Colours ---------------------------------------------------------------------------------------------------------

Colours colours_of(ValueRange range, bool given) {
  Colours colours{.range = range, .diverging = range.low < 0};
  if (!given && colours.diverging) {
    colours.range.high = std::max(-range.low, range.high);
    colours.range.low = -colours.range.high;
  }
  if (!given && !colours.diverging) colours.range.low = 0;
  if (!(colours.range.high > colours.range.low)) colours.range.high = colours.range.low + 1;
  const float low = colours.range.low, high = colours.range.high;
  colours.ticks = linear_ticks(low, high, 6);
  if (colours.ticks.size() < 2)
    colours.ticks = {{low, fmt::format("{:.3g}", low)}, {high, fmt::format("{:.3g}", high)}};
  return colours;
}

std::vector<Colours> colours_of(const std::vector<Heatmap>& panels) {
  std::optional<ValueRange> common;
  for (const Heatmap& panel : panels) {
    if (panel.range) continue;
    const ValueRange own = value_range(panel.grid);
    common = common ? ValueRange{std::min(common->low, own.low), std::max(common->high, own.high)} : own;
  }
  std::vector<Colours> colours;
  for (const Heatmap& panel : panels)
    colours.push_back(colours_of(panel.range ? *panel.range : *common, panel.range.has_value()));
  return colours;
}

double bar_room(const std::vector<Colours>& colours) {
  double width = 0;
  for (const Colours& each : colours)
    for (const Tick& tick : each.ticks) width = std::max(width, text_width(tick.text, text_size));
  return bar_gap + bar_width + 6 + width;
}

// --- Layout ----------------------------------------------------------------------------------------------------------

bool many_are_wide(const std::vector<double>& widths) {
  return 8 * std::count_if(widths.begin(), widths.end(), [](double width) { return width > short_label; }) >
         static_cast<std::ptrdiff_t>(widths.size());
}

// How wide the cells must be for the labels of their columns; a few long ones find room above short neighbours.
double needed(const Heatmap& panel) {
  if (panel.column_labels.empty()) return 0;
  const std::vector<double> each = widths(panel.column_labels, panel.grid.cols);
  double least = many_are_wide(each) ? least_size : 0;
  for (const double width : each)
    if (width <= short_label) least = std::max(least, width * least_size / text_size + 1.5);
  return least / distance(panel.column_labels);
}

// Cells are square where there is room, and at most four times as wide as high.
void choose_cells(const Heatmap& panel, double room, size_t down, Layout& layout) {
  const auto rows = static_cast<double>(std::max<int64_t>(1, panel.grid.rows));
  const auto cols = static_cast<double>(std::max<int64_t>(1, panel.grid.cols));
  const double greatest = down > 3 ? 22 : 30, most_height = down == 1 ? 420 : 230;
  double& width = layout.cell_width;
  double& height = layout.cell_height;
  width = std::min(greatest, room / cols);
  const double least = panel.row_labels.empty() ? 0 : (least_size + 1) / distance(panel.row_labels);
  const double low = std::min(std::max(least, std::min(24.0, 70 / rows)), largest / rows),
               high = std::max(low, most_height / rows);
  height = std::clamp(width, low, high);
  width = std::min(width, std::max({4 * height, 180 / cols, needed(panel)}));
  if (width > 14 && height > 14) width = height = std::min(width, height);
}

int64_t step_of(const std::vector<std::string>& labels, double cell, double room) {
  const double least = std::max(1.0, room / cell);
  if (labels.empty()) return static_cast<int64_t>(nice_step(least));
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(least / distance(labels) - 0.15)));
}

void choose_row_marks(const Heatmap& panel, Layout& layout) {
  layout.rows.size = panel.row_labels.empty() ? text_size : std::clamp(layout.cell_height, least_size, text_size);
  layout.rows.step = step_of(panel.row_labels, layout.cell_height, panel.row_labels.empty() ? 15 : layout.rows.size);
}

// Upright where they fit; a few long ones among short ones read upwards, many are slanted, or read upwards where even
// that is too wide.
void choose_column_marks(const Heatmap& panel, Layout& layout) {
  Marks& marks = layout.columns;
  const double cell = layout.cell_width;
  const std::vector<double> each = widths(panel.column_labels, panel.grid.cols);
  marks.longest = longest(each);
  double below = 14;
  if (panel.column_labels.empty()) {
    marks.step = step_of({}, cell, marks.longest + 16);
  } else {
    double upright = 1;
    size_t wide = 0;
    for (const double width : each) {
      if (width > std::max(cell, short_label))
        ++wide;
      else
        upright = std::max(upright, width);
    }
    marks.turn_all = 8 * wide > each.size();
    marks.turn = wide == 0 ? 0 : marks.turn_all && cell >= 13 ? slant : upwards;
    marks.size = std::clamp(marks.turn_all ? cell : text_size * (cell - 1) / upright, least_size, text_size);
    marks.step = step_of(panel.column_labels, cell, marks.turn_all ? marks.size : upright * marks.size / text_size);
    if (marks.turn > 0) below = marks.longest * std::sin(marks.turn * std::acos(-1.0) / 180) + 8;
    if (marks.turn == slant)
      layout.left = std::max(layout.left, marks.longest * std::cos(slant * std::acos(-1.0) / 180) - cell / 2);
  }
  layout.bottom = marks.drawn ? 8 + below + (panel.column_title.empty() ? 0 : 17) : 6;
}

bool same_rows(const Heatmap& a, const Heatmap& b) {
  return a.grid.rows == b.grid.rows && a.row_labels == b.row_labels && a.row_title == b.row_title &&
         a.wrong_rows == b.wrong_rows;
}

bool same_columns(const Heatmap& a, const Heatmap& b) {
  return a.grid.cols == b.grid.cols && a.column_labels == b.column_labels &&
         (a.column_title == b.column_title || a.column_title.empty());
}

struct Measured {
  size_t columns = 1;  // panels a row
  double beside = 0;
  std::vector<Colours> colours{};
  std::vector<Layout> layouts{};
};

// What stands to the left of every panel; returns the room for the cells of one.
double measure_rows(const std::vector<Heatmap>& panels, Measured& page) {
  page.layouts.assign(panels.size(), {});
  std::vector<double> sides(page.columns, 0);
  for (size_t i = 0; i < panels.size(); ++i) {
    const Heatmap& panel = panels[i];
    Layout& layout = page.layouts[i];
    layout.rows.drawn = i % page.columns == 0 || !same_rows(panel, panels[i - 1]);
    layout.rows.longest = longest(widths(panel.row_labels, panel.grid.rows, panel.row_room));
    if (layout.rows.drawn) layout.left = layout.rows.longest + 8 + (panel.row_title.empty() ? 0 : 20);
    sides[i % page.columns] = std::max(sides[i % page.columns], layout.left);
  }
  const double left = std::accumulate(sides.begin(), sides.end(), 0.0);
  const auto across = static_cast<double>(std::min(page.columns, std::max<size_t>(1, panels.size())));
  return (page_width - 2 * page_margin - page.beside - (across - 1) * gap.x - left) / across;
}

Measured measure(const HeatmapPicture& picture) {
  const std::vector<Heatmap>& panels = picture.panels;
  double need = 0;
  for (const Heatmap& panel : panels) {
    check(panel);
    need = std::max(need, needed(panel) * static_cast<double>(panel.grid.cols));
  }
  Measured page{.columns = static_cast<size_t>(std::clamp(picture.columns, 1, 64)), .colours = colours_of(panels)};
  page.beside = bar_room(page.colours);
  double room = measure_rows(panels, page);
  while (page.columns > 1 && room < std::max(need, 100.0)) {
    page.columns = (page.columns + 1) / 2;
    room = measure_rows(panels, page);
  }
  room = std::max(room, std::min(need, largest));

  const size_t down = (panels.size() + page.columns - 1) / page.columns;
  for (size_t i = 0; i < panels.size(); ++i) {
    choose_cells(panels[i], room, down, page.layouts[i]);
    for (size_t above = i % page.columns; above < i; above += page.columns) {
      if (panels[above].grid.cols != panels[i].grid.cols) continue;
      double &a = page.layouts[above].cell_width, &b = page.layouts[i].cell_width;
      a = b = std::min(a, b);
    }
  }
  for (size_t i = 0; i < panels.size(); ++i) {
    const Heatmap& panel = panels[i];
    Layout& layout = page.layouts[i];
    const size_t below = i + page.columns;
    layout.columns.drawn = below >= panels.size() || !same_columns(panel, panels[below]);
    layout.width = layout.cell_width * static_cast<double>(std::max<int64_t>(1, panel.grid.cols));
    layout.height = layout.cell_height * static_cast<double>(std::max<int64_t>(1, panel.grid.rows));
    choose_row_marks(panel, layout);
    choose_column_marks(panel, layout);
    layout.titles = wrapped(panel.title, title_size, room, true);
    layout.notes = wrapped(panel.note, note_size, room, false);
    layout.top = 4 + 17 * static_cast<double>(layout.titles.size()) + 14 * static_cast<double>(layout.notes.size());
    for (const std::string& line : layout.titles)
      layout.right = std::max(layout.right, text_width(line, title_size, true) - layout.width);
    for (const std::string& line : layout.notes)
      layout.right = std::max(layout.right, text_width(line, note_size) - layout.width);
  }
  return page;
}

// --- Drawing ---------------------------------------------------------------------------------------------------------

void draw_cells(Canvas& canvas, const Grid& grid, const Box& box, const Colours& colours) {
  const Grid small = pooled(grid, static_cast<int64_t>(box.height * Canvas::pixels_per_point),
                            static_cast<int64_t>(box.width * Canvas::pixels_per_point));
  std::vector<Colour> cells;
  cells.reserve(small.values.size());
  for (const float value : small.values) cells.push_back(colours.of(value));
  canvas.image(box, static_cast<int>(small.rows), static_cast<int>(small.cols), cells);
  canvas.frame(box);
}

void draw_row_marks(Canvas& canvas, const Heatmap& panel, const Box& box, const Layout& layout) {
  for (int64_t row = 0; row < panel.grid.rows; row += layout.rows.step) {
    const std::string text = label(panel.row_labels, row, panel.row_room);
    if (text.empty()) continue;
    const double y = box.y + (static_cast<double>(row) + 0.5) * layout.cell_height;
    const bool wrong = !panel.wrong_rows.empty() && panel.wrong_rows[static_cast<size_t>(row)];
    canvas.line({box.x - 3, y}, {box.x, y}, frame_colour, 0.75);
    TextStyle style{.size = layout.rows.size, .align = Align::right};
    if (wrong) style.colour = wrong_colour;
    canvas.text(text, {box.x - 6, y}, style);
  }
  canvas.text(panel.row_title, {box.x - layout.rows.longest - 18, box.y + box.height / 2},
              {.size = text_size, .align = Align::centre, .angle = 90});
}

void draw_column_marks(Canvas& canvas, const Heatmap& panel, const Box& box, const Layout& layout) {
  const Marks& marks = layout.columns;
  const double below = box.y + box.height;
  for (int64_t col = 0; col < panel.grid.cols; col += marks.step) {
    const double x = box.x + (static_cast<double>(col) + 0.5) * layout.cell_width;
    const std::string text = label(panel.column_labels, col);
    if (text.empty()) continue;
    canvas.line({x, below}, {x, below + 3}, frame_colour, 0.75);
    const bool turned =
        marks.turn > 0 && (marks.turn_all || text_width(text, text_size) > std::max(layout.cell_width, short_label));
    if (turned)
      canvas.text(text, {x + (marks.turn == slant ? 3 : 0), below + 7},
                  {.size = marks.size, .align = Align::right, .angle = marks.turn});
    else
      canvas.text(text, {x, below + 11}, {.size = marks.size, .align = Align::centre});
  }
  canvas.text(panel.column_title, {box.x + box.width / 2, below + layout.bottom - 8},
              {.size = text_size, .align = Align::centre});
}

void draw_panel(Canvas& canvas, const Heatmap& panel, const Layout& layout, const Colours& colours, Point corner) {
  const Box box{corner.x, corner.y, layout.width, layout.height};
  draw_cells(canvas, panel.grid, box, colours);
  if (layout.rows.drawn) draw_row_marks(canvas, panel, box, layout);
  if (layout.columns.drawn) draw_column_marks(canvas, panel, box, layout);
  double y = box.y - layout.top + 9;
  for (const std::string& line : layout.titles) {
    canvas.text(line, {box.x, y}, {.size = title_size, .bold = true, .colour = title_colour});
    y += 17;
  }
  for (const std::string& line : layout.notes) {
    canvas.text(line, {box.x, y - 2}, {.size = note_size});
    y += 14;
  }
}

void draw_bar(Canvas& canvas, const Box& bar, const Colours& colours) {
  constexpr int shades = 128;
  const float low = colours.range.low, size = colours.range.high - low;
  std::vector<Colour> cells;
  for (int i = 0; i < shades; ++i)
    cells.push_back(colours.of(low + size * (1 - (static_cast<float>(i) + 0.5F) / shades)));
  canvas.image(bar, shades, 1, cells);
  canvas.frame(bar);
  const size_t every = bar.height < 60 ? std::max<size_t>(1, colours.ticks.size() - 1) : 1;  // a low one: both ends
  for (size_t i = 0; i < colours.ticks.size(); i += every) {
    const double y = bar.y + bar.height * (1 - (colours.ticks[i].value - low) / size);
    canvas.line({bar.x + bar.width, y}, {bar.x + bar.width + 3, y}, frame_colour, 0.75);
    canvas.text(colours.ticks[i].text, {bar.x + bar.width + 6, y}, {.size = text_size});
  }
}

// Rows of panels whose first has the same colours have one bar.
void draw_bars(Canvas& canvas, const Measured& page, const std::vector<Box>& rows) {
  for (size_t first = 0, next = 0; first < rows.size(); first = next) {
    const Colours& colours = page.colours[first * page.columns];
    while (next < rows.size() && page.colours[next * page.columns] == colours) ++next;
    const double height = rows[next - 1].y + rows[next - 1].height - rows[first].y;
    draw_bar(canvas,
             {rows[first].x + bar_gap, rows[first].y, bar_width, std::min(std::max(240.0, rows[first].height), height)},
             colours);
  }
}

}  // namespace

void write_picture(const std::filesystem::path& file, const HeatmapPicture& picture) {
  const Measured page = measure(picture);
  write_panels(
      file, {.title = picture.title, .columns = static_cast<int>(page.columns), .gap = gap, .beside = page.beside},
      {page.layouts.begin(), page.layouts.end()},
      [&](Canvas& canvas, size_t i, Point at) {
        draw_panel(canvas, picture.panels[i], page.layouts[i], page.colours[i], at);
      },
      [&](Canvas& canvas, const std::vector<Box>& rows) { draw_bars(canvas, page, rows); });
}

}  // namespace fovea::examples
