// Pictures: files that are PNGs of a bounded size, colours that are even, labels in any language, input that must
// throw.
#include "examples/common/picture.h"

#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text_file.h>

#include <cmath>

#include "examples/common/canvas.h"
#include "examples/common/grid.h"
#include "examples/common/ticks.h"
#include "tests/catch.h"
#include "tests/scratch.h"

namespace fovea::examples {
namespace {

using test::Approx;
using test::contains;
using test::Scratch;

struct PngSize {
  uint32_t width = 0;
  uint32_t height = 0;
};

PngSize png_size(const std::filesystem::path& file) {
  const std::string bytes = read_text(file);
  REQUIRE(bytes.size() > 33);
  REQUIRE(bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  REQUIRE(bytes.substr(12, 4) == "IHDR");
  REQUIRE(bytes.substr(bytes.size() - 8, 4) == "IEND");
  const auto big_endian = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  };
  return {big_endian(16), big_endian(20)};
}

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
  CHECK(above.width == one.width);
  CHECK(above.height > 1.7 * one.height);
  CHECK(beside.width > 1.7 * one.width);
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
  CHECK(read_text(scratch / "smooth.png") == read_text(scratch / "plain.png"));
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

TEST_CASE("ticks are round numbers, written with the decimals they need") {
  CHECK(tick_texts(linear_ticks(0, 1, 5)) == std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(tick_texts(linear_ticks(-1, 1, 4)) == std::vector<std::string>{"-1.0", "-0.5", "0.0", "0.5", "1.0"});
  CHECK(tick_texts(linear_ticks(0, 20000, 4)) == std::vector<std::string>{"0", "5k", "10k", "15k", "20k"});
  CHECK(tick_texts(log_ticks(0.0009, 1, 6)) == std::vector<std::string>{"0.001", "0.01", "0.1", "1"});
  CHECK(tick_texts(log_ticks(0.1, 1, 6)) == std::vector<std::string>{"0.1", "0.2", "0.5", "1"});
  CHECK(linear_ticks(1, 1, 5).size() == 1);
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
