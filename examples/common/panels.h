// Panels in rows and columns of one picture: what heatmaps and point plots share.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "examples/common/canvas.h"

namespace fovea::examples {

// The room that a panel needs for its cells, and around them.
struct Room {
  double left = 0, width = 0, right = 0;
  double top = 0, height = 0, bottom = 0;
};

struct Page {
  std::string title{};
  int columns = 1;    // panels a row
  Point gap{};        // between panels
  double beside = 0;  // width of what stands to the right of all
  double width = 0;   // of the whole, at least
};

// Draws each panel at the corner of its cells, then what stands beside them: of each row of panels a box as high as its
// cells.
Canvas draw_panels(const Page& page, const std::vector<Room>& rooms,
                   const std::function<void(Canvas&, size_t panel, Point corner)>& draw,
                   const std::function<void(Canvas&, const std::vector<Box>&)>& draw_beside = {},
                   Canvas::Format format = Canvas::Format::pixels);
void write_panels(const std::filesystem::path& file, const Page& page, const std::vector<Room>& rooms,
                  const std::function<void(Canvas&, size_t panel, Point corner)>& draw,
                  const std::function<void(Canvas&, const std::vector<Box>&)>& draw_beside = {});

}  // namespace fovea::examples
