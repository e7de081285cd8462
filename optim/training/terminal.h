// What a stream can show, and text made to fit it. No state: thread-safe.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace fovea {

enum class TerminalColour { none, palette_256, true_colour };

struct TerminalStyle {
  bool rewrites = false;  // a terminal on which a line can be written over
  bool bounded = false;   // lines are to fit the width; elsewhere, in a file or a pipe, they may be as long as they are
  TerminalColour colour = TerminalColour::none;
  int width = 80;  // columns
  int height = 24;
};

// Asks isatty and the window's size, and of the environment COLUMNS, which goes before the window, NO_COLOR, TERM and
// COLORTERM.
TerminalStyle terminal_style(std::FILE* stream);

// Each line of `text` broken between words so that it fits where the style is bounded; what goes on is set in by two
// more columns. A word that is wider than a line stays whole, and the last column stays free.
std::string fitted(std::string_view text, const TerminalStyle& style);

}  // namespace fovea
