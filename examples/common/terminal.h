// What the terminal can show, and a small heatmap in it.
//
// Colour, where there is a terminal that has it and NO_COLOR is unset: two rows of cells a line, in half blocks.
// Elsewhere a ramp of ASCII signs, one row a line. A grid larger than the room is pooled (grid.h), so a line is never
// wider than `width`. Errors: ShapeError when the grid does not fit its values. No state: thread-safe.
#pragma once

#include <fovea/optim/training/progress.h>

#include "examples/common/grid.h"

namespace fovea::examples {

// Title, the cells, and a line that says size and range; ends with a line end. At most `max_lines` lines of cells.
std::string heatmap_text(const Grid& grid, std::string_view title, const TerminalStyle& style, int max_lines = 24);

}  // namespace fovea::examples
