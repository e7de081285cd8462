// What a model attended to, as heat maps: queries down, keys across.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/attention/weights.h>

#include <functional>

#include "examples/common/grid.h"
#include "examples/common/picture.h"

namespace fovea::examples {

struct MapLabels {
  std::string title{};
  std::string row_title{}, column_title{};
  std::vector<std::string> rows{}, columns{};
};

// The weights of row 0 by the name of the attention, [Tq, Tk] or [H, Tq, Tk], of all that report during the call; in
// the order in which they first do. The model was named by name_paths.
inline std::vector<std::pair<std::string, Tensor>> attended(const std::function<void()>& call) {
  const NoGrad quiet;
  const WeightCollector collected;
  call();
  std::vector<std::pair<std::string, Tensor>> found;
  for (const auto& [name, calls] : collected.weights())
    found.emplace_back(name, select(collected.over_time(name), 0, 0));
  return found;
}

// Of all rows, [B, Tq, Tk]: those between the two sequences, averaged over heads: the last that are no self-attention;
// undefined where there are none.
inline Tensor cross_attention(const std::function<void()>& call) {
  const NoGrad quiet;
  const WeightCollector collected;
  call();
  Tensor weights;
  for (const auto& [name, calls] : collected.weights())
    if (name.find("self_attn") == std::string::npos) weights = collected.over_time(name);
  return weights.defined() && weights.dim() == 4 ? mean(weights, 1) : weights;
}

inline Heatmap attention_map(const Tensor& weights, const MapLabels& labels) {
  return {.grid = grid_of(contiguous(weights)),
          .title = labels.title,
          .row_title = labels.row_title,
          .column_title = labels.column_title,
          .row_labels = labels.rows,
          .column_labels = labels.columns,
          .range = ValueRange{0, 1}};
}

// Every head of the attentions whose names have both texts: one panel a head, one row of panels a layer.
inline HeatmapPicture head_maps(const std::vector<std::pair<std::string, Tensor>>& attended, std::string_view kind,
                                std::string_view part, const MapLabels& labels) {
  HeatmapPicture picture{.title = labels.title};
  int layer = 0;
  for (const auto& [name, weights] : attended) {
    if (name.find(kind) == std::string::npos || name.find(part) == std::string::npos) continue;
    ++layer;
    picture.columns = static_cast<int>(weights.size(0));
    for (int64_t h = 0; h < weights.size(0); ++h) {
      picture.panels.push_back(attention_map(select(weights, 0, h), labels));
      picture.panels.back().title = fmt::format("layer {}, head {}", layer, h + 1);
    }
  }
  return picture;
}

}  // namespace fovea::examples
