// What the terminal can show, and a small heatmap in it.
//
// Colour, where there is a terminal that has it and NO_COLOR is unset: two rows of cells a line, in half blocks.
// Elsewhere a ramp of ASCII signs, one row a line. A grid larger than the room is pooled (grid.h), so a line is never
// wider than `width`. Errors: ShapeError when the grid does not fit its values. No state: thread-safe.
#pragma once

#include <fmt/format.h>
#include <fovea/optim/training/terminal.h>

#include <algorithm>
#include <cmath>

#include "examples/common/colour.h"
#include "examples/common/grid.h"

namespace fovea::examples {

// A line, broken between words where the terminal is narrower.
template <class... Args>
void say(std::FILE* stream, fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stream, "{}\n", fitted(fmt::format(format, std::forward<Args>(args)...), terminal_style(stream)));
}
template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  say(stdout, format, std::forward<Args>(args)...);
}

inline constexpr std::string_view ramp = " .:-=+*#%@";

// 0 at the least value, 1 at the greatest; for signed values the size alone, for the colour ramp the sign too.
struct Scale {
  ValueRange range;
  bool is_signed() const { return range.low < 0; }
  float share(float value) const {
    if (is_signed()) return value / std::max(-range.low, range.high);
    return range.high > 0 ? value / range.high : 0;
  }
};

inline Colour colour_of(float value, const Scale& scale) {
  if (std::isnan(value)) return {0.62, 0.62, 0.62};
  return scale.is_signed() ? diverging_colour(scale.share(value)) : sequential_colour(scale.share(value));
}

inline int level(double channel, int most) { return static_cast<int>(std::lround(channel * most)); }

inline std::string paint(int layer, const Colour& c, TerminalColour colours) {
  if (colours == TerminalColour::true_colour) {
    return fmt::format("\x1b[{};2;{};{};{}m", layer, level(c.red, 255), level(c.green, 255), level(c.blue, 255));
  }
  return fmt::format("\x1b[{};5;{}m", layer, 16 + 36 * level(c.red, 5) + 6 * level(c.green, 5) + level(c.blue, 5));
}

inline std::string colour_line(const Grid& grid, int64_t row, const Scale& scale, TerminalColour colours) {
  std::string line;
  for (int64_t col = 0; col < grid.cols; ++col) {
    line += paint(38, colour_of(grid.at(row, col), scale), colours);
    if (row + 1 < grid.rows) line += paint(48, colour_of(grid.at(row + 1, col), scale), colours);
    line += "\u2580";
  }
  return line + "\x1b[0m";
}

inline std::string plain_line(const Grid& grid, int64_t row, const Scale& scale) {
  std::string line;
  for (int64_t col = 0; col < grid.cols; ++col) {
    const float share = std::clamp(std::abs(scale.share(grid.at(row, col))), 0.0F, 1.0F);
    line += std::isnan(share) ? '?' : ramp[static_cast<size_t>(std::lround(share * 9))];
  }
  return line;
}

// Title, the cells, and a line that says size and range; ends with a line end. At most `max_lines` lines of cells.
inline std::string heatmap_text(const Grid& grid, std::string_view title, const TerminalStyle& style,
                                int max_lines = 24) {
  check_grid(grid, "terminal heatmap");
  const bool coloured = style.colour != TerminalColour::none;
  const int64_t room = std::max(4, style.width - 3);  // two columns of margin, and the last stays free
  const Grid small = pooled(grid, std::max(1, max_lines) * (coloured ? 2 : 1), room);
  const Scale scale{value_range(grid)};
  std::string text;
  const auto add = [&](std::string_view line) {
    text += fmt::format("  {}\n", line.substr(0, static_cast<size_t>(room)));
  };
  if (!title.empty()) add(title);
  for (int64_t row = 0; row < small.rows; row += coloured ? 2 : 1) {
    text += "  " + (coloured ? colour_line(small, row, scale, style.colour) : plain_line(small, row, scale)) + "\n";
  }
  add(fmt::format("{} x {}, {:.3g} to {:.3g}", grid.rows, grid.cols, scale.range.low, scale.range.high));
  return text;
}

}  // namespace fovea::examples
