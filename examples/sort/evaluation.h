// How often a pointer model is right on fresh sets, and the pictures of what it does.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/pointer/pointer_decoder.h>

#include <algorithm>

#include "examples/common/grid.h"
#include "examples/common/picture.h"
#include "examples/common/program.h"
#include "examples/common/terminal.h"
#include "examples/sort/problems.h"

namespace fovea::examples {

struct AskedSets {
  int64_t items;     // N of every set
  int64_t beam = 1;  // 1: greedy
};

// Of one set the weights of every step over its items, and what else the model attends to; for points also what was
// answered above what is right, of a few sets. The weights in the terminal too, unless quiet.
struct PointerPictures {
  HeatmapPicture attention{};
  std::optional<PointPicture> answers{};
};

inline Decoded decode(const PointerModel& model, const Tensor& points, const AskedSets& asked) {
  return asked.beam == 1 ? model.greedy(points) : model.beam_search(points, asked.beam);
}

inline std::string item_text(const Tensor& points, int64_t item) {
  if (points.size(2) == 1) return fmt::format("{:.3f}", points.at({0, item, 0}));
  return fmt::format("{} ({:.2f}, {:.2f})", item, points.at({0, item, 0}), points.at({0, item, 1}));
}

inline std::vector<std::string> item_texts(const Tensor& points, const Tensor& ids) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < ids.numel(); ++i) {
    const auto id = ids.at<int64_t>({i});
    texts.push_back(id == points.size(1) ? "stop" : item_text(points, id));
  }
  return texts;
}

// Where the pointer stands while an answer i64 [1, U] is given to points [1, T, I].
inline void record_set(Recorder& recorder, const PointerModel& model, const Tensor& points, const Tensor& answer) {
  const RecordedSample sample{.title = fmt::format("{} items", points.size(1)),
                              .texts = {{"items", item_texts(points, arange(points.size(1)))},
                                        {"answer", item_texts(points, select(answer, 0, 0))}},
                              .queries = "answer",
                              .keys = "items"};
  recorder.sample(sample, [&](Recorded& seen) {
    const LogWeights pointed = model(points, answer);
    seen.text("points to", item_texts(points, select(argmax(pointed.weights.detach(), -1), 0, 0)));
    return nll_loss(pointed.log_weights, answer);
  });
}

// All that the model attends to while it gives the answer `ids` to set 0: glimpses, steps over a set, the pointer last.
inline std::vector<Heatmap> attention(PointerModel& model, const Tensor& points, const Tensor& ids) {
  const WeightCollector collected;
  const Tensor pointed = model(points, ids).weights;
  std::vector<Heatmap> maps;
  const auto add = [&](const Tensor& weights, const char* title, const char* rows) -> Heatmap& {
    const Grid grid = grid_of(select(weights, 0, 0));
    maps.push_back({.grid = grid,
                    .title = title,
                    .row_title = rows,
                    .column_title = "input",
                    .column_labels = item_texts(points, arange(grid.cols)),
                    .range = ValueRange{0, 1}});
    return maps.back();
  };
  for (const auto& [name, list] : collected.weights())
    if (name != "decoder.pointer")
      add(collected.over_time(name), name == "attention" ? "processing the set" : "glimpses", "step");
  Heatmap& pointer = add(pointed, "where the pointer stands", "chosen, step by step");
  pointer.row_labels = item_texts(points, select(ids, 0, 0));
  return maps;
}

inline PointPlot polygon(const Tensor& points, int64_t set, const Positions& corners, const std::string& title) {
  PointPlot plot{.title = title};
  for (const Place& place : places(points, set)) {
    plot.x.push_back(place.x);
    plot.y.push_back(place.y);
  }
  plot.corners = corners;
  return plot;
}

inline PointPicture answers(const Sets& batch, const Decoded& decoded) {
  const int64_t sets = batch.points.size(0), items = batch.points.size(1);
  PointPicture picture{.columns = static_cast<int>(sets), .title = "answers run anticlockwise from the ring"};
  for (const bool exact : {false, true})
    for (int64_t b = 0; b < sets; ++b)
      picture.panels.push_back(polygon(batch.points, b, positions(exact ? batch.answers : decoded.ids, b, items),
                                       fmt::format("set {}, {}", b + 1, exact ? "exact" : "network")));
  return picture;
}

// `count` fresh sets, drawn from `generator`.
inline std::unique_ptr<Judge> evaluate(const PointerModel& model, const Problem& problem, const AskedSets& asked,
                                       int64_t count, Generator generator) {
  const NoGrad guard;
  auto judge = problem.judge();
  in_pieces(count, 250, [&](int64_t sets) {
    const Sets batch = problem.make(sets, asked.items, generator);
    const Decoded decoded = decode(model, batch.points, asked);
    for (int64_t b = 0; b < sets; ++b)
      judge->add(batch.points, b, positions(decoded.ids, b, asked.items), positions(batch.answers, b, asked.items));
  });
  return judge;
}

inline PointerPictures show(PointerModel& model, const Problem& problem, const AskedSets& asked, Generator generator,
                            bool quiet) {
  const NoGrad guard;
  const Sets batch = problem.make(3, asked.items, generator);
  const Decoded decoded = decode(model, batch.points, asked);
  const int64_t steps = decoded.lengths.at<int64_t>({0}) + (problem.stop ? 1 : 0);
  const Tensor first = slice(batch.points, 0, 0, 1), ids = slice(slice(decoded.ids, 0, 0, 1), 1, 0, steps);
  PointerPictures shown{.attention = {.panels = attention(model, first, contiguous(ids))}};
  if (problem.inputs == 2) shown.answers = answers(batch, decoded);
  if (!quiet)
    fmt::print("{}", heatmap_text(shown.attention.panels.back().grid, "pointer weights, steps down, input across",
                                  terminal_style(stdout), 16));
  return shown;
}

}  // namespace fovea::examples
