// The heatmap in the terminal.
#include "examples/common/terminal.h"

#include <fovea/core/error.h>

#include <cmath>

#include "tests/catch.h"

namespace fovea::examples {
namespace {

using test::contains;

// What a person sees of a line: escape sequences take no room, every other character one column.
size_t columns_of(std::string_view line) {
  size_t columns = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
    } else if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80) {
      ++columns;
    }
  }
  return columns;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    lines.push_back(text.substr(from, end - from));
  }
  return lines;
}

TEST_CASE("the terminal heatmap keeps to the width and shows a lone weight in a long input") {
  Grid grid{3, 5000, std::vector<float>(15000, 0.0F)};
  grid.values[4999] = 1;
  for (const auto colour : {TerminalColour::none, TerminalColour::palette_256, TerminalColour::true_colour}) {
    for (const int width : {20, 80, 200}) {
      const std::string text = heatmap_text(grid, "weights of a very long input, longer than a line of twenty",
                                            {.colour = colour, .width = width});
      for (const std::string& line : lines_of(text)) CHECK(columns_of(line) < static_cast<size_t>(width));
      CHECK(lines_of(text).size() == (colour == TerminalColour::none ? 5 : 4));
    }
  }
  const std::string plain = heatmap_text(grid, "", {.width = 40});
  CHECK(lines_of(plain)[0].back() == '@');
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(lines_of(heatmap_text({500, 2, std::vector<float>(1000)}, "", {}, 10)).size() == 11);
}

TEST_CASE("the terminal heatmap takes NaN, signs and nothing at all") {
  const Grid grid{1, 4, {-2, 0, 2, std::nanf("")}};
  CHECK_THAT(heatmap_text(grid, "", {}), contains("  @ @?\n"));
  CHECK_NOTHROW(heatmap_text(grid, "", {.colour = TerminalColour::true_colour}));
  CHECK_NOTHROW(heatmap_text({}, "nothing", {}));
  CHECK_THROWS_AS(heatmap_text({2, 2, {1}}, "", {}), ShapeError);
}

}  // namespace
}  // namespace fovea::examples
