// Heatmaps: measure every panel, place them in a grid of panels, draw.
#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <cmath>

#include "examples/common/canvas.h"
#include "examples/common/picture.h"
#include "examples/common/ticks.h"

namespace fovea::examples {
namespace {

constexpr double page_margin = 16;
constexpr double text_size = 10.5;
constexpr double title_size = 12.5;
constexpr double line_height = 14;
constexpr double longest_label = 110;
constexpr double bar_gap = 16;
constexpr double bar_width = 10;
constexpr double slant = 50;  // degrees of turned column labels
constexpr Colour frame_colour{0.55, 0.57, 0.60};
constexpr Colour title_colour{0.08, 0.09, 0.11};
constexpr Colour nan_colour{0.62, 0.62, 0.62};

// A panel's colours, the marks on its axes, and the room that its parts need around the cells.
struct Layout {
  ValueRange range;
  bool diverging = false;
  double width = 0;  // of the cells
  double height = 0;
  int64_t row_step = 1;  // every how many rows and columns there is a mark
  int64_t column_step = 1;
  bool turned = false;  // column labels
  double left = 0;
  double right = 0;
  double top = 0;
  double bottom = 0;
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

void frame(Canvas& canvas, const Box& box) {
  const Point corners[] = {{box.x, box.y},
                           {box.x + box.width, box.y},
                           {box.x + box.width, box.y + box.height},
                           {box.x, box.y + box.height},
                           {box.x, box.y}};
  canvas.polyline(corners, frame_colour, 0.75);
}

void draw_cells(Canvas& canvas, const Grid& grid, const Box& box, const Layout& layout) {
  const Grid small = pooled(grid, static_cast<int64_t>(box.height * Canvas::pixels_per_point),
                            static_cast<int64_t>(box.width * Canvas::pixels_per_point));
  std::vector<Colour> colours;
  colours.reserve(small.values.size());
  for (const float value : small.values) colours.push_back(cell_colour(value, layout));
  canvas.image(box, static_cast<int>(small.rows), static_cast<int>(small.cols), colours);
  frame(canvas, box);
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
  frame(canvas, bar);
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

// Room of a column or row of panels: before the cells, the cells, after them.
struct Band {
  double before = 0;
  double cells = 0;
  double after = 0;
  double size() const { return before + cells + after; }
};

void widen(Band& band, double before, double cells, double after) {
  band.before = std::max(band.before, before);
  band.after = std::max(band.cells + band.after, cells + after);
  band.cells = std::max(band.cells, cells);
  band.after -= band.cells;
}

}  // namespace

void write_picture(const std::filesystem::path& file, const HeatmapPicture& picture) {
  constexpr double gap = 22;
  const size_t columns = static_cast<size_t>(std::clamp<int>(picture.columns, 1, 64));
  std::vector<Layout> layouts;
  for (const Heatmap& panel : picture.panels) layouts.push_back(measure(panel, static_cast<int>(columns)));

  std::vector<Band> across(std::min(columns, std::max<size_t>(1, layouts.size())));
  std::vector<Band> down((layouts.size() + columns - 1) / columns);
  for (size_t i = 0; i < layouts.size(); ++i) {
    widen(across[i % columns], layouts[i].left, layouts[i].width, layouts[i].right);
    widen(down[i / columns], layouts[i].top, layouts[i].height, layouts[i].bottom);
  }
  double width = 2 * page_margin + gap * static_cast<double>(across.size() - 1);
  double height = 2 * page_margin + (picture.title.empty() ? 0 : 28);
  for (const Band& band : across) width += band.size();
  for (const Band& band : down) height += band.size() + (&band == &down.back() ? 0 : 10);
  width = std::max(width, 2 * page_margin + text_width(picture.title, 15, true));

  Canvas canvas(width, height);
  canvas.text(picture.title, {page_margin, page_margin + 8}, {.size = 15, .bold = true, .colour = title_colour});
  Point corner{page_margin, page_margin + (picture.title.empty() ? 0 : 28)};
  for (size_t i = 0; i < layouts.size(); ++i) {
    if (i % columns == 0) corner.x = page_margin;
    if (i % columns == 0 && i > 0) corner.y += down[i / columns - 1].size() + 10;
    const Band& column = across[i % columns];
    draw_panel(canvas, picture.panels[i], layouts[i], {corner.x + column.before, corner.y + down[i / columns].before});
    corner.x += column.size() + gap;
  }
  write_text(file, canvas.png());
}

}  // namespace fovea::examples
