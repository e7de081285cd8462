#include "examples/common/weighted_text.h"

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>

#include "examples/common/panels.h"

namespace fovea::examples {
namespace {

constexpr double word_size = 12.5, number_size = 9, note_size = 12, title_size = 12.5;
constexpr double word_height = 20, line_height = 36, note_height = 20, side = 5, space = 3, name_width = 72;
constexpr double least_weight = 0.05;  // that has its number
constexpr Colour dark{0.13, 0.14, 0.17}, light{1, 1, 1}, faint{0.45, 0.47, 0.50}, wrong_colour{0.75, 0.10, 0.06};

void check(const WeightedText& text) {
  bool fits = text.lines.size() == text.weights.size();
  for (size_t i = 0; fits && i < text.lines.size(); ++i) fits = text.lines[i].size() == text.weights[i].size();
  if (!fits) throw ShapeError(fmt::format("weighted text '{}': need one weight for each word", text.title));
}

double width_of(const std::string& word) { return text_width(word, word_size) + 2 * side; }

Room measure(const WeightedText& text) {
  check(text);
  Room room;
  room.top = text.title.empty() ? 4 : 24;
  for (const auto& line : text.lines) {
    double width = -space;
    for (const std::string& word : line) width += width_of(word) + space;
    room.width = std::max(room.width, width);
  }
  for (const auto& note : text.notes)
    room.width = std::max(room.width, name_width + text_width(note.text, note_size, true) + side);
  room.width = std::max(room.width, text_width(text.title, title_size, true));
  room.height = line_height * static_cast<double>(text.lines.size());
  room.bottom = note_height * static_cast<double>(text.notes.size()) + 8;
  return room;
}

void draw(Canvas& canvas, const WeightedText& text, Point corner) {
  canvas.text(text.title, {corner.x, corner.y - 14}, {.size = title_size, .bold = true, .colour = title_colour});
  double y = corner.y;
  for (size_t i = 0; i < text.lines.size(); ++i, y += line_height) {
    double x = corner.x;
    for (size_t j = 0; j < text.lines[i].size(); ++j) {
      const std::string& word = text.lines[i][j];
      const auto weight = static_cast<double>(text.weights[i][j]);
      const Box ground{x, y, width_of(word), word_height};
      canvas.fill(ground, sequential_colour(weight));
      const double middle = x + ground.width / 2;
      canvas.text(word, {middle, y + word_height / 2},
                  {.size = word_size, .align = Align::centre, .colour = weight > 0.45 ? light : dark});
      if (weight >= least_weight)
        canvas.text(fmt::format("{:.2f}", weight), {middle, y + word_height + 7},
                    {.size = number_size, .align = Align::centre, .colour = faint});
      x += ground.width + space;
    }
  }
  y += note_height / 2;
  for (const auto& note : text.notes) {
    canvas.text(note.name, {corner.x + side, y}, {.size = note_size, .colour = faint});
    canvas.text(note.text, {corner.x + name_width, y},
                {.size = note_size, .bold = true, .colour = note.wrong ? wrong_colour : dark});
    y += note_height;
  }
}

}  // namespace

void write_picture(const std::filesystem::path& file, const WeightedTextPicture& picture) {
  std::vector<Room> rooms;
  for (const WeightedText& text : picture.panels) rooms.push_back(measure(text));
  write_panels(file, {.title = picture.title, .columns = 1, .gap = {14, 16}}, rooms,
               [&](Canvas& canvas, size_t i, Point at) { draw(canvas, picture.panels[i], at); });
}

}  // namespace fovea::examples
