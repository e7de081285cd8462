// Pictures: files that are PNGs of a bounded size, colours that are even, labels in any language, input that must
// throw.
#include "examples/common/picture.h"

#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text_file.h>

#include <cmath>

#include "examples/common/attention_map.h"
#include "examples/common/canvas.h"
#include "examples/common/grid.h"
#include "examples/common/ticks.h"
#include "tests/catch.h"
#include "tests/examples/png_size.h"
#include "tests/scratch.h"

namespace fovea::examples {
namespace {

using test::Approx;
using test::contains;
using test::png_size;
using test::PngSize;
using test::Scratch;

// Of a picture; printed, it should not fill the terminal.
size_t hash_of(const std::filesystem::path& file) { return std::hash<std::string>()(read_text(file)); }

Grid filled(int64_t rows, int64_t cols, float value = 0.5F) {
  return {rows, cols, std::vector<float>(static_cast<size_t>(rows * cols), value)};
}

std::vector<std::string> tick_texts(const std::vector<Tick>& ticks) {
  std::vector<std::string> texts;
  for (const Tick& tick : ticks) texts.push_back(tick.text);
  return texts;
}

TEST_CASE("a heatmap is a PNG whose size is bounded whatever the grid") {
  const Scratch scratch;
  for (const auto& [rows, cols] :
       {std::pair<int64_t, int64_t>{8, 20}, {128, 42}, {50, 5000}, {4000, 3}, {1, 1}, {0, 0}}) {
    write_picture(scratch / "a.png", HeatmapPicture{.panels = {{.grid = filled(rows, cols), .title = "weights"}}});
    const PngSize size = png_size(scratch / "a.png");
    CHECK(size.width >= 100);
    CHECK(size.width <= 1900);
    CHECK(size.height >= 100);
    CHECK(size.height <= 1200);
  }
}

// A page as wide as pages show it has 760 points, and two pixels a point.
Heatmap labelled(const std::vector<std::string>& labels) {
  const auto count = static_cast<int64_t>(labels.size());
  Heatmap map{
      .grid = filled(count, count), .title = "layer 1, head 1", .row_title = "output", .column_title = "source"};
  map.row_labels = map.column_labels = labels;
  return map;
}

TEST_CASE("a picture is as wide as a page whatever stands beside each other; long strings have fewer panels a row") {
  const Scratch scratch;
  std::vector<std::string> letters(17, "5");
  letters.back() = "<end>";
  HeatmapPicture picture{.panels = std::vector<Heatmap>(8, labelled(letters))};
  std::vector<uint32_t> heights;
  for (const int columns : {1, 2, 4}) {
    picture.columns = columns;
    write_picture(scratch / "a.png", picture);
    CHECK(png_size(scratch / "a.png").width <= 2 * 760);
    heights.push_back(png_size(scratch / "a.png").height);
  }
  CHECK(heights[1] < heights[0]);
  CHECK(heights[2] < heights[1]);
  picture.panels.assign(8, labelled(std::vector<std::string>(32, "m")));
  write_picture(scratch / "a.png", picture);
  CHECK(png_size(scratch / "a.png").width <= 2 * 760);
  CHECK(png_size(scratch / "a.png").height > 1.7 * heights[2]);
}

TEST_CASE("no letter of a string is left out") {
  const Scratch scratch;
  for (const size_t length : {5, 17, 32, 64, 120}) {
    std::vector<std::string> letters(length, "a");
    letters.back() = "<end>";
    const auto drawn = [&] {
      write_picture(scratch / "a.png",
                    HeatmapPicture{.panels = std::vector<Heatmap>(2, labelled(letters)), .columns = 2});
      return hash_of(scratch / "a.png");
    };
    const size_t before = drawn();
    for (size_t i = 0; i < length; i += length / 5) {
      letters[i] = "e";
      CAPTURE(length, i);
      CHECK(drawn() != before);
      letters[i] = "a";
    }
  }
}

TEST_CASE("more labels than fit are thinned out") {
  const Scratch scratch;
  write_picture(scratch / "a.png", HeatmapPicture{.panels = {labelled(std::vector<std::string>(1200, "word"))}});
  CHECK(png_size(scratch / "a.png").width <= 3600);
  CHECK(png_size(scratch / "a.png").height <= 3600);
}

TEST_CASE("one row of many may be named alone") {
  const Scratch scratch;
  Heatmap map{.grid = filled(41, 30), .row_labels = std::vector<std::string>(41)};
  map.row_labels[20] = "HEAD";
  write_picture(scratch / "a.png", HeatmapPicture{.panels = {map}});
  CHECK(std::filesystem::file_size(scratch / "a.png") > 0);
}

TEST_CASE("panels without a range have one together; wrong rows and notes are seen") {
  const Scratch scratch;
  const auto drawn = [&](const std::vector<Heatmap>& panels) {
    write_picture(scratch / "a.png", HeatmapPicture{.panels = panels});
    return hash_of(scratch / "a.png");
  };
  std::vector<Heatmap> panels{{.grid = filled(3, 3, 0.5F)}, {.grid = filled(3, 3, 2)}};
  const size_t before = drawn(panels);
  panels[0].range = panels[1].range = ValueRange{0, 2};
  CHECK(drawn(panels) == before);
  panels[0].range = ValueRange{0, 1};
  CHECK(drawn(panels) != before);
  panels[0].range = panels[1].range;
  panels[1].wrong_rows = {false, true, false};
  const size_t marked = drawn(panels);
  CHECK(marked != before);
  panels[1].note = "expected: something else";
  CHECK(drawn(panels) != marked);
  panels[1].wrong_rows.pop_back();
  CHECK_THROWS_AS(drawn(panels), ShapeError);
}

TEST_CASE("words are wrong that no longest common subsequence has") {
  using Words = std::vector<std::string>;
  using Wrong = std::vector<bool>;
  CHECK(wrong_words({"a", "b", "c"}, {"a", "b", "c"}) == Wrong{false, false, false});
  CHECK(wrong_words({"a", "x", "c"}, {"a", "b", "c"}) == Wrong{false, true, false});
  CHECK(wrong_words({"a", "c"}, {"a", "b", "c"}) == Wrong{false, false});
  CHECK(wrong_words({"the", "the", "dog"}, {"the", "dog"}) == Wrong{false, true, false});
  CHECK(wrong_words({}, {"a"}).empty());
  CHECK(wrong_words({"a"}, {}) == Wrong{true});
  const MapLabels right = compared({}, {"a", "b"}, Words{"a", "b"}, "ab");
  CHECK(right.note == "the output is as expected");
  CHECK(right.rows == Words{"a", "b", "<end>"});
  const MapLabels wrong = compared({}, {"a"}, Words{"a", "b"}, "ab");
  CHECK(wrong.note == "expected: ab");
  CHECK(wrong.wrong == Wrong{false, false});
}

TEST_CASE("a title in lines: broken between words, none wider than there is room") {
  const std::vector<std::string> lines = wrapped("they are not going to give you this job", 10, 80);
  CHECK(lines.size() > 2);
  for (const std::string& line : lines) CHECK(text_width(line, 10) <= 80);
  CHECK(wrapped("two words", 10, 500) == std::vector<std::string>{"two words"});
  CHECK(wrapped("", 10, 80).empty());
}

TEST_CASE("panels stand above one another or side by side") {
  const Scratch scratch;
  HeatmapPicture picture{.panels = {{.grid = filled(10, 10)}}};
  write_picture(scratch / "one.png", picture);
  picture.panels.push_back(picture.panels.front());
  write_picture(scratch / "above.png", picture);
  picture.columns = 2;
  write_picture(scratch / "beside.png", picture);
  const PngSize one = png_size(scratch / "one.png");
  const PngSize above = png_size(scratch / "above.png");
  const PngSize beside = png_size(scratch / "beside.png");
  CHECK(above.height > 1.3 * one.height);
  CHECK(beside.width > 1.3 * one.width);
  CHECK(beside.height < above.height);
}

TEST_CASE("labels may be words of any language, bytes that are no text, or too long") {
  const Scratch scratch;
  const std::vector<std::string> labels = {"façade", "\xff\xfe", std::string(500, 'w'), " ", ""};
  CHECK_NOTHROW(write_picture(
      scratch / "a.png",
      HeatmapPicture{
          .panels = {{.grid = filled(5, 5), .title = "é \xc3", .row_labels = labels, .column_labels = labels}}}));
  CHECK(png_size(scratch / "a.png").width <= 1900);
  CHECK(drawable("façade") == "façade");
  CHECK(drawable("a\xff"
                 "b\xc3") ==
        "a\uFFFD"
        "b\uFFFD");
  CHECK(drawable("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");  // half of a surrogate pair
  CHECK(drawable(" ") == "\u2423");
  CHECK(drawable("a\nb") == "a b");
  CHECK(text_width(elided(std::string(500, 'w'), 10, 60), 10) <= 60);
  CHECK(elided("short", 10, 60) == "short");
}

TEST_CASE("values that are no numbers and flat grids can be drawn") {
  const Scratch scratch;
  const float inf = std::numeric_limits<float>::infinity();
  for (const float value : {0.0F, -3.0F, std::nanf(""), inf, -inf, 1e-30F, 1e30F}) {
    CHECK_NOTHROW(write_picture(scratch / "a.png", HeatmapPicture{.panels = {{.grid = filled(3, 3, value)}}}));
  }
}

TEST_CASE("a heatmap that does not fit is refused") {
  const Scratch scratch;
  CHECK_THROWS_WITH(
      write_picture(scratch / "a.png", HeatmapPicture{.panels = {{.grid = {2, 3, {1, 2}}, .title = "w"}}}),
      contains("heatmap 'w'") && contains("2 rows x 3 columns"));
  CHECK_THROWS_AS(
      write_picture(scratch / "a.png", HeatmapPicture{.panels = {{.grid = filled(2, 2), .row_labels = {"one"}}}}),
      ShapeError);
  CHECK_THROWS_AS(write_picture(scratch / "none" / "a.png", HeatmapPicture{.panels = {{.grid = filled(2, 2)}}}),
                  FileError);
  CHECK_FALSE(std::filesystem::exists(scratch / "a.png"));
}

TEST_CASE("line charts take long, broken, constant and empty series") {
  const Scratch scratch;
  LineChart chart{.title = "loss", .x_title = "step", .y_title = "nats"};
  for (const bool log_y : {false, true}) {
    chart.log_y = log_y;
    chart.series.clear();
    CHECK_NOTHROW(write_picture(scratch / "a.png", chart));
    Series series{.name = "run"};
    for (int i = 0; i < 200000; ++i) {
      series.x.push_back(i);
      series.y.push_back(i % 1000 == 0 ? std::nan("") : std::exp(-i / 50000.0) - (i % 77 == 0 ? 2 : 0));
    }
    chart.series = {series, {"flat", {0, 10}, {1, 1}}, {"none", {}, {}}};
    chart.smoothing = 0.9;
    CHECK_NOTHROW(write_picture(scratch / "a.png", chart));
    const PngSize size = png_size(scratch / "a.png");
    CHECK(size.width <= 1600);
    CHECK(size.height <= 1000);
  }
  // A lone point is a dot, smoothed or not.
  chart.series = {{"run", {20}, {0.5}}};
  write_picture(scratch / "smooth.png", chart);
  chart.smoothing = 0;
  write_picture(scratch / "plain.png", chart);
  CHECK(hash_of(scratch / "smooth.png") == hash_of(scratch / "plain.png"));
  chart.smoothing = 1;
  CHECK_THROWS_AS(write_picture(scratch / "a.png", chart), ValueError);
  chart.smoothing = 0;
  chart.series = {{"bad", {1, 2}, {1}}};
  CHECK_THROWS_WITH(write_picture(scratch / "a.png", chart), contains("'bad' has 2 x and 1 y"));
}

TEST_CASE("the running mean lags behind nothing: on a straight line it is the line, to both ends") {
  std::vector<double> falling;
  for (int i = 0; i < 100; ++i) falling.push_back(100 - i);
  const std::vector<double> means = running_mean(falling, 0.95);
  for (size_t i = 0; i < falling.size(); ++i) CHECK(means[i] == Approx(falling[i]));
  CHECK(running_mean({0, 3, 0, 0, 3, 0}, 0.5) == std::vector<double>{0, 1, 1, 1, 1, 0});
  const std::vector<double> broken = running_mean({1, NAN, 3, 5}, 0.5);
  CHECK(std::isnan(broken[1]));
  CHECK(broken[2] == 4);
  std::vector<double> halved;
  for (int i = 0; i < 60; ++i) halved.push_back(std::exp2(-i));
  const std::vector<double> same = running_mean(halved, 0.9, true);
  for (size_t i = 0; i < halved.size(); ++i) CHECK(same[i] == Approx(halved[i]));
  CHECK(running_mean({1, 0, 16}, 0.5, true)[1] == 0);
  CHECK(running_mean({1, 4, 16}, 0.5, true)[1] == Approx(4));
}

TEST_CASE("point plots take any points and lines through them, and refuse corners that are no points") {
  const Scratch scratch;
  const PointPlot square{.title = "square", .x = {0, 1, 1, 0, 0.5}, .y = {0, 0, 1, 1, 0.5}, .corners = {0, 1, 2, 3}};
  const PointPlot same{.title = "equal points", .x = {0.2, 0.2}, .y = {0.2, 0.2}}, none{};
  write_picture(scratch / "a.png", PointPicture{.panels = {square}});
  write_picture(scratch / "b.png", PointPicture{.panels = {square, same, none}, .columns = 2, .title = "three"});
  write_picture(scratch / "c.png", PointPicture{});
  CHECK(png_size(scratch / "b.png").width > png_size(scratch / "a.png").width);
  CHECK(png_size(scratch / "b.png").height > png_size(scratch / "a.png").height);
  CHECK(png_size(scratch / "c.png").width > 0);
  CHECK_THROWS_AS(write_picture(scratch / "d.png", PointPicture{.panels = {{.x = {0}, .y = {}}}}), ShapeError);
  CHECK_THROWS_AS(write_picture(scratch / "d.png", PointPicture{.panels = {{.x = {0}, .y = {0}, .corners = {1}}}}),
                  IndexError);
}

TEST_CASE("points are another picture than lines, and equal values of two series both stay visible") {
  const Scratch scratch;
  LineChart chart{.series = {{"a", {5, 10, 40}, {100, 99, 0}}, {"b", {5, 10, 40}, {100, 50, 0}}}};
  const auto drawn = [&] {
    write_picture(scratch / "a.png", chart);
    return hash_of(scratch / "a.png");
  };
  const size_t lines = drawn();
  chart.points = true;
  CHECK(drawn() != lines);
  chart.series[1] = chart.series[0];
  const size_t both = drawn();
  chart.series.pop_back();
  CHECK(drawn() != both);
}

TEST_CASE("an axis has three to seven ticks, inside it") {
  for (const double low : {1e-4, 0.021, 0.35, 0.5, 1.0, 2.0, 93.0})
    for (const double ratio : {1.5, 1.9, 2.0, 3.0, 7.0, 20.0, 50.0, 97.0, 330.0, 1e3, 1e4, 1e7, 3e9, 1e14, 1e40}) {
      const double high = low * ratio;
      CAPTURE(low, ratio);
      for (const std::vector<Tick>& ticks : {log_ticks(low, high), linear_ticks(low, high), linear_ticks(-low, high)}) {
        CHECK(ticks.size() >= 3);
        CHECK(ticks.size() <= 7);
        for (const Tick& tick : ticks) CHECK((tick.value >= -low * 1.001 && tick.value <= high * 1.001));
      }
    }
}

TEST_CASE("ticks are round numbers, written with the decimals they need") {
  CHECK(tick_texts(linear_ticks(0, 1)) == std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(tick_texts(linear_ticks(-1, 1, 5)) == std::vector<std::string>{"-1.0", "-0.5", "0.0", "0.5", "1.0"});
  CHECK(tick_texts(linear_ticks(0, 20000)) == std::vector<std::string>{"0", "5k", "10k", "15k", "20k"});
  CHECK(tick_texts(log_ticks(0.0009, 1)) == std::vector<std::string>{"0.001", "0.01", "0.1", "1"});
  CHECK(tick_texts(log_ticks(0.1, 1)) == std::vector<std::string>{"0.1", "0.2", "0.5", "1"});
  CHECK(tick_texts(log_ticks(0.03, 4)) == std::vector<std::string>{"0.05", "0.1", "0.2", "0.5", "1", "2"});
  CHECK(linear_ticks(1, 1).size() == 1);
  CHECK(nice_step(0.3) == Approx(0.5));
  CHECK(nice_step(6) == Approx(10));
}

TEST_CASE("the sequential colours grow darker in every channel's sum, the diverging ones meet at white") {
  double last = 4;
  for (int i = 0; i <= 50; ++i) {
    const Colour c = sequential_colour(i / 50.0);
    const double light = 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue;
    CHECK(light < last);
    last = light;
  }
  const Colour middle = diverging_colour(0);
  CHECK(std::min({middle.red, middle.green, middle.blue}) > 0.97);
  CHECK(diverging_colour(1).red > diverging_colour(1).blue);
  CHECK(diverging_colour(-1).blue > diverging_colour(-1).red);
}

TEST_CASE("pooling keeps the value of greatest magnitude, and a NaN") {
  CHECK(pooled({2, 4, {0, 1, 0, 0, -3, 0, 0.5F, 0}}, 1, 2).values == std::vector<float>{-3, 0.5F});
  CHECK(std::isnan(pooled({1, 3, {5, std::nanf(""), 7}}, 1, 1).values[0]));
  CHECK(pooled({1, 2, {1, 2}}, 5, 5).cols == 2);
}

TEST_CASE("a grid is a copy of a tensor of rank 1 or 2, strided or not, of any type") {
  const Tensor x = tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, {2, 3});
  CHECK(grid_of(x).values == std::vector<float>{1, 2, 3, 4, 5, 6});
  const Grid turned = grid_of(array::transpose(x, 0, 1));
  CHECK(turned.rows == 3);
  CHECK(turned.values == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(grid_of(arange(3)).rows == 1);
  CHECK_THROWS_WITH(grid_of(zeros({2, 2, 2})), contains("f32[2, 2, 2]"));
}

}  // namespace
}  // namespace fovea::examples
