// What the terminal can show, and a small heatmap in it.
//
// Colour, where there is a terminal that has it and NO_COLOR is unset: two rows of cells a line, in half blocks.
// Elsewhere a ramp of ASCII signs, one row a line. A grid larger than the room is pooled (grid.h), so a line is never
// wider than `width`. Errors: ShapeError when the grid does not fit its values. No state: thread-safe.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "examples/common/grid.h"

namespace fovea::examples {

enum class TerminalColour { none, palette_256, true_colour };

struct TerminalStyle {
  bool rewrites = false;  // a terminal on which a line can be written over
  TerminalColour colour = TerminalColour::none;
  int width = 80;  // columns
  int height = 24;
};

// What `stream` is: asks isatty, the window size, NO_COLOR, TERM and COLORTERM.
TerminalStyle terminal_style(std::FILE* stream);

// Title, the cells, and a line that says size and range; ends with a line end. At most `max_lines` lines of cells.
std::string heatmap_text(const Grid& grid, std::string_view title, const TerminalStyle& style, int max_lines = 24);

}  // namespace fovea::examples
