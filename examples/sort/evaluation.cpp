#include "examples/sort/evaluation.h"

#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/attention/weights.h>

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

std::vector<std::string> column_labels(const Tensor& points, int64_t columns) {
  std::vector<std::string> labels;
  for (int64_t j = 0; j < columns; ++j) labels.push_back(j == points.size(1) ? "stop" : item_text(points, j));
  return labels;
}

// What a model attends to besides pointing, by the names of its attentions: glimpses, steps over a set.
std::vector<Heatmap> other_attentions(const WeightCollector& collected, const Tensor& points) {
  std::vector<Heatmap> maps;
  for (const auto& [name, list] : collected.weights()) {
    if (name == "decoder.pointer") continue;
    const bool process = name == "attention";
    const Grid grid = grid_of(select(collected.over_time(name), 0, 0));
    maps.push_back({.grid = grid,
                    .title = process ? "processing the set" : "glimpses",
                    .row_title = "step",
                    .column_title = "input",
                    .column_labels = column_labels(points, grid.cols)});
  }
  return maps;
}

// The weights while the answer `said` to set 0 is heard.
std::vector<Heatmap> attention(PointerModel& model, const Tensor& points, const Tensor& said) {
  const int64_t items = points.size(1);
  name_paths(model);
  const WeightCollector collected;
  Heatmap map{.grid = grid_of(select(model.teach(points, said).weights, 0, 0)),
              .title = "where the pointer stands",
              .row_title = "chosen, step by step",
              .column_title = "input",
              .range = ValueRange{0, 1}};
  for (int64_t i = 0; i < said.size(1); ++i) {
    const auto id = said.at<int64_t>({0, i});
    map.row_labels.push_back(id == items ? "stop" : item_text(points, id));
  }
  map.column_labels = column_labels(points, map.grid.cols);
  std::vector<Heatmap> maps = other_attentions(collected, points);
  maps.push_back(std::move(map));
  return maps;
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

void show_answers(const Sets& batch, const Decoded& decoded, const std::filesystem::path& folder) {
  const int64_t sets = batch.points.size(0), items = batch.points.size(1);
  PointPicture picture{.columns = static_cast<int>(sets), .title = "answers run anticlockwise from the ring"};
  for (bool truth : {false, true})
    for (int64_t b = 0; b < sets; ++b) {
      const Positions corners = positions(truth ? batch.answers : decoded.ids, b, items);
      picture.panels.push_back(
          polygon(batch.points, b, corners, fmt::format("set {}, {}", b + 1, truth ? "exact" : "network")));
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
    const Sets batch = problem.make(sets, asked.items, generator);
    const Decoded decoded = decode(model, batch.points, asked);
    for (int64_t b = 0; b < sets; ++b)
      judge->add(batch.points, b, positions(decoded.ids, b, asked.items), positions(batch.answers, b, asked.items));
    done += sets;
  }
  return judge;
}

void show(PointerModel& model, const Problem& problem, const Asked& asked, Generator generator,
          const std::filesystem::path& folder, bool quiet) {
  const NoGrad guard;
  const Sets batch = problem.make(3, asked.items, generator);
  const Decoded decoded = decode(model, batch.points, asked);
  const int64_t steps = decoded.lengths.at<int64_t>({0}) + (problem.stop() ? 1 : 0);
  const Tensor first = slice(batch.points, 0, 0, 1), said = slice(slice(decoded.ids, 0, 0, 1), 1, 0, steps);
  const std::vector<Heatmap> maps = attention(model, first, contiguous(said));
  write_heatmaps(folder / "attention.png", {.panels = maps});
  if (problem.inputs() == 2) show_answers(batch, decoded, folder);
  if (!quiet)
    fmt::print("{}",
               heatmap_text(maps.back().grid, "pointer weights, steps down, input across", terminal_style(stdout), 16));
}

}  // namespace fovea::examples
