// A white page to draw on, kept as a PNG: the thin layer over cairo that the heatmaps and charts share.
//
// Units are points of the page; the PNG has `pixels_per_point` as many pixels. (0, 0) is the top left corner, y runs
// down. Text is UTF-8; bytes that are not are drawn as U+FFFD, a lone space or line end as a visible sign. Errors:
// FileError when cairo reports a failure (memory, page too large). One canvas belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/common/colour.h"

// NOLINTBEGIN(bugprone-reserved-identifier): cairo's own names, so that cairo.h stays out of this header
struct _cairo;
struct _cairo_surface;
// NOLINTEND(bugprone-reserved-identifier)

namespace fovea::examples {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
};

enum class Align { left, centre, right };

// What all pictures have alike.
inline constexpr double page_margin = 16, text_size = 10.5;
inline constexpr Colour title_colour{0.08, 0.09, 0.11}, frame_colour{0.55, 0.57, 0.60};

struct TextStyle {
  double size = 11;
  Align align = Align::left;
  bool bold = false;
  double angle = 0;  // degrees, anticlockwise, around the anchor
  Colour colour{0.20, 0.22, 0.25};
};

// What was drawn: red, green, blue of each pixel, row by row.
struct Pixels {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb{};
};

class Canvas {
 public:
  static constexpr double pixels_per_point = 2;

  enum class Format { pixels, svg };
  Canvas(double width, double height, Format format = Format::pixels);

  void fill(const Box& box, const Colour& colour);
  void line(Point from, Point to, const Colour& colour, double width);
  void polyline(std::span<const Point> points, const Colour& colour, double width, double opacity = 1);
  void frame(const Box& box);
  void dot(Point centre, double radius, const Colour& colour);
  void ring(Point centre, double radius, const Colour& colour);
  void text(std::string_view text, Point anchor, const TextStyle& style);  // anchor.y is the middle of the letters
  void image(const Box& box, int rows, int cols, std::span<const Colour> cells);  // larger cells stay sharp
  void clip(const Box& box);                                                      // until unclip
  void unclip();

  std::string png() const;  // of pixels
  Pixels pixels() const;    // of pixels
  std::string svg();        // of svg; the last thing that is done with it

 private:
  struct Close {
    void operator()(_cairo* context) const;
    void operator()(_cairo_surface* surface) const;
  };
  std::unique_ptr<std::string> written_;  // what the surface of an SVG has written so far
  std::unique_ptr<_cairo_surface, Close> surface_;
  std::unique_ptr<_cairo, Close> context_;
};

// The width of a line of text in points.
double text_width(std::string_view text, double size, bool bold = false);

// What is drawn for `text`: valid UTF-8, lone white space made visible.
std::string drawable(std::string_view text);

// `text`, cut with an ellipsis between characters when it is wider than `width`.
std::string elided(std::string_view text, double size, double width, bool bold = false);

// `text` in lines of at most `width`, broken between words; a word that is wider is cut.
std::vector<std::string> wrapped(const std::string& text, double size, double width, bool bold = false);

}  // namespace fovea::examples
