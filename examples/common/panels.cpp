#include "examples/common/panels.h"

#include <fovea/optim/training/text_file.h>

#include <algorithm>

namespace fovea::examples {
namespace {

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

}  // namespace

Canvas draw_panels(const Page& page, const std::vector<Room>& rooms,
                   const std::function<void(Canvas&, size_t panel, Point corner)>& draw,
                   const std::function<void(Canvas&, const std::vector<Box>&)>& draw_beside, Canvas::Format format) {
  const size_t columns = static_cast<size_t>(std::clamp<int>(page.columns, 1, 64));
  std::vector<Band> across(std::min(columns, std::max<size_t>(1, rooms.size())));
  std::vector<Band> down((rooms.size() + columns - 1) / columns);
  for (size_t i = 0; i < rooms.size(); ++i) {
    widen(across[i % columns], rooms[i].left, rooms[i].width, rooms[i].right);
    widen(down[i / columns], rooms[i].top, rooms[i].height, rooms[i].bottom);
  }
  const double first = page_margin + (page.title.empty() ? 0 : 28);
  double right = page_margin + page.gap.x * static_cast<double>(across.size() - 1);
  double height = first + page_margin;
  for (const Band& band : across) right += band.size();
  for (const Band& band : down) height += band.size() + (&band == &down.back() ? 0 : page.gap.y);

  const double width = std::max(page.width, right + page.beside + page_margin);
  Canvas canvas(std::max(width, 2 * page_margin + text_width(page.title, 15, true)), height, format);
  canvas.text(page.title, {page_margin, page_margin + 8}, {.size = 15, .bold = true, .colour = title_colour});
  Point corner{page_margin, first};
  std::vector<Box> beside;
  for (size_t i = 0; i < rooms.size(); ++i) {
    const Band &column = across[i % columns], &row = down[i / columns];
    if (i % columns == 0) {
      corner.x = page_margin;
      beside.push_back({right, corner.y + row.before, page.beside, row.cells});
    }
    draw(canvas, i, {corner.x + column.before, corner.y + row.before});
    corner.x += column.size() + page.gap.x;
    if (i % columns == columns - 1) corner.y += row.size() + page.gap.y;
  }
  if (draw_beside) draw_beside(canvas, beside);
  return canvas;
}

void write_panels(const std::filesystem::path& file, const Page& page, const std::vector<Room>& rooms,
                  const std::function<void(Canvas&, size_t panel, Point corner)>& draw,
                  const std::function<void(Canvas&, const std::vector<Box>&)>& draw_beside) {
  const bool svg = file.extension() == ".svg";
  Canvas canvas = draw_panels(page, rooms, draw, draw_beside, svg ? Canvas::Format::svg : Canvas::Format::pixels);
  write_text(file, svg ? canvas.svg() : canvas.png());
}

}  // namespace fovea::examples
