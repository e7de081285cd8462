#include "examples/sort/evaluation.h"

#include <fmt/format.h>
#include <fovea/autograd/mode.h>

#include <algorithm>

#include "examples/common/picture.h"
#include "examples/common/tensor_grid.h"
#include "examples/common/terminal.h"

namespace fovea::examples {
namespace {

Decoded decode(const PointerModel& model, const Tensor& points, const Asked& asked) {
  return asked.beam == 1 ? model.greedy(points) : model.beam_search(points, asked.beam);
}

std::string item_text(const Tensor& points, int64_t item) {
  if (points.size(2) == 1) return fmt::format("{:.3f}", points.at({0, item, 0}));
  return fmt::format("{} ({:.2f}, {:.2f})", item, points.at({0, item, 0}), points.at({0, item, 1}));
}

// The weights while the answer `said` to set 0 is heard.
Heatmap attention(const PointerModel& model, const Tensor& points, const Tensor& said) {
  const int64_t items = points.size(1);
  Heatmap map{.grid = grid_of(select(model.teach(points, said).weights, 0, 0)),
              .title = "where the pointer stands",
              .row_title = "chosen, from above",
              .column_title = "input",
              .range = ValueRange{0, 1}};
  for (int64_t i = 0; i < said.size(1); ++i) {
    const auto id = said.at<int64_t>({0, i});
    map.row_labels.push_back(id == items ? "stop" : item_text(points, id));
  }
  for (int64_t j = 0; j < map.grid.cols; ++j) map.column_labels.push_back(j == items ? "stop" : item_text(points, j));
  return map;
}

PointPlot polygon(const Tensor& points, int64_t set, const Positions& corners, const std::string& title) {
  PointPlot plot{.title = title};
  for (const Place& place : places(points, set)) {
    plot.x.push_back(place.x);
    plot.y.push_back(place.y);
  }
  plot.corners = corners;
  return plot;
}

void show_answers(const Batch& batch, const Decoded& decoded, const std::filesystem::path& folder) {
  const int64_t sets = batch.points.size(0), items = batch.points.size(1);
  PointPicture picture{.columns = static_cast<int>(sets), .title = "the ring is where an answer begins"};
  for (bool truth : {false, true})
    for (int64_t b = 0; b < sets; ++b) {
      const Positions corners = positions(truth ? batch.answers : decoded.ids, b, items);
      picture.panels.push_back(
          polygon(batch.points, b, corners, fmt::format("{} {}", truth ? "right" : "said", b + 1)));
    }
  write_point_plots(folder / "answers.png", picture);
}

}  // namespace

std::unique_ptr<Problem::Judge> evaluate(const PointerModel& model, const Problem& problem, const Asked& asked,
                                         int64_t count, Generator generator) {
  const NoGrad guard;
  auto judge = problem.judge();
  for (int64_t done = 0; done < count;) {
    const int64_t sets = std::min<int64_t>(250, count - done);
    const Batch batch = problem.make(sets, asked.items, generator);
    const Decoded decoded = decode(model, batch.points, asked);
    for (int64_t b = 0; b < sets; ++b)
      judge->add(batch.points, b, positions(decoded.ids, b, asked.items), positions(batch.answers, b, asked.items));
    done += sets;
  }
  return judge;
}

void show(const PointerModel& model, const Problem& problem, const Asked& asked, Generator generator,
          const std::filesystem::path& folder, bool quiet) {
  const NoGrad guard;
  const Batch batch = problem.make(3, asked.items, generator);
  const Decoded decoded = decode(model, batch.points, asked);
  const int64_t steps = decoded.lengths.at<int64_t>({0}) + (problem.stop() ? 1 : 0);
  const Tensor first = slice(batch.points, 0, 0, 1), said = slice(slice(decoded.ids, 0, 0, 1), 1, 0, steps);
  const Heatmap map = attention(model, first, contiguous(said));
  write_heatmaps(folder / "attention.png", {.panels = {map}});
  if (problem.inputs() == 2) show_answers(batch, decoded, folder);
  if (!quiet)
    fmt::print("{}", heatmap_text(map.grid, "pointer weights, steps down, input across", terminal_style(stdout), 16));
}

}  // namespace fovea::examples
