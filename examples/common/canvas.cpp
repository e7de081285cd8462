#include "examples/common/canvas.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text/utf8.h>

#include <algorithm>
#include <cmath>
#include <numbers>

// The font library that cairo asks keeps a kilobyte for the life of the process; the leak checker should not call it
// lost. NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the checker looks for this name
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace fovea::examples {
namespace {

constexpr const char* font = "DejaVu Sans";

void select_font(cairo_t* context, double size, bool bold) {
  cairo_select_font_face(context, font, CAIRO_FONT_SLANT_NORMAL,
                         bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context, size);
  cairo_font_options_t* options = cairo_font_options_create();  // unhinted: as wide when drawn as when measured
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_set_font_options(context, options);
  cairo_font_options_destroy(options);
}

void set_colour(cairo_t* context, const Colour& colour, double opacity = 1) {
  cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, opacity);
}

void check(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) throw FileError(fmt::format("picture: {}", cairo_status_to_string(status)));
}

cairo_status_t append(void* to, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

unsigned char channel(double value) { return static_cast<unsigned char>(std::lround(value * 255)); }

}  // namespace

void Canvas::Close::operator()(_cairo* context) const { cairo_destroy(context); }
void Canvas::Close::operator()(_cairo_surface* surface) const { cairo_surface_destroy(surface); }

Canvas::Canvas(double width, double height, Format format) {
  if (format == Format::svg) {
    written_ = std::make_unique<std::string>();
    surface_.reset(cairo_svg_surface_create_for_stream(append, written_.get(), width, height));
  } else {
    surface_.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::ceil(width * pixels_per_point)),
                                              static_cast<int>(std::ceil(height * pixels_per_point))));
  }
  check(cairo_surface_status(surface_.get()));
  context_.reset(cairo_create(surface_.get()));
  if (format == Format::pixels) cairo_scale(context_.get(), pixels_per_point, pixels_per_point);
  cairo_set_line_join(context_.get(), CAIRO_LINE_JOIN_ROUND);
  fill({0, 0, std::ceil(width) + 1, std::ceil(height) + 1}, {1, 1, 1});
}

void Canvas::fill(const Box& box, const Colour& colour) {
  set_colour(context_.get(), colour);
  cairo_rectangle(context_.get(), box.x, box.y, box.width, box.height);
  cairo_fill(context_.get());
}

void Canvas::line(Point from, Point to, const Colour& colour, double width) {
  const Point ends[] = {from, to};
  polyline(ends, colour, width);
}

void Canvas::polyline(std::span<const Point> points, const Colour& colour, double width, double opacity) {
  set_colour(context_.get(), colour, opacity);
  cairo_set_line_width(context_.get(), width);
  cairo_new_path(context_.get());
  for (const Point& point : points) cairo_line_to(context_.get(), point.x, point.y);
  cairo_stroke(context_.get());
}

void Canvas::frame(const Box& box) {
  const double right = box.x + box.width, bottom = box.y + box.height;
  const Point corners[] = {{box.x, box.y}, {right, box.y}, {right, bottom}, {box.x, bottom}, {box.x, box.y}};
  polyline(corners, frame_colour, 0.75);
}

