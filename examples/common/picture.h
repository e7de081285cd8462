// Pictures for a run folder and for the docs, PNG, heat maps also SVG by the name of the file: heatmaps and line charts
// with axes that a person can read.
//
// Heatmaps: one value, one cell, dark = large; panels stand in one picture so that what belongs together is seen
// together (read weights above write weights, input above output, the heads of an attention side by side). Panels of a
// column that have equally many columns share their horizontal axis to the pixel, and what neighbours have alike is
// drawn once: an axis, a bar of colours. The page is as wide as pages show it, 760 points, so no text is smaller than
// it says; where the words of an axis need more room there are fewer panels a row, then a wider page. Numbers are
// thinned out, not words; long words are turned and cut. NaN cells are grey. Point plots: numbered points of the unit
// square, and a closed line through some of them (a hull, a tour). Line charts: several series, linear or logarithmic,
// with an optional running mean over pale raw values.
//
// Errors: ShapeError when a grid, its labels or a series do not fit together; FileError when the file cannot be
// written. Cost: the size of a panel is bounded (about 3,500 x 3,500 pixels) however large the grid. The
// file appears whole or not at all. No shared state: thread-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "examples/common/grid.h"

namespace fovea::examples {

struct Heatmap {
  Grid grid{};
  std::string title{};
  std::string row_title{};                   // what runs down: "memory slot", "output word"
  std::string column_title{};                // what runs across: "step", "input word"
  std::vector<std::string> row_labels{};     // one a row (a word, a character), "" for no mark; empty: numbers
  std::vector<std::string> column_labels{};  // one a column
  double row_room = 110;                     // points; labels of rows that are wider are cut
  std::vector<bool> wrong_rows{};            // whose labels are red; empty: none
  std::string note{};                        // below the title
  // Default: of all panels that have none, from min(0, least) to the greatest; symmetric when values are negative.
  std::optional<ValueRange> range{};
};

struct HeatmapPicture {
  std::vector<Heatmap> panels{};
  int columns = 1;      // panels a row of the picture, at most
  std::string title{};  // of the whole; may be empty
};

struct PointPlot {
  std::string title{};
  std::vector<double> x{};  // in [0, 1]
  std::vector<double> y{};
  std::vector<int64_t> corners{};  // points that the line runs through, from the one that is ringed and back to it
};

struct PointPicture {
  std::vector<PointPlot> panels{};
  int columns = 1;
  std::string title{};
};

struct Series {
  std::string name{};
  std::vector<double> x{};
  std::vector<double> y{};
};

struct LineChart {
  std::string title{};
  std::string x_title{};
  std::string y_title{};
  std::vector<Series> series{};
  bool log_y = false;             // values <= 0 leave a gap
  double smoothing = 0;           // in [0, 1): of running_mean, of logarithms for log_y; the values stay visible, pale
  bool points = false;            // the values are what one sees, the lines between them thin
  std::optional<double> y_low{};  // fix the axis: 0 and 100 for percentages
  std::optional<double> y_high{};
};

// The mean of each value and of as many on both sides, smoothing / (1 - smoothing) where there are: it lags behind
// nothing, and at the ends it is the value. What is not finite counts for nothing, and stays; of logarithms also what
// is not positive.
std::vector<double> running_mean(const std::vector<double>& values, double smoothing, bool logarithms = false);

void write_picture(const std::filesystem::path& file, const HeatmapPicture& picture);
void write_picture(const std::filesystem::path& file, const PointPicture& picture);
void write_picture(const std::filesystem::path& file, const LineChart& chart);

}  // namespace fovea::examples
