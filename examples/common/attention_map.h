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
  std::vector<bool> wrong{};  // rows
  std::string note{};
};

// Of the words that were given those that no longest common subsequence with the expected ones has.
inline std::vector<bool> wrong_words(const std::vector<std::string>& given, const std::vector<std::string>& expected) {
  const size_t n = given.size(), m = expected.size();
  std::vector<std::vector<size_t>> common(n + 1, std::vector<size_t>(m + 1, 0));  // of what follows i and j
  for (size_t i = n; i-- > 0;)
    for (size_t j = m; j-- > 0;)
      common[i][j] = given[i] == expected[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  std::vector<bool> wrong(n, true);
  for (size_t i = 0, j = 0; i < n && j < m;) {
    if (given[i] == expected[j])
      wrong[i++] = false, ++j;
    else
      ++(common[i + 1][j] >= common[i][j + 1] ? i : j);
  }
  return wrong;
}

// What was given to be shown, end included, and whether it was right: as the rows of a map.
inline MapLabels compared(MapLabels labels, std::vector<std::string> given, const std::vector<std::string>& expected,
                          const std::string& expected_text, const std::string& end = "<end>") {
  labels.wrong = wrong_words(given, expected);
  labels.note = given == expected ? "the output is as expected" : "expected: " + expected_text;
  labels.rows = std::move(given);
  labels.rows.push_back(end), labels.wrong.push_back(false);
  return labels;
}

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
          .wrong_rows = labels.wrong,
          .note = labels.note,
          .range = ValueRange{0, 1}};
}

// Every head of the attentions whose names have both texts: one panel a head, one row of panels a layer. The note
// stands behind the title.
inline HeatmapPicture head_maps(const std::vector<std::pair<std::string, Tensor>>& attended, std::string_view kind,
                                std::string_view part, const MapLabels& labels) {
  HeatmapPicture picture{.title = labels.title + (labels.note.empty() ? "" : "; " + labels.note)};
  int layer = 0;
  for (const auto& [name, weights] : attended) {
    if (name.find(kind) == std::string::npos || name.find(part) == std::string::npos) continue;
    ++layer;
    picture.columns = static_cast<int>(weights.size(0));
    for (int64_t h = 0; h < weights.size(0); ++h) {
      picture.panels.push_back(attention_map(select(weights, 0, h), labels));
      picture.panels.back().title = fmt::format("layer {}, head {}", layer, h + 1);
      picture.panels.back().note.clear();
    }
  }
  return picture;
}

}  // namespace fovea::examples