void Canvas::dot(Point centre, double radius, const Colour& colour) {
  set_colour(context_.get(), colour);
  cairo_new_path(context_.get());
  cairo_arc(context_.get(), centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
  cairo_fill(context_.get());
}

void Canvas::ring(Point centre, double radius, const Colour& colour) {
  set_colour(context_.get(), colour);
  cairo_set_line_width(context_.get(), 1.8);
  cairo_new_path(context_.get());
  cairo_arc(context_.get(), centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
  cairo_stroke(context_.get());
}

void Canvas::text(std::string_view text, Point anchor, const TextStyle& style) {
  const std::string shown = drawable(text);
  const double width = text_width(text, style.size, style.bold);
  const double shift = style.align == Align::left ? 0 : style.align == Align::right ? -width : -width / 2;
  cairo_save(context_.get());
  select_font(context_.get(), style.size, style.bold);
  set_colour(context_.get(), style.colour);
  cairo_translate(context_.get(), anchor.x, anchor.y);
  cairo_rotate(context_.get(), -style.angle * std::numbers::pi / 180);
  const double middle = shown == "\u2423" ? 0.1 : 0.36;  // half the height of a capital; the sign of a blank lies low
  cairo_move_to(context_.get(), shift, middle * style.size);
  cairo_show_text(context_.get(), shown.c_str());
  cairo_restore(context_.get());
}

void Canvas::image(const Box& box, int rows, int cols, std::span<const Colour> cells) {
  if (rows == 0 || cols == 0) return;
  if (written_) {  // viewers of SVG blur images: cells are squares there
    cairo_set_antialias(context_.get(), CAIRO_ANTIALIAS_NONE);
    const double width = box.width / cols, height = box.height / rows;
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < cols; ++c)
        fill({box.x + c * width, box.y + r * height, width, height},
             cells[static_cast<size_t>(r) * static_cast<size_t>(cols) + static_cast<size_t>(c)]);
    cairo_set_antialias(context_.get(), CAIRO_ANTIALIAS_DEFAULT);
    return;
  }
  const std::unique_ptr<_cairo_surface, Close> small(cairo_image_surface_create(CAIRO_FORMAT_RGB24, cols, rows));
  check(cairo_surface_status(small.get()));
  unsigned char* data = cairo_image_surface_get_data(small.get());
  const int stride = cairo_image_surface_get_stride(small.get());
  for (int row = 0; row < rows; ++row) {
    auto* line = reinterpret_cast<uint32_t*>(data + row * stride);
    for (int col = 0; col < cols; ++col) {
      const Colour& cell = cells[static_cast<size_t>(row) * static_cast<size_t>(cols) + static_cast<size_t>(col)];
      line[col] = static_cast<uint32_t>(channel(cell.red) << 16 | channel(cell.green) << 8 | channel(cell.blue));
    }
  }
  cairo_surface_mark_dirty(small.get());
  cairo_save(context_.get());
  cairo_translate(context_.get(), box.x, box.y);
  cairo_scale(context_.get(), box.width / cols, box.height / rows);
  cairo_set_source_surface(context_.get(), small.get(), 0, 0);
  const bool smaller = box.width * pixels_per_point < cols || box.height * pixels_per_point < rows;
  cairo_pattern_set_filter(cairo_get_source(context_.get()), smaller ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
  cairo_rectangle(context_.get(), 0, 0, cols, rows);
  cairo_fill(context_.get());
  cairo_restore(context_.get());
}

void Canvas::clip(const Box& box) {
  cairo_save(context_.get());
  cairo_rectangle(context_.get(), box.x, box.y, box.width, box.height);
  cairo_clip(context_.get());
}

void Canvas::unclip() { cairo_restore(context_.get()); }

std::string Canvas::png() const {
  check(cairo_status(context_.get()));
  std::string bytes;
  check(cairo_surface_write_to_png_stream(surface_.get(), append, &bytes));
  return bytes;
}

std::string Canvas::svg() {
  check(cairo_status(context_.get()));
  cairo_surface_finish(surface_.get());
  check(cairo_surface_status(surface_.get()));
  return *written_;
}

Pixels Canvas::pixels() const {
  check(cairo_status(context_.get()));
  cairo_surface_flush(surface_.get());
  Pixels pixels{cairo_image_surface_get_width(surface_.get()), cairo_image_surface_get_height(surface_.get())};
  const unsigned char* data = cairo_image_surface_get_data(surface_.get());
  const int stride = cairo_image_surface_get_stride(surface_.get());
  pixels.rgb.reserve(static_cast<size_t>(3) * static_cast<size_t>(pixels.width) * static_cast<size_t>(pixels.height));
  for (int y = 0; y < pixels.height; ++y) {
    const auto* line = reinterpret_cast<const uint32_t*>(data + static_cast<ptrdiff_t>(y) * stride);
    for (int x = 0; x < pixels.width; ++x)
      for (const int shift : {16, 8, 0}) pixels.rgb.push_back(static_cast<uint8_t>(line[x] >> shift));
  }
  return pixels;
}

double text_width(std::string_view text, double size, bool bold) {
  if (text.empty()) return 0;
  const std::string shown = drawable(text);
  cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
  cairo_t* context = cairo_create(surface);
  select_font(context, size, bold);
  cairo_text_extents_t extents;
  cairo_text_extents(context, shown.c_str(), &extents);
  cairo_destroy(context);
  cairo_surface_destroy(surface);
  return extents.x_advance;
}

std::string drawable(std::string_view text) {
  if (text == " ") return "\u2423";
  if (text == "\n") return "\u21B5";
  std::string shown;
  while (!text.empty()) {
    const size_t valid = text::invalid_utf8(text).value_or(text.size());
    for (const char sign : text.substr(0, valid)) {
      const bool control = static_cast<unsigned char>(sign) < 0x20 || sign == 0x7F;
      shown += control ? ' ' : sign;
    }
    if (valid < text.size()) shown += "\uFFFD";
    text.remove_prefix(std::min(valid + 1, text.size()));
  }
  return shown;
}

std::string elided(std::string_view text, double size, double width, bool bold) {
  std::string shown = drawable(text);
  if (text_width(shown, size, bold) <= width) return shown;
  while (!shown.empty() && text_width(shown + "\u2026", size, bold) > width) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0) == 0x80) shown.pop_back();
    if (!shown.empty()) shown.pop_back();
  }
  return shown + "\u2026";
}

std::vector<std::string> wrapped(const std::string& text, double size, double width, bool bold) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const std::string longer = lines.empty() ? word : lines.back() + " " + word;
    if (!lines.empty() && text_width(longer, size, bold) <= width)
      lines.back() = longer;
    else
      lines.push_back(elided(word, size, width, bold));
    at = end + 1;
  }
  return lines;
}

}  // namespace fovea::examples
